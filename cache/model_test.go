package cache

import (
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"carbon/metric"
)

// history drives a cache at random, and a simple model of what it must hold.
type history struct {
	t      *testing.T
	seed   uint64
	rnd    *rand.Rand
	c      *Cache
	replay bool // replays happen: then the order of what is taken is not checked

	now       int64 // the latest stamp
	seq       int64 // makes values differ
	replaying bool
	older     int64 // the latest stamp of the replay
	series    map[string]*modelSeries
	flights   []Batch
}

// modelSeries is what the cache must hold of a series.
type modelSeries struct {
	older, live      []modelPoint // that wait; live ones only while a replay goes on
	flight           []modelPoint
	since            int64 // of older
	flightSince      int64
	inFlight, isLive bool
	delayed          int64 // 0: not
	stored, written  map[int64]float64
}

type modelPoint struct {
	at int64
	metric.Point
}

var names = []string{"a", "b", "c", "d", "e", "f"}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{t: t, seed: seed, rnd: rand.New(rand.NewPCG(seed, 1)), now: 1_000_000, series: make(map[string]*modelSeries)}
	h.c = New(Options{Strategy: Strategy(h.rnd.IntN(3))})
	h.replay = h.rnd.IntN(2) == 0
	for _, name := range names {
		h.series[name] = &modelSeries{stored: make(map[int64]float64), written: make(map[int64]float64)}
	}
	return h
}

func (h *history) errorf(format string, args ...any) {
	h.t.Helper()
	h.t.Errorf("seed %d: "+format, append([]any{h.seed}, args...)...)
}

// time returns one of a few times, and sometimes an extreme one.
func (h *history) time() int64 {
	switch h.rnd.IntN(40) {
	case 0:
		return []int64{math.MaxInt64, math.MinInt64, -7, 0, 1 << 32, 1 << 40}[h.rnd.IntN(6)]
	case 1, 2, 3, 4, 5, 6:
		return 1700000000 + h.rnd.Int64N(30)
	}
	return 1700000000 + h.seq
}

func (h *history) value() float64 {
	h.seq++
	return float64(h.seq) + []float64{0, 0.25, 1.0 / 3}[h.rnd.IntN(3)] // no two of the same
}

func (h *history) add() {
	h.now += h.rnd.Int64N(3)
	at := h.now - h.rnd.Int64N(2) // of two senders the later may be the first to add
	refs, points := h.points()
	h.c.Add(at, refs, points)
	for _, d := range points {
		m := h.series[d.Name]
		p := modelPoint{at, clamped(d.Point)}
		if h.replaying {
			m.isLive = true
			m.live = append(m.live, p)
		} else {
			m.addReplayed(p)
		}
	}
}

func (h *history) addReplayed() {
	h.older += h.rnd.Int64N(3)
	refs, points := h.points()
	h.c.AddReplayed(h.older, refs, points)
	for _, d := range points {
		h.series[d.Name].addReplayed(modelPoint{h.older, clamped(d.Point)})
	}
}

func (h *history) points() (refs []Ref, points []metric.Datapoint) {
	name := names[h.rnd.IntN(len(names))]
	for range 1 + h.rnd.IntN(12) {
		if h.rnd.IntN(3) == 0 {
			name = names[h.rnd.IntN(len(names))]
		}
		r, _ := h.c.Series(name)
		refs = append(refs, r)
		points = append(points, point(name, h.time(), h.value()))
	}
	return refs, points
}

func clamped(p metric.Point) metric.Point {
	p.Time = min(max(p.Time, -timeBound), timeBound)
	return p
}

func (m *modelSeries) addReplayed(p modelPoint) {
	if len(m.older) == 0 {
		m.since = p.at
	}
	m.since = min(m.since, p.at)
	m.older = append(m.older, p)
}

func (h *history) take() {
	due := Due{Before: h.now - h.rnd.Int64N(20), Points: h.rnd.IntN(3) * 20, OldestFirst: h.rnd.IntN(4) == 0}
	most := []int{1, 3, 10, 1000}[h.rnd.IntN(4)]
	first, full := int64(never), ""
	for name, m := range h.series {
		if m.inFlight || m.delayed != 0 || len(m.older) == 0 {
			continue
		}
		if m.since <= due.Before {
			first = min(first, m.since)
		}
		if due.Points > 0 && len(latest(m.older)) >= due.Points {
			full = name
		}
	}
	t, ok := h.c.Take(due, most)
	if !ok {
		if first < never {
			h.errorf("nothing was taken, but %d is due at %d", first, due.Before)
		}
		if full != "" {
			h.errorf("nothing was taken, but %s is ready", full)
		}
		return
	}
	m := h.series[t.Name]
	h.flights = append(h.flights, t)
	switch {
	case m.inFlight || m.delayed != 0:
		h.errorf("%s was taken: inFlight %v, delayed until %d", t.Name, m.inFlight, m.delayed)
	case m.since > due.Before && (due.Points == 0 || len(m.older) < due.Points):
		h.errorf("%s was taken, but is not due", t.Name)
	case first < never && m.since != first && !h.replay && (due.OldestFirst || h.c.strategy == TimeSorted):
		h.errorf("%s of %d was taken before one of %d", t.Name, m.since, first)
	case len(t.Points) == 0 || len(t.Points) > most:
		h.errorf("%d points of %s were taken, at most %d", len(t.Points), t.Name, most)
	case !isSortedUnique(t.Points):
		h.errorf("taken of %s: %v", t.Name, t.Points)
	}
	// Of each time taken, all points up to the one with this value go.
	for _, p := range t.Points {
		i := slices.IndexFunc(m.older, func(q modelPoint) bool { return q.Point == p })
		if i < 0 {
			h.errorf("%v of %s was taken, but did not wait", p, t.Name)
			return
		}
		var kept []modelPoint
		for j, q := range m.older {
			if q.Time == p.Time && j <= i {
				m.flight = append(m.flight, q)
			} else {
				kept = append(kept, q)
			}
		}
		m.older = kept
	}
	m.inFlight, m.flightSince = true, m.since
	if len(t.Points) < most && len(m.older) > 0 && most == 1000 {
		h.errorf("%d points of %s were left", len(m.older), t.Name)
	}
}

func (h *history) land() {
	if len(h.flights) == 0 {
		return
	}
	i := h.rnd.IntN(len(h.flights))
	t := h.flights[i]
	h.flights = slices.Delete(h.flights, i, i+1)
	m := h.series[t.Name]
	m.inFlight = false
	if h.rnd.IntN(3) > 0 {
		for _, p := range t.Points {
			m.stored[p.Time] = p.Value
		}
		maps.Copy(m.written, latest(m.flight))
		m.flight = nil
		h.c.Done(t)
		return
	}
	if h.rnd.IntN(2) == 0 {
		m.delayed = h.now + h.rnd.Int64N(10) + 1
	}
	h.c.Return(t, m.delayed)
	if len(m.older) == 0 {
		m.since = m.flightSince
	}
	m.since = min(m.since, m.flightSince)
	m.older = append(m.flight, m.older...)
	m.flight = nil
}

func (h *history) retry() {
	h.now += h.rnd.Int64N(3)
	h.c.Retry(h.now)
	for _, m := range h.series {
		if m.delayed <= h.now {
			m.delayed = 0
		}
	}
}

func (h *history) switchReplay() {
	h.replaying = !h.replaying
	if h.replaying {
		h.c.BeginReplay()
		return
	}
	h.c.EndReplay()
	for _, m := range h.series {
		m.isLive = false
		for _, p := range m.live {
			m.addReplayed(p)
		}
		m.live = nil
	}
}

func (h *history) drop() {
	name := names[h.rnd.IntN(len(names))]
	m := h.series[name]
	if got, atMost := h.c.Drop([]string{name, "unknown"}), len(m.older)+len(m.live); got > atMost {
		h.errorf("dropped %d points of %d", got, atMost)
	}
	m.older, m.live, m.isLive = nil, nil, false
}

func (h *history) forget() {
	h.c.Forget(h.now-h.rnd.Int64N(20), func(r Ref) {
		for _, name := range names {
			if h.c.find(name) == r {
				h.errorf("%s was forgotten and is still found", name)
			}
		}
	})
}

// check compares the cache with the model.
func (h *history) check() {
	oldest, points, live := int64(never), 0, 0
	for name, m := range h.series {
		all := slices.Concat(m.flight, m.older, m.live)
		for _, p := range m.live {
			oldest = min(oldest, p.at)
		}
		if len(m.older) > 0 {
			oldest = min(oldest, m.since)
		}
		if m.inFlight {
			oldest = min(oldest, m.flightSince)
		}
		got, _ := h.c.Points(name)
		want := latest(all)
		if len(got) != len(want) || !isSortedUnique(got) {
			h.errorf("%s has %v, want %v", name, got, want)
		}
		for _, p := range got {
			if want[p.Time] != p.Value {
				h.errorf("%s has %v at %d, want %v", name, p.Value, p.Time, want[p.Time])
			}
		}
		points += len(want)
		live += len(m.live)
	}
	if got, ok := h.c.Oldest(); ok != (oldest < never) || got != oldest {
		h.errorf("the oldest is %d (%v), want %d", got, ok, oldest)
	}
	if size := h.c.Size(); size < int64(points) || size != h.c.reserved.Load() {
		h.errorf("size is %d, reserved %d; there are %d points", size, h.c.reserved.Load(), points)
	}
	if got, most := h.c.Size()-h.c.Takeable(), int64(live); got > most || got < 0 || (got == 0) != (most == 0) {
		h.errorf("%d points are not to be taken, want up to %d", got, most)
	}
}

// latest returns the last value of each time.
func latest(points []modelPoint) map[int64]float64 {
	values := make(map[int64]float64)
	for _, p := range points {
		values[p.Time] = p.Value
	}
	return values
}

// end stores everything and checks that nothing remains.
func (h *history) end() {
	if h.replaying {
		h.switchReplay()
	}
	h.c.Retry(never)
	for _, m := range h.series {
		m.delayed = 0
	}
	for i := 0; h.c.Size() > 0 && i < 10_000; i++ {
		h.now++
		h.take()
		h.land()
		h.now += 20
		h.c.Retry(never)
		for _, m := range h.series {
			m.delayed = 0
		}
	}
	h.check()
	for name, m := range h.series {
		if !maps.Equal(m.stored, m.written) {
			h.errorf("stored of %s %v, want %v", name, m.stored, m.written)
		}
	}
	if s := h.c.Stats(); s.Queues != 0 || s.Points != 0 {
		h.errorf("left behind: %+v", s)
	}
	for i := range h.c.shards {
		if n := h.c.shards[i].used(); n != 0 {
			h.errorf("%d buffers are not released", n)
		}
	}
}

// used counts the buffers that are neither free nor fresh.
func (m *bufferPool) used() int {
	n := int(m.fresh) - 1
	for i := m.free; i != 0; i = m.at(i).next {
		n--
	}
	return max(n, 0)
}

// TestHistories drives caches through everything that can happen to them.
func TestHistories(t *testing.T) {
	seeds := uint64(200)
	if os.Getenv("SOAK") != "" {
		seeds = 20_000
	}
	for seed := range seeds {
		h := newHistory(t, seed)
		for range 300 {
			switch n := h.rnd.IntN(100); {
			case n < 30:
				h.add()
			case n < 40:
				if h.replaying {
					h.addReplayed()
				} else {
					h.add()
				}
			case n < 60:
				h.take()
			case n < 80:
				h.land()
			case n < 86:
				h.retry()
			case n < 88:
				h.drop()
			case n < 90:
				h.forget()
			case n < 92:
				if h.replay {
					h.switchReplay()
				}
			case n < 94:
				h.check()
			}
		}
		h.end()
		if t.Failed() {
			t.Fatalf("seed %d, strategy %d, replay %v", seed, h.c.strategy, h.replay)
		}
	}
}
