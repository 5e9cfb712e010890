package cache

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage"
)

// model is a store that does as whisper does, in memory: every point goes into
// the finest archive that reaches back to it, and is rolled up from there.
type model struct {
	storage.Store // for what is not asked for
	now           int64
	layout        metric.Layout
	metrics       map[string][]map[int64]float64 // by archive, by slot
	fetched       func(q storage.Query)          // called when data has been read; may be nil
}

func newModel(layout metric.Layout, now int64) *model {
	return &model{now: now, layout: layout, metrics: make(map[string][]map[int64]float64)}
}

func (m *model) Describe(string) (metric.Layout, error) { return m.layout, nil }

func (m *model) write(name string, points ...metric.Point) {
	archives := m.layout.Archives
	if m.metrics[name] == nil {
		m.metrics[name] = make([]map[int64]float64, len(archives))
		for i := range archives {
			m.metrics[name][i] = make(map[int64]float64)
		}
	}
	slots := m.metrics[name]
	method, _ := aggregate.Lookup(m.layout.Aggregation)
	for _, p := range points {
		home := 0
		for home < len(archives) && archives[home].Retention() < m.now-p.Time {
			home++
		}
		if home == len(archives) {
			continue
		}
		slots[home][slot(p.Time, archives[home].Step)] = p.Value
		for i := home + 1; i < len(archives); i++ {
			to := slot(p.Time, archives[i].Step)
			var values []float64
			known := 0.0
			for t := to; t < to+archives[i].Step; t += archives[i-1].Step {
				v, ok := slots[i-1][t]
				if ok {
					known++
				} else {
					v = none
				}
				values = append(values, v)
			}
			if known == 0 || known/float64(len(values)) < m.layout.XFilesFactor {
				break
			}
			slots[i][to] = method(values)
		}
	}
}

func (m *model) Fetch(_ context.Context, q storage.Query) ([]metric.Series, error) {
	var series []metric.Series
	for _, name := range q.Names {
		slots := m.metrics[name]
		s, ok := empty(name, m.layout, q.Window, q.Now)
		if slots == nil || !ok {
			continue
		}
		for i, a := range m.layout.Archives {
			if a.Step != s.Step {
				continue
			}
			for t, v := range slots[i] {
				set(s, metric.Point{Time: t, Value: v})
			}
		}
		series = append(series, s)
	}
	if m.fetched != nil {
		m.fetched(q)
	}
	return series, nil
}

func seriesText(series []metric.Series) string {
	var b strings.Builder
	for _, s := range series {
		fmt.Fprintf(&b, "%s %d/%d", s.Name, s.Start, s.Step)
		for _, v := range s.Values {
			if math.IsNaN(v) {
				b.WriteString(" _")
			} else {
				fmt.Fprintf(&b, " %.9g", v)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func fetch(t *testing.T, r interface {
	Fetch(context.Context, storage.Query) ([]metric.Series, error)
}, from, until, now int64, names ...string,
) string {
	t.Helper()
	series, err := r.Fetch(t.Context(), storage.Query{Names: names, Window: metric.Window{From: from, Until: until}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return seriesText(series)
}

var (
	// layout of the vectors in features.md, and one with three levels.
	twoLevels   = metric.Layout{Archives: []metric.Archive{{Step: 10, Points: 6}, {Step: 60, Points: 5}}, Aggregation: "average", XFilesFactor: 0.5}
	threeLevels = metric.Layout{Archives: []metric.Archive{{Step: 10, Points: 60}, {Step: 60, Points: 60}, {Step: 300, Points: 100}}, Aggregation: "average", XFilesFactor: 0.3}
)

func TestFetchOfMetricsOnlyInTheCache(t *testing.T) {
	const now = 1700000000
	c := New(Options{})
	r := NewReader(c, newModel(twoLevels, now))
	add(c, 0, "a", now-50, 1)
	add(c, 0, "a", now-40, 2)
	add(c, 0, "a", now-30, 3)

	f := func(from, until int64, want string) {
		t.Helper()
		if got := fetch(t, r, from, until, now, "none", "a"); got != want {
			t.Errorf("from %d until %d: got %swant %s", from-now, until-now, got, want)
		}
	}
	f(now-60, now, "a 1699999950/10 1 2 3 _ _ _\n")
	f(now-61, now, "a 1699999980/60 _\n")
	f(now, now, "a 1700000010/10 _\n")
	f(now-45, now-25, "a 1699999960/10 2 3\n")
	f(now-60, now+600, "a 1699999950/10 1 2 3 _ _ _\n")
	f(now-3000, now, "a 1699999740/60 _ _ _ 2 _\n")
	f(now-3000, now-200, "a 1699999740/60 _ _\n")
	f(-5, now, "a 1699999740/60 _ _ _ 2 _\n")
	// Nothing of the window is kept, or it is none.
	f(now+1, now+2, "")
	f(now-400, now-301, "")
	f(now-10, now-20, "")
}

func TestFetchLaysTheCacheOverTheStore(t *testing.T) {
	const now = 1700000000
	store := newModel(twoLevels, now)
	store.write("a", metric.Point{Time: now - 40, Value: 1}, metric.Point{Time: now - 30, Value: 2})
	store.write("b", metric.Point{Time: now - 40, Value: 5})
	c := New(Options{})
	add(c, 0, "a", now-33, 7)
	add(c, 0, "a", now-27, 8)
	add(c, 0, "c", now-1, 9)
	add(c, 0, "c", now-70, 9) // too old for the finest archive
	r := NewReader(c, store)

	want := "c 1699999950/10 _ _ _ _ 9 _\na 1699999950/10 _ 7 8 _ _ _\nb 1699999950/10 _ 5 _ _ _ _\n"
	if got := fetch(t, r, now-60, now, now, "x", "c", "a", "y", "b"); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	if got, want := fetch(t, store, now-60, now, now, "a"), "a 1699999950/10 _ 1 2 _ _ _\n"; got != want {
		t.Errorf("the store now holds %s", got)
	}
	// The only slot of 60 s that is not too old has half of its points.
	if got, want := fetch(t, r, now-61, now, now, "a", "c"), "a 1699999980/60 _\nc 1699999980/60 _\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

func TestPointsStoredDuringAFetchAreNotMissed(t *testing.T) {
	const now = 1700000000
	store := newModel(twoLevels, now)
	c := New(Options{})
	add(c, 0, "a", now-40, 1)
	store.fetched = func(storage.Query) { // the read was too early for the write
		taken := take(t, c, 9, 9, "a 1699999960=1")
		store.write("a", taken.Points...)
		c.Done(taken)
	}
	if got, want := fetch(t, NewReader(c, store), now-60, now, now, "a"), "a 1699999950/10 _ 1 _ _ _ _\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

// TestReadingBeforeWritingEqualsReadingAfter compares a store with points in the
// cache before it with one that holds all of them.
func TestReadingBeforeWritingEqualsReadingAfter(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		now := 1700000000 + rnd.Int64N(1000)
		layout := threeLevels
		layout.Aggregation = []string{"average", "sum", "max", "last", "avg_zero"}[rnd.IntN(5)]
		layout.XFilesFactor = []float64{0, 0.3, 0.5, 1}[rnd.IntN(4)]
		store, all := newModel(layout, now), newModel(layout, now)
		c := New(Options{})
		names := []string{"a", "b", "c"}
		for range 60 {
			name := names[rnd.IntN(3)]
			p := metric.Point{Time: now - rnd.Int64N(290), Value: float64(rnd.IntN(100))}
			if rnd.IntN(2) == 0 {
				store.write(name, p)
				all.write(name, p)
			} else {
				add(c, 0, name, p.Time, p.Value)
			}
		}
		for _, name := range names {
			points, _ := c.Points(name)
			all.write(name, points...)
		}
		r := NewReader(c, store)
		f := func(from int64) {
			t.Helper()
			got, want := fetch(t, r, now-from, now, now, names...), fetch(t, all, now-from, now, now, names...)
			if got != want {
				t.Errorf("seed %d, %s, xff %v, from now-%d:\n got %s\nwant %s", seed, layout.Aggregation, layout.XFilesFactor, from, got, want)
			}
		}
		f(600)                    // the finest
		f(rnd.Int64N(600))        // a part of it
		f(601 + rnd.Int64N(2000)) // the second
		f(10000)                  // the third
		if t.Failed() {
			return
		}
	}
}

func TestOldPointsAreEstimatedAtCoarseSteps(t *testing.T) {
	const now = 1700000100 // a multiple of 300
	c := New(Options{})
	r := NewReader(c, newModel(threeLevels, now))
	add(c, 0, "a", now-900, 1, 2, 3)    // stored at 60 s: the last of a slot
	add(c, 0, "a", now-840, 5)          // the next slot of 60 s
	add(c, 0, "a", now-4500, 7, 8)      // stored at 300 s
	add(c, 0, "a", now-100_000, 7, 8)   // not stored
	add(c, 0, "a", now+100_000, 17, 18) // not yet seen
	if got, want := fetch(t, r, now-901, now-780, now, "a"), "a 1699999200/60 3 5 _\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
	if got, want := fetch(t, r, now-4801, now-300, now, "a"), "a 1699995300/300 _ 8 _ _ _ _ _ _ _ _ _ _ _ 4 _ _\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

func TestWindowsBefore1970(t *testing.T) {
	c := New(Options{})
	add(c, 0, "a", 5, 1)
	got := fetch(t, NewReader(c, newModel(twoLevels, 30)), -25, 30, 30, "a")
	if want := "a -20/10 _ _ 1 _ _ _\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

func TestWithoutADescriberTheStepIsTheFinest(t *testing.T) {
	const now = 1700000000
	store := newModel(twoLevels, now)
	store.write("a", metric.Point{Time: now - 40, Value: 1})
	c := New(Options{})
	add(c, 0, "a", now-30, 2)
	add(c, 0, "b", now-30, 2)
	r := NewReader(c, struct{ storage.Store }{store})
	if got, want := fetch(t, r, now-60, now, now, "a", "b"), "a 1699999950/10 _ 1 2 _ _ _\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
	if names, err := r.FindTagged(t.Context(), []string{"a=b"}); err != nil || names != nil {
		t.Errorf("tags: %v, %v", names, err)
	}
}
