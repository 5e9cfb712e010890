package metricstalk

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/receive/jsonpoint"
	"carbon/receive/number"
	"carbon/receive/plaintext"
	"carbon/receive/receivetest"
)

const now = 1_800_000_000

// result is what a message has come to.
type result struct {
	points   []string // name, value and time
	bad      map[string]int
	readable bool
}

func read(t testing.TB, message []byte, o Options) result {
	t.Helper()
	var got result
	got.bad = map[string]int{}
	o.Prefix = "demo."
	o.Now = func() int64 { return now }
	o.Refuse = func(reason string, _ []byte) { got.bad[reason]++ }
	o.Lines = plaintext.New(plaintext.Options{Refuse: o.Refuse, Now: o.Now}).Lines
	batch := metric.NewBatch(func(points []metric.Datapoint) error {
		for _, p := range points {
			got.points = append(got.points, fmt.Sprint(p.Name, " ", p.Value, " ", p.Time))
		}
		return nil
	})
	var err error
	if got.readable, err = New(o).Read(message, batch); err != nil {
		t.Fatal(err)
	}
	if err := batch.Flush(); err != nil {
		t.Fatal(err)
	}
	return got
}

func deflate(text string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		var want []string
		for _, e := range v.Expected {
			at := int64(now)
			if seconds, ok := e[2].(float64); ok {
				at = int64(seconds)
			}
			want = append(want, fmt.Sprint(e[0], " ", e[1], " ", at))
		}
		if got := read(t, v.Data, Options{}).points; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", v.ID, got, want)
		}
	}
}

func TestMessages(t *testing.T) {
	f := func(message string, want ...string) {
		t.Helper()
		for _, sent := range [][]byte{[]byte(message), deflate(message)} {
			if got := read(t, sent, Options{}); !slices.Equal(got.points, want) || !got.readable || len(got.bad) > 0 {
				t.Errorf("%s: got %q, refused %v", message, got.points, got.bad)
			}
		}
	}
	f(`[]`)
	f(` [{"name": "a", "value": 1, "time": 1700000000.9}] `, "demo.a 1 1700000000")
	f(`{"name": "a", "value": 1, "time": 1700000000}`, "demo.a 1 1700000000")
	f(`[["a.b", "1.5", "1700000000"], {"name": "ü x", "value": true}]`, "demo.a.b 1.5 1700000000", "demo.ü_x 1 1800000000")
	f(`[{"name": "a", "value": 1, "time": -1}, {"name": "b", "value": 1, "time": null}, ["c", 1, NaN]]`, "demo.a 1 1800000000", "demo.b 1 1800000000", "demo.c 1 1800000000")
	f(`[{"value": 1, "time": 1700000000, "host": {"x": [1]}, "name": "a", "value": 2}]`, "demo.a 2 1700000000")
	f("xen.cpu 1 1700000000\nx 2 1700000000", "xen.cpu 1 1700000000", "x 2 1700000000")
	f("x 2 1700000000", "x 2 1700000000") // which is a header of zlib, but for a dictionary
}

func TestRefused(t *testing.T) {
	f := func(message string, readable bool, want map[string]int, points ...string) {
		t.Helper()
		if got := read(t, []byte(message), Options{}); !maps.Equal(got.bad, want) || !slices.Equal(got.points, points) || got.readable != readable {
			t.Errorf("%.100q: refused %v, got %q, readable %v", message, got.bad, got.points, got.readable)
		}
	}
	f("", false, map[string]int{Empty: 1})
	f(string(deflate("")), false, map[string]int{Empty: 1})
	f("x\x9cgarbage", false, map[string]int{BadZlib: 1})
	f(string(deflate(`[["a", 1, 2]]`)[:15]), false, map[string]int{BadZlib: 1})
	f(`[["a", 1, 1700000000], ["b", 1,`, false, map[string]int{BadJSON: 1})
	f(`[["a", 1, 1700000000]] []`, false, map[string]int{BadJSON: 1})
	f(strings.Repeat("[", 1_000_000), false, map[string]int{BadJSON: 1})
	f("nonsense", false, map[string]int{plaintext.BadFields: 1})
	f("\x00\xff\x80", false, map[string]int{plaintext.BadUTF8: 1})
	f(`[5, null, "a", ["a", 1], ["a", 1, 2, 3], [], [["a", 1, 1700000000]], ["ok", 1, 1700000000]]`, true, map[string]int{jsonpoint.BadShape: 7}, "demo.ok 1 1700000000")
	f(`[{}, {"value": 1}, {"name": "", "value": 1}, {"name": 5, "value": 1}, {"name": "..", "value": 1}, {"name": ["a"], "value": 1}, ["ok", 1, 1700000000]]`, true, map[string]int{jsonpoint.BadName: 6}, "demo.ok 1 1700000000")
	f(`[{"name": "a"}, ["a", "x", 1], ["a", [1], 1], ["a", "0x10", 1], ["a", 1e999, 1], ["a", "nan", 1]]`, true, map[string]int{jsonpoint.BadValue: 6})
	f(`[["a", null, 1], ["a", NaN, 1], ["a", Infinity, 1], ["a", -Infinity, 1]]`, true, map[string]int{jsonpoint.NoValue: 4})
	f(`[["a", 1, "now"], ["a", 1, {}], ["a", 1, 1e12], ["a", 1, 0], ["a", 1, -5]]`, true, map[string]int{number.NoTime: 2, number.Milliseconds: 1, number.OutOfRange: 2})
}

func TestDecompressionStopsAtTheLimit(t *testing.T) {
	o := Options{MaxInflated: 1000}
	if got := read(t, deflate(strings.Repeat(" ", 1001)), o); got.bad[TooLong] != 1 || got.readable {
		t.Errorf("refused %v", got.bad)
	}
	if got := read(t, deflate(`["a", 1, 1]`+strings.Repeat(" ", 988)), o); got.bad[TooLong] != 0 {
		t.Errorf("refused %v", got.bad)
	}
}

func TestBatchErrorsAreReturned(t *testing.T) {
	full := errors.New("full")
	batch := metric.NewBatch(func([]metric.Datapoint) error { return full })
	f := New(Options{})
	message := []byte(`[` + strings.Repeat(`["a", 1, 1700000000],`, 3000) + `["a", 1, 1700000000]]`)
	if _, err := f.Read(message, batch); err != full {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`[{"name": "a", "value": 1, "time": 1700000000}, ["b", "2", null]]`))
	f.Add(deflate(`[["a", NaN, 1]]`))
	f.Add([]byte("a.b 1 1700000000\nx"))
	f.Fuzz(func(t *testing.T, message []byte) {
		got := read(t, message, Options{MaxInflated: 1 << 16})
		if len(got.points) > 0 && !got.readable {
			t.Errorf("points %q of what is not readable", got.points)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	b.Run("1", func(b *testing.B) { benchmark(b, deflate(talkElement("interesting_metric")), 1) })
	b.Run("100", func(b *testing.B) {
		benchmark(b, deflate(`[`+strings.Repeat(talkElement("interesting_metric")+", ", 99)+talkElement("last")+`]`), 100)
	})
}

func talkElement(name string) string {
	return fmt.Sprintf(`{"name": %q, "value": 69.92845010757446, "time": 1795220769.928459}`, name)
}

func benchmark(b *testing.B, message []byte, points int) {
	format := New(Options{})
	batch := metric.NewBatch(func([]metric.Datapoint) error { return nil })
	for b.Loop() {
		format.Read(message, batch)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(points), "ns/point")
}
