// Package storagetest tests implementations of storage.Store. Each of them runs it:
//
//	func TestContract(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T, layout metric.Layout, now func() time.Time) storage.Store {
//			…
//		})
//	}
//
// It also tests the optional interfaces of package storage that the store implements.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"carbon/metric"
	"carbon/storage"
)

// Open returns a new empty store that uses layout for every metric and now for the
// current time. Run closes it.
type Open func(t *testing.T, layout metric.Layout, now func() time.Time) storage.Store

// Run runs all tests, each with a new store.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"WriteThenFetch", writeThenFetch},
		{"WriteTwice", writeTwice},
		{"LastPointWins", lastPointWins},
		{"AnyOrder", anyOrder},
		{"DropsPointsBeyondRetention", dropsPointsBeyondRetention},
		{"OldWindowsAreCoarser", oldWindowsAreCoarser},
		{"StalePoints", stalePoints},
		{"WindowBounds", windowBounds},
		{"NamesInOrder", namesInOrder},
		{"Empty", empty},
		{"Find", find},
		{"Tagged", tagged},
		{"Announce", announce},
		{"FetchPending", fetchPending},
		{"Describe", describe},
		{"Aggregation", aggregation},
		{"Measure", measure},
		{"Cancelled", cancelled},
		{"ConcurrentUse", concurrentUse},
		{"DoesNotRetainSlices", doesNotRetainSlices},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &suite{T: t, now: start}
			s.Store = open(t, layout, func() time.Time { return time.Unix(s.now, 0) })
			test.run(s)
			if err := s.Sync(t.Context()); err != nil {
				t.Errorf("Sync: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// start is a multiple of all steps.
const start = 1_700_000_100

// layout has a point per minute for an hour and one per five minutes for a day.
var layout = metric.Layout{
	Archives:     []metric.Archive{{Step: 60, Points: 60}, {Step: 300, Points: 288}},
	Aggregation:  "average",
	XFilesFactor: 0.5,
}

type suite struct {
	*testing.T
	storage.Store
	now int64
}

var none = math.NaN() // no value

// write writes points, given as pairs of time, in seconds from start, and value.
func (s *suite) write(name string, timesAndValues ...float64) {
	s.Helper()
	u := storage.Update{Name: name}
	for i := 0; i < len(timesAndValues); i += 2 {
		u.Points = append(u.Points, metric.Point{Time: start + int64(timesAndValues[i]), Value: timesAndValues[i+1]})
	}
	if n, err := s.Write(s.Context(), []storage.Update{u}); n != 1 || err != nil {
		s.Fatalf("Write(%s) = %d, %v; want 1", name, n, err)
	}
}

func (s *suite) fetch(from, until int64, names ...string) []metric.Series {
	s.Helper()
	series, err := s.Fetch(s.Context(), storage.Query{
		Names: names, Window: metric.Window{From: start + from, Until: start + until}, Now: s.now,
	})
	if err != nil {
		s.Fatalf("Fetch: %v", err)
	}
	return series
}

// want checks what Fetch returns for a metric. from, until and at, the start of the
// series, are in seconds from start.
func (s *suite) want(name string, from, until, at, step int64, values ...float64) {
	s.Helper()
	series := s.fetch(from, until, name)
	if len(series) != 1 {
		s.Errorf("Fetch(%s): %d series, want 1", name, len(series))
		return
	}
	got := series[0]
	if got.Name != name || got.Start != start+at || got.Step != step || !equal(got.Values, values) {
		s.Errorf("Fetch(%s) from %d until %d:\n got %s at %d step %d %v\nwant %s at %d step %d %v",
			name, from, until, got.Name, got.Start-start, got.Step, got.Values, name, at, step, values)
	}
}

func equal(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(a, b float64) bool { return a == b || a != a && b != b })
}

func writeThenFetch(s *suite) {
	s.write("a.b.c", -120, 1, 0, 3)
	s.want("a.b.c", -240, 0, -180, 60, none, 1, none, 3)
	s.write("a.b.c", -60, 2)
	s.want("a.b.c", -240, 0, -180, 60, none, 1, 2, 3)
	if tags := s.fetch(-60, 0, "a.b.c")[0].Tags; len(tags) != 1 || tags["name"] != "a.b.c" {
		s.Errorf("tags %v, want name=a.b.c", tags)
	}
}

func writeTwice(s *suite) {
	for range 2 {
		s.write("a", -180, 1, -120, 2, -60, 3, 0, 4, -4000, 5, -100_000, 6)
	}
	s.want("a", -240, 0, -180, 60, 1, 2, 3, 4)
	s.want("a", -4500, -3900, -4200, 300, 5, none)
}

func lastPointWins(s *suite) {
	s.write("a", -60, 1, -60, 2)
	s.want("a", -120, -60, -60, 60, 2)
	s.write("a", -60, 3)
	s.want("a", -120, -60, -60, 60, 3)
	s.write("a", -60, 5, 0, 1, -60, 4)
	s.want("a", -120, 0, -60, 60, 4, 1)
	s.write("b", -31, 2, -59, 1) // of different times in the same step, the last written wins
	s.want("b", -120, -60, -60, 60, 2)
}

func anyOrder(s *suite) {
	s.write("a", 0, 5, -240, 1, -60, 4, -180, 2, -120, 3)
	s.want("a", -300, 0, -240, 60, 1, 2, 3, 4, 5)
}

func dropsPointsBeyondRetention(s *suite) {
	s.write("a", -60, 1, -100_000, 9)
	s.want("a", -120, 0, -60, 60, 1, none)
	s.write("b", -100_000, 9)
	if series := s.fetch(-120, 0, "b"); len(series) > 1 || len(series) == 1 && !equal(series[0].Values, []float64{none, none}) {
		s.Errorf("Fetch of a metric with only an old point: %v", series)
	}
}

func oldWindowsAreCoarser(s *suite) {
	s.write("a", -600, 1, -540, 2, -480, 3, -300, 10, -240, 20)
	s.want("a", -3600, -3480, -3540, 60, none, none)
	// Three of five points suffice for a coarse point, two do not.
	s.want("a", -3660, 0, -3600, 300, none, none, none, none, none, none, none, none, none, none, 2, none, none)
	s.write("b", -7200, 7) // beyond the retention of the fine archive
	s.want("b", -7500, -6900, -7200, 300, 7, none)
}

// Points from before the retention of an archive do not show up in place of new ones.
func stalePoints(s *suite) {
	s.write("a", -120, 1, -60, 2, 0, 3)
	s.now += 3600
	s.want("a", 3420, 3600, 3480, 60, none, none, none)
}

func windowBounds(s *suite) {
	s.write("a", -120, 1, -60, 2, 0, 3)
	s.want("a", -120, -60, -60, 60, 2) // From is exclusive, Until inclusive
	s.want("a", -119, -1, -60, 60, 2)  // both are rounded down to a step
	s.want("a", -60, -60, 0, 60, 3)    // empty window: the next point
	s.want("a", -60, 6000, 0, 60, 3)   // the series ends at now
	s.want("a", -86_400, -86_100, -86_100, 300, none)
	if series := s.fetch(60, 120, "a"); len(series) != 0 {
		s.Errorf("Fetch of a window in the future: %v", series)
	}
	if series := s.fetch(-100_000, -90_000, "a"); len(series) != 0 {
		s.Errorf("Fetch of a window before the retention: %v", series)
	}
	if _, err := s.Fetch(s.Context(), storage.Query{Names: []string{"a"}, Window: metric.Window{From: start, Until: start - 1}, Now: s.now}); err == nil {
		s.Error("Fetch of a window that ends before it begins: no error")
	}
}

func namesInOrder(s *suite) {
	s.write("b", 0, 2)
	s.write("a", 0, 1)
	s.write("a.x", 0, 3)
	var got []string
	for _, one := range s.fetch(-60, 0, "b", "nope", "a.x", "a", "a.x.y", "m;k=v", "b") {
		got = append(got, one.Name)
	}
	if want := []string{"b", "a.x", "a", "b"}; !slices.Equal(got, want) {
		s.Errorf("Fetch: %q, want %q", got, want)
	}
}

func empty(s *suite) {
	if n, err := s.Write(s.Context(), nil); n != 0 || err != nil {
		s.Errorf("Write(nothing) = %d, %v", n, err)
	}
	if series := s.fetch(-60, 0); len(series) != 0 {
		s.Errorf("Fetch(nothing): %v", series)
	}
	s.wantNodes("**")
	s.wantNodes("a")
}

func (s *suite) wantNodes(pattern string, want ...metric.Node) {
	s.Helper()
	got, err := s.Find(s.Context(), pattern, metric.Window{From: start - 3600, Until: start})
	if err != nil || !slices.Equal(got, want) {
		s.Errorf("Find(%s) = %v, %v; want %v", pattern, got, err, want)
	}
}

func find(s *suite) {
	for _, name := range []string{"a.c", "a.b.y", "a.b.x", "a.b", "z", "m.n;k=v"} {
		s.write(name, 0, 1)
	}
	branch := func(path string) metric.Node { return metric.Node{Path: path} }
	leaf := func(path string) metric.Node { return metric.Node{Path: path, Leaf: true} }
	s.wantNodes("*", branch("a"), leaf("z"))
	s.wantNodes("a", branch("a"))
	s.wantNodes("a.*", branch("a.b"), leaf("a.b"), leaf("a.c"))
	s.wantNodes("a.b.[xy]", leaf("a.b.x"), leaf("a.b.y"))
	s.wantNodes("{a.b,z}") // braces cannot contain a dot
	s.wantNodes("a.{b,c}", branch("a.b"), leaf("a.b"), leaf("a.c"))
	s.wantNodes("**.y", leaf("a.b.y"))
	s.wantNodes("a.?.x", leaf("a.b.x"))
	s.wantNodes("nope.*")
	s.wantNodes("a.b.x.*")
	s.wantNodes("m.n;k=v", leaf("m.n;k=v"))
	s.wantNodes("m.n;k=w")
	s.wantNodes("m.*")
	s.wantNodes("_tagged")
	s.wantNodes("_tagged.**")
}

func tagged(s *suite) {
	tagger, ok := s.Store.(storage.Tagger)
	if !ok {
		s.Skip("no storage.Tagger")
	}
	eu, us := "disk.used;dc=eu;mount=/", "disk.used;dc=us;mount=/var/log"
	s.write(eu, 0, 1)
	s.write(us, 0, 2)
	s.write("disk.used", 0, 3)
	s.want(eu, -60, 0, 0, 60, 1)
	s.want(us, -60, 0, 0, 60, 2)
	if tags := s.fetch(-60, 0, eu)[0].Tags; len(tags) != 3 || tags["name"] != "disk.used" || tags["dc"] != "eu" || tags["mount"] != "/" {
		s.Errorf("tags %v", tags)
	}
	f := func(want []string, exprs ...string) {
		s.Helper()
		got, err := tagger.FindTagged(s.Context(), exprs)
		if err != nil || !slices.Equal(got, want) {
			s.Errorf("FindTagged(%q) = %q, %v; want %q", exprs, got, err, want)
		}
	}
	f([]string{eu, us}, "name=disk.used")
	f([]string{eu}, "name=disk.used", "dc=eu")
	f([]string{us}, "mount=~/var")
	f([]string{us}, "name=disk.used", "dc!=eu")
	f([]string{eu}, "dc!=~u?s", "dc!=")
	f([]string{eu, us}, "name=disk.used", "rack=")
	f(nil, "dc=nope")
	if _, err := tagger.FindTagged(s.Context(), []string{"dc!=eu"}); err == nil {
		s.Error("FindTagged without an expression that rejects the empty value: no error")
	}
}

func announce(s *suite) {
	a, ok := s.Store.(storage.Announcer)
	if !ok {
		s.Skip("no storage.Announcer")
	}
	for _, name := range []string{"a.b", "m;k=v"} {
		a.Announce(name)
		s.wantNodes(name, metric.Node{Path: name, Leaf: true})
		if series := s.fetch(-60, 0, name); len(series) != 0 {
			s.Errorf("Fetch of an announced metric without points: %v", series)
		}
		s.write(name, 0, 1)
		s.want(name, -60, 0, 0, 60, 1)
		s.wantNodes(name, metric.Node{Path: name, Leaf: true})
	}
}

// fetchPending compares a metric with pending points to a metric to which the same points
// were written.
func fetchPending(s *suite) {
	p, ok := s.Store.(storage.PendingFetcher)
	if !ok {
		s.Skip("no storage.PendingFetcher")
	}
	pending := []metric.Point{{Time: start - 480, Value: 3}, {Time: start - 240, Value: 10}, {Time: start - 180, Value: 5}, {Time: start - 31, Value: 7}}
	for _, name := range []string{"pending", "written"} {
		s.write(name, -600, 1, -540, 2, -300, 10, -240, 20)
	}
	for _, name := range []string{"written", "new.written"} {
		if _, err := s.Write(s.Context(), []storage.Update{{Name: name, Points: pending}}); err != nil {
			s.Fatal(err)
		}
	}
	for _, window := range [][2]int64{{-900, 0}, {-300, -100}, {-3660, 0}, {-86_400, 0}, {60, 120}, {-100_000, -90_000}} {
		got, err := p.FetchPending(s.Context(), storage.Query{
			Names:  []string{"pending", "unknown", "new.pending"},
			Window: metric.Window{From: start + window[0], Until: start + window[1]}, Now: s.now,
		}, [][]metric.Point{pending, nil, pending})
		if err != nil {
			s.Fatal(err)
		}
		want := s.fetch(window[0], window[1], "written", "new.written")
		for i := range want {
			want[i].Name = []string{"pending", "new.pending"}[i]
			want[i].Tags = metric.ParseTags(want[i].Name)
		}
		if !slices.EqualFunc(got, want, func(a, b metric.Series) bool {
			return a.Name == b.Name && maps.Equal(a.Tags, b.Tags) && a.Start == b.Start && a.Step == b.Step && equal(a.Values, b.Values)
		}) {
			s.Errorf("from %d until %d: FetchPending\n got %v\nwant %v", window[0], window[1], got, want)
		}
	}
	if series := s.fetch(-900, 0, "new.pending"); len(series) != 0 {
		s.Errorf("FetchPending stored %v", series)
	}
}

func describe(s *suite) {
	d, ok := s.Store.(storage.Describer)
	if !ok {
		s.Skip("no storage.Describer")
	}
	for _, when := range []string{"before the first write", "after the first write"} {
		got, err := d.Describe("a.b")
		if err != nil || !slices.Equal(got.Archives, layout.Archives) || got.Aggregation != layout.Aggregation || got.XFilesFactor != layout.XFilesFactor {
			s.Errorf("Describe %s: %+v, %v", when, got, err)
		}
		s.write("a.b", 0, 1)
	}
}

func measure(s *suite) {
	m, ok := s.Store.(storage.Measurer)
	if !ok {
		s.Skip("no storage.Measurer")
	}
	for _, name := range []string{"a.b", "m;k=v", "../a", "a/b"} {
		if u, err := m.Measure(name); !errors.Is(err, storage.ErrNotFound) {
			s.Errorf("Measure(%s) before the first write: %+v, %v", name, u, err)
		}
	}
	for _, name := range []string{"a.b", "m;k=v"} {
		s.write(name, 0, 1)
		if u, err := m.Measure(name); err != nil || u.Size <= 0 {
			s.Errorf("Measure(%s): %+v, %v", name, u, err)
		}
	}
	if free, total, err := m.Space(); err != nil || free < 0 || free > total {
		s.Errorf("Space = %d of %d, %v", free, total, err)
	}
}

func aggregation(s *suite) {
	a, ok := s.Store.(storage.Aggregator)
	if !ok {
		s.Skip("no storage.Aggregator")
	}
	is := func(name, want string) {
		s.Helper()
		if got, err := a.Aggregation(s.Context(), name); got != want || err != nil {
			s.Errorf("Aggregation(%s) = %q, %v; want %s", name, got, err, want)
		}
	}
	fails := func(name, method string, want error) {
		s.Helper()
		if _, err := a.SetAggregation(s.Context(), name, method); !errors.Is(err, want) {
			s.Errorf("SetAggregation(%s, %s): %v; want %v", name, method, err, want)
		}
	}
	if _, err := a.Aggregation(s.Context(), "nope"); !errors.Is(err, storage.ErrNotFound) {
		s.Errorf("Aggregation of an unknown metric: %v", err)
	}
	fails("nope", "sum", storage.ErrNotFound)
	for _, name := range []string{"a.b", "cpu;dc=eu"} {
		s.write(name, 0, 1)
		is(name, "average")
		fails(name, "multiply", storage.ErrUnknownAggregation)
		if old, err := a.SetAggregation(s.Context(), name, "sum"); old != "average" || err != nil {
			s.Errorf("SetAggregation(%s) = %q, %v; want average", name, old, err)
		}
		is(name, "sum")
		// A write recomputes the whole coarse point with the new method.
		s.write(name, 60, 10, 120, 100)
		s.now = start + 60*60 + 300
		s.want(name, -300, 0, 0, 300, 111)
		s.now = start
	}
}

func cancelled(s *suite) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	n, err := s.Write(ctx, []storage.Update{{Name: "a", Points: []metric.Point{{Time: start, Value: 1}}}})
	if n != 0 || !errors.Is(err, context.Canceled) {
		s.Errorf("Write = %d, %v; want context.Canceled", n, err)
	}
	if _, err := s.Fetch(ctx, storage.Query{Names: []string{"a"}, Window: metric.Window{From: start - 60, Until: start}, Now: start}); !errors.Is(err, context.Canceled) {
		s.Errorf("Fetch: %v; want context.Canceled", err)
	}
}

// With one writer per metric and concurrent readers, a reader sees all points of an update
// or none.
func concurrentUse(s *suite) {
	const metrics, rounds = 4, 300
	var wg sync.WaitGroup
	for m := range metrics {
		name := fmt.Sprintf("a.m%d", m)
		wg.Go(func() {
			for i := range rounds {
				u := storage.Update{Name: name}
				for _, minute := range []int64{0, 1, 3, 4} { // equal values, so that their average is the same
					u.Points = append(u.Points, metric.Point{Time: start + 60*minute, Value: float64(i)})
				}
				if _, err := s.Write(s.Context(), []storage.Update{u}); err != nil {
					s.Errorf("Write: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range rounds {
				for _, from := range []int64{-60, -7200} {
					q := storage.Query{Names: []string{name}, Window: metric.Window{From: start + from, Until: start + 240}, Now: start + 240}
					series, err := s.Fetch(s.Context(), q)
					if err != nil {
						s.Errorf("Fetch: %v", err)
					}
					for _, one := range series {
						checkWhole(s, one)
					}
				}
				if _, err := s.Find(s.Context(), "a.*", metric.Window{}); err != nil {
					s.Errorf("Find: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// checkWhole checks that all values of a series are equal.
func checkWhole(s *suite, one metric.Series) {
	first := none
	for _, v := range one.Values {
		if first != first {
			first = v
		}
		if v == v && v != first || v == v && v != math.Trunc(v) {
			s.Errorf("Fetch returned a part of an update: %v", one.Values)
			return
		}
	}
}

// A caller may reuse the slices that it passed to Write and change the values that Fetch
// returned.
func doesNotRetainSlices(s *suite) {
	points := []metric.Point{{Time: start, Value: 2}, {Time: start - 60, Value: 1}}
	updates := []storage.Update{{Name: "a", Points: points}}
	if _, err := s.Write(s.Context(), updates); err != nil {
		s.Fatal(err)
	}
	if points[0].Value != 2 || points[1].Value != 1 {
		s.Errorf("Write changed its points to %v", points)
	}
	points[0].Value, updates[0].Name = 9, "b"
	s.fetch(-120, 0, "a")[0].Values[1] = 9
	s.want("a", -120, 0, -60, 60, 1, 2)
}
