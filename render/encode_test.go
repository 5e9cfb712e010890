package render

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"carbon/metric"
	"carbon/render/function"
)

var nan, inf = math.NaN(), math.Inf(1)

func series(name string, start, step int64, values ...float64) function.Series {
	return function.Series{
		Series: metric.Series{Name: name, Tags: metric.Tags{"name": name}, Start: start, Step: step, Values: values},
		End:    start + step*int64(len(values)),
	}
}

func TestWriteJSON(t *testing.T) {
	f := func(o JSONOptions, want string, series ...function.Series) {
		t.Helper()
		var b bytes.Buffer
		if err := WriteJSON(&b, series, o); err != nil || b.String() != want {
			t.Errorf("got\n%s\nwant\n%s (%v)", b.String(), want, err)
		}
	}
	f(JSONOptions{}, `[]`)
	f(
		JSONOptions{},
		`[{"target": "a", "tags": {"name": "a"}, "datapoints": [[1.0, 60], [null, 120], [0.1, 180], [1e9999, 240], [-1e9999, 300]]}]`,
		series("a", 60, 60, 1, nan, 0.1, inf, -inf),
	)
	f(
		JSONOptions{NoNullPoints: true},
		`[{"target": "a", "tags": {"name": "a"}, "datapoints": [[1.0, 60], [2.0, 180]]}]`,
		series("a", 60, 60, 1, nan, 2, nan), series("b", 60, 60, nan), series("c", 60, 60),
	)
	f(
		JSONOptions{Pretty: true}, // as json.dumps(..., indent=2) writes it
		"[\n  {\n    \"target\": \"a\",\n    \"tags\": {\n      \"name\": \"a\"\n    },\n    \"datapoints\": [\n"+
			"      [\n        1.0,\n        60\n      ],\n      [\n        null,\n        120\n      ]\n    ]\n  }\n]",
		series("a", 60, 60, 1, nan),
	)
	f(
		JSONOptions{},
		`[{"target": "q\"\\\n\u0001\u00e9\ud83d\ude00\ufffd", "tags": {}, "datapoints": [[1.0, 1]]}]`,
		function.Series{Series: metric.Series{Name: "q\"\\\n\x01é😀\xff", Start: 1, Step: 1, Values: []float64{1}}, End: 2},
	)

	// Names that are not strings; values beyond the end of the series.
	number, yes, none := series("5", 60, 60, 1), series("True", 60, 60, 1), series("None", 60, 60, 1, 2, 3)
	number.Bare, yes.Bare, none.Bare, none.End = true, true, true, 60
	f(
		JSONOptions{},
		`[{"target": 5, "tags": {"name": "5"}, "datapoints": [[1.0, 60]]}, {"target": true, "tags": {"name": "True"}, "datapoints": [[1.0, 60]]}, `+
			`{"target": null, "tags": {"name": "None"}, "datapoints": [[1.0, 60]]}]`,
		number, yes, none,
	)
}

func TestWriteJSONAllocatesNothingPerPoint(t *testing.T) {
	f := func(points int) float64 {
		values := make([]float64, points)
		for i := range values {
			values[i] = float64(i) / 7
		}
		s := []function.Series{series("a", 60, 60, values...)}
		return testing.AllocsPerRun(5, func() { WriteJSON(io.Discard, s, JSONOptions{}) })
	}
	// Flushing the buffer of 64 kB may allocate.
	if few, many := f(10), f(10000); many > few+20 {
		t.Errorf("%v allocations for 10 points, %v for 10000", few, many)
	}
}

func TestDecimal(t *testing.T) {
	for _, start := range []int64{0, 1, 59, 999_999_940, 1_793_577_600, -120, 9_999_999_999} {
		for _, step := range []int64{1, 7, 60, 300, 86400, 1_000_000_007} {
			d, want := newDecimal(start), start
			for range 300 {
				if got, _ := json.Marshal(want); string(d.digits()) != string(got) {
					t.Fatalf("%d and steps of %d: got %s, want %s", start, step, d.digits(), got)
				}
				d.add(step)
				want += step
			}
		}
	}
}

func TestWriteCSV(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	none := series("None", epoch, 60, 1)
	none.Bare = true
	var b bytes.Buffer
	err = WriteCSV(&b, []function.Series{series(`a,"b"`, epoch, 60, 1, nan, inf), none}, berlin)
	want := strings.Join([]string{
		`"a,""b""",2026-11-02 01:00:00,1.0`, `"a,""b""",2026-11-02 01:01:00,`, `"a,""b""",2026-11-02 01:02:00,inf`,
		",2026-11-02 01:00:00,1.0", "",
	}, "\r\n")
	if err != nil || b.String() != want {
		t.Errorf("got\n%s\nwant\n%s (%v)", b.String(), want, err)
	}
}

func TestWriteRaw(t *testing.T) {
	var b bytes.Buffer
	err := WriteRaw(&b, []function.Series{series("a b", 60, 60, 1, nan, 1e16, -0.5), series("c", 0, 1)})
	if want := "a b,60,300,60|1.0,None,1e+16,-0.5\nc,0,0,1|\n"; err != nil || b.String() != want {
		t.Errorf("got %q, want %q (%v)", b.String(), want, err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteErrors(t *testing.T) {
	s := []function.Series{series("a", 60, 60, 1)}
	if WriteJSON(full{}, s, JSONOptions{}) == nil || WriteCSV(full{}, s, nil) == nil || WriteRaw(full{}, s) == nil {
		t.Error("a write that failed went unnoticed")
	}
}

func BenchmarkWriteJSON(b *testing.B) {
	var many []function.Series
	for range 100 {
		values := make([]float64, 1440)
		for j := range values {
			values[j] = float64(j*7919%10000) / 100
		}
		many = append(many, series("servers.web01.cpu.user", epoch, 60, values...))
	}
	b.ReportAllocs()
	for b.Loop() {
		WriteJSON(io.Discard, many, JSONOptions{})
	}
}
