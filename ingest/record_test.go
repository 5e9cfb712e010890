package ingest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"carbon/cache"
	"carbon/metric"
)

// reader decodes records into lines "name value time".
type reader struct {
	decoder
	names   []string
	lines   []string
	removed []string
}

func newReader() *reader {
	r := &reader{names: []string{""}}
	r.define = func(name string) cache.Ref {
		r.names = append(r.names, name)
		return cache.Ref(len(r.names) - 1)
	}
	r.point = func(ref cache.Ref, p metric.Point) {
		r.lines = append(r.lines, fmt.Sprintf("%s %v %d", r.names[ref], p.Value, p.Time))
	}
	r.remove = func(names []string) { r.removed = append(r.removed, names...) }
	return r
}

func TestRecord(t *testing.T) {
	names := []string{"", "servers.a.cpu", "servers.a.memory", "servers.b.cpu", "x;dc=eu"}
	name := func(r cache.Ref) string { return names[r] }
	var e encoder
	encode := func(segment uint64, refs []cache.Ref, times ...int64) (record []byte, lines []string) {
		var points []metric.Datapoint
		for i, at := range times {
			v := float64(i) / 4
			points = append(points, metric.Datapoint{Point: metric.Point{Time: at, Value: v}})
			lines = append(lines, fmt.Sprintf("%s %v %d", names[refs[i]], v, at))
		}
		return e.points(segment, nil, refs, points, name), lines
	}
	first, firstLines := encode(7, []cache.Ref{1, 2, 3, 1}, 1000, 1000, 1000, 1060)
	second, secondLines := encode(7, []cache.Ref{1, 2, 4, 3, 2}, 1060, 1060, 5, math.MaxInt32, 1060)
	third, thirdLines := encode(8, []cache.Ref{3, 1}, 1, 2)
	if len(second) >= len(first) {
		t.Errorf("a record that repeats names takes %d bytes, one that gives them %d", len(second), len(first))
	}

	r := newReader()
	for _, record := range []struct {
		segment uint64
		b       []byte
	}{{7, first}, {7, second}, {8, third}} {
		if err := r.record(record.segment, record.b); err != nil {
			t.Fatal(err)
		}
	}
	if want := slices.Concat(firstLines, secondLines, thirdLines); !slices.Equal(r.lines, want) || r.unknown != 0 {
		t.Errorf("read %q, want %q; %d unknown", r.lines, want, r.unknown)
	}

	// Without the first record of a segment the second still has its own definitions.
	r = newReader()
	if err := r.record(7, second); err != nil {
		t.Fatal(err)
	}
	if want := secondLines[2:3]; !slices.Equal(r.lines, want) || r.unknown != 4 {
		t.Errorf("read %q, want %q; %d unknown", r.lines, want, r.unknown)
	}

	// A record that is cut at any byte yields a prefix of its points.
	for i := range first {
		r := newReader()
		err := r.record(7, first[:i])
		if len(r.lines) == len(firstLines) || !slices.Equal(r.lines, firstLines[:len(r.lines)]) {
			t.Errorf("cut at %d: read %q", i, r.lines)
		}
		if err == nil && i == 0 {
			t.Error("no record, no error")
		}
	}
}

// TestRecordOfReusedRef gives a Ref to another series, which needs a new definition.
func TestRecordOfReusedRef(t *testing.T) {
	names := map[cache.Ref]string{5: "old"}
	var e encoder
	encode := func() []byte {
		return e.points(1, nil, []cache.Ref{5}, make([]metric.Datapoint, 1), func(r cache.Ref) string { return names[r] })
	}
	r := newReader()
	records := [][]byte{encode(), encode()}
	e.forget(5)
	names[5] = "new"
	records = append(records, encode())
	for _, b := range records {
		if err := r.record(1, b); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"old 0 0", "old 0 0", "new 0 0"}; !slices.Equal(r.lines, want) {
		t.Errorf("read %q, want %q", r.lines, want)
	}
}

func TestRecordOfDeletion(t *testing.T) {
	names := []string{"a.b", "x;dc=eu", strings.Repeat("n", 200)}
	record := appendDeletion(nil, names)
	r := newReader()
	if err := r.record(1, record); err != nil || !slices.Equal(r.removed, names) {
		t.Errorf("read %q, %v", r.removed, err)
	}
	r = newReader()
	if err := r.record(1, record[:len(record)-1]); err == nil || len(r.removed) > 0 {
		t.Errorf("of a part read %q, %v", r.removed, err)
	}
}

// TestRecordOfExtremeTimes has times whose distance has more than 64 bits.
func TestRecordOfExtremeTimes(t *testing.T) {
	var e encoder
	times := []int64{math.MaxInt64, math.MinInt64, 0, math.MaxInt64}
	points := make([]metric.Datapoint, len(times))
	want := []string{"a 0 288230376151711744", "a 0 -288230376151711744", "a 0 0", "a 0 288230376151711744"}
	for i, at := range times {
		points[i].Time = at
	}
	r := newReader()
	if err := r.record(1, e.points(1, nil, make([]cache.Ref, len(times)), points, func(cache.Ref) string { return "a" })); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.lines, want) {
		t.Errorf("read %q, want %q", r.lines, want)
	}
}

func FuzzRecord(f *testing.F) {
	var e encoder
	f.Add(e.points(1, nil, []cache.Ref{1, 2}, []metric.Datapoint{{Point: metric.Point{Time: 1, Value: 2}}, {Point: metric.Point{Time: 1, Value: 2}}},
		func(r cache.Ref) string { return "a.b" }))
	f.Add(appendDeletion(nil, []string{"a", "b.c"}))
	f.Add([]byte{pointsRecord, 0, 0xff, 0xff, 0x7f, 0, 1, 'x', 1, 2, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newReader()
		_ = r.record(1, b)
		if len(r.lines)+len(r.removed) > len(b) {
			t.Fatalf("%d points and %d names of %d bytes", len(r.lines), len(r.removed), len(b))
		}
	})
}
