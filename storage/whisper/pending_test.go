package whisper

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/storage"
)

// pendingStore is a store and its pending points.
type pendingStore struct {
	*testing.T
	store   *Store
	now     int64
	pending map[string][]metric.Point // sorted by time
}

func newPendingStore(t *testing.T, layout metric.Layout, now int64) *pendingStore {
	return &pendingStore{
		T: t, now: now, pending: map[string][]metric.Point{},
		store: openStore(t, t.TempDir(), Options{Layout: always(layout), Now: fixedClock(now)}),
	}
}

func (s *pendingStore) write(name string, points ...metric.Point) {
	s.Helper()
	if _, err := s.store.Write(s.Context(), []storage.Update{{Name: name, Points: points}}); err != nil {
		s.Fatal(err)
	}
}

// add adds pending points at consecutive times, from t.
func (s *pendingStore) add(name string, t int64, values ...float64) {
	for i, v := range values {
		p := metric.Point{Time: t + int64(i), Value: v}
		all := slices.DeleteFunc(s.pending[name], func(old metric.Point) bool { return old.Time == p.Time })
		i, _ := slices.BinarySearchFunc(all, p, func(a, b metric.Point) int { return int(a.Time - b.Time) })
		s.pending[name] = slices.Insert(all, i, p)
	}
}

// fetch returns the series as text: a line "name start/step value …" for each.
func (s *pendingStore) fetch(from, until int64, names ...string) string {
	s.Helper()
	q := storage.Query{Names: names, Window: metric.Window{From: from, Until: until}, Now: s.now}
	pending := make([][]metric.Point, len(names))
	for i, name := range names {
		pending[i] = s.pending[name]
	}
	series, err := s.store.FetchPending(s.Context(), q, pending)
	if err != nil {
		s.Fatal(err)
	}
	var b strings.Builder
	for _, one := range series {
		fmt.Fprintf(&b, "%s %d/%d", one.Name, one.Start, one.Step)
		for _, v := range one.Values {
			if v != v {
				b.WriteString(" _")
			} else {
				fmt.Fprintf(&b, " %.9g", v)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (s *pendingStore) want(from, until int64, want string, names ...string) {
	s.Helper()
	if got := s.fetch(from, until, names...); got != want {
		s.Errorf("%q from %d until %d: got %swant %s", names, from-s.now, until-s.now, got, want)
	}
}

var (
	twoLevels   = metric.Layout{Archives: []metric.Archive{{Step: 10, Points: 6}, {Step: 60, Points: 5}}, Aggregation: "average", XFilesFactor: 0.5}
	threeLevels = metric.Layout{Archives: []metric.Archive{{Step: 10, Points: 60}, {Step: 60, Points: 60}, {Step: 300, Points: 100}}, Aggregation: "average", XFilesFactor: 0.3}
)

func TestFetchPendingWithNothingStored(t *testing.T) {
	const now = 1700000000
	s := newPendingStore(t, twoLevels, now)
	s.add("a", now-50, 1)
	s.add("a", now-40, 2)
	s.add("a", now-30, 3)
	f := func(from, until int64, want string) {
		t.Helper()
		s.want(from, until, want, "none", "a")
	}
	f(now-60, now, "a 1699999950/10 1 2 3 _ _ _\n")
	f(now-61, now, "a 1699999980/60 _\n")
	f(now, now, "a 1700000010/10 _\n")
	f(now-45, now-25, "a 1699999960/10 2 3\n")
	f(now-60, now+600, "a 1699999950/10 1 2 3 _ _ _\n")
	f(now-3000, now, "a 1699999740/60 _ _ _ 2 _\n")
	f(now-3000, now-200, "a 1699999740/60 _ _\n")
	f(-5, now, "a 1699999740/60 _ _ _ 2 _\n")
	// In the future, and older than the longest retention.
	f(now+1, now+2, "")
	f(now-400, now-301, "")
}

func TestFetchPendingOverStoredPoints(t *testing.T) {
	const now = 1700000000
	s := newPendingStore(t, twoLevels, now)
	s.write("a", metric.Point{Time: now - 40, Value: 1}, metric.Point{Time: now - 30, Value: 2})
	s.write("b", metric.Point{Time: now - 40, Value: 5})
	s.add("a", now-33, 7)
	s.add("a", now-27, 8)
	s.add("c", now-1, 9)
	s.add("c", now-70, 9) // too old for the finest archive
	s.want(now-60, now, "c 1699999950/10 _ _ _ _ 9 _\na 1699999950/10 _ 7 8 _ _ _\nb 1699999950/10 _ 5 _ _ _ _\n",
		"x", "c", "a", "y", "b")
	// The only slot of 60 s that is not too old has half of its points.
	s.want(now-61, now, "a 1699999980/60 _\nc 1699999980/60 _\n", "a", "c")
	clear(s.pending)
	s.want(now-60, now, "a 1699999950/10 _ 1 2 _ _ _\n", "a") // nothing was written
}

// TestFetchPendingEqualsFetchAfterWrite compares FetchPending with a Fetch from a store to
// which the pending points were written.
func TestFetchPendingEqualsFetchAfterWrite(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		now := 1700000000 + rnd.Int64N(1000)
		layout := threeLevels
		layout.Aggregation = []string{"average", "sum", "max", "last", "avg_zero"}[rnd.IntN(5)]
		layout.XFilesFactor = []float64{0, 0.3, 0.5, 1}[rnd.IntN(4)]
		some, all := newPendingStore(t, layout, now), newPendingStore(t, layout, now)
		names := []string{"a", "b", "c"}
		for range 60 {
			name := names[rnd.IntN(3)]
			p := metric.Point{Time: now - rnd.Int64N(290), Value: float64(rnd.IntN(100))}
			if rnd.IntN(2) == 0 {
				some.write(name, p)
				all.write(name, p)
			} else {
				some.add(name, p.Time, p.Value)
			}
		}
		for _, name := range names {
			all.write(name, some.pending[name]...)
		}
		f := func(from int64) {
			t.Helper()
			got, want := some.fetch(now-from, now, names...), all.fetch(now-from, now, names...)
			if got != want {
				t.Errorf("seed %d, %s, xFilesFactor %v, from now-%d:\n got %s\nwant %s", seed, layout.Aggregation, layout.XFilesFactor, from, got, want)
			}
		}
		f(600)                    // the finest archive
		f(rnd.Int64N(600))        // a part of it
		f(601 + rnd.Int64N(2000)) // the second archive
		f(10000)                  // the third
		if t.Failed() {
			return
		}
	}
}

func TestFetchPendingEstimatesOldPointsAtCoarseSteps(t *testing.T) {
	const now = 1700000100 // a multiple of 300
	s := newPendingStore(t, threeLevels, now)
	s.add("a", now-900, 1, 2, 3)    // goes to the archive of 60 s; the last point of the slot wins
	s.add("a", now-840, 5)          // the next slot of 60 s
	s.add("a", now-4500, 7, 8)      // goes to the archive of 300 s
	s.add("a", now-100_000, 7, 8)   // older than the longest retention
	s.add("a", now+100_000, 17, 18) // in the future
	s.want(now-901, now-780, "a 1699999200/60 3 5 _\n", "a")
	s.want(now-4801, now-300, "a 1699995300/300 _ 8 _ _ _ _ _ _ _ _ _ _ _ 4 _ _\n", "a")
}

func TestFetchPendingBefore1970(t *testing.T) {
	s := newPendingStore(t, twoLevels, 30)
	s.add("a", 5, 1)
	s.want(-25, 30, "a -20/10 _ _ 1 _ _ _\n", "a")
}
