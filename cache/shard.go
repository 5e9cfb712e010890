package cache

import (
	"container/heap"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"carbon/metric"
)

const (
	// settleFrom is how many points of a metric there must be before growing
	// their memory first looks for points of the same time.
	settleFrom = 16

	// keepPoints is for how many points a metric keeps its memory when they are
	// stored, for the next.
	keepPoints = 16
)

// shard is a part of the metrics, by hash. Its methods want mu held.
type shard struct {
	mu      sync.Mutex
	entries map[uint64]*entry // by hash; more of the same hash follow by next
	names   int
	busy    int   // entries with points
	clock   int64 // the latest arrival: times of arrival never go back here

	// Entries with points are in the queue, by the arrival of their oldest point;
	// those in flight are passed over. What comes back and is older than the
	// queue's end is in late instead, unless it is delayed or in flight.
	head, tail *entry
	late       late
	delayed    []delay
	flights    []flight

	oldest *atomic.Int64 // arrival of the oldest point that take would give; never if none

	_ [64]byte // a cache line between the locks of neighbours
}

// entry is one metric.
type entry struct {
	name   string
	points []metric.Point // arrived, as they came
	flight []metric.Point // taken, earlier than points
	since  int64          // arrival of the oldest of points; the last arrival if none
	other  *entry         // of the same hash
	flying bool

	queued     bool
	prev, next *entry // in the queue
}

// delay is an entry that must not be taken before a time.
type delay struct {
	*entry
	until int64
}

// flight is an entry with points taken, the oldest of which arrived at since.
type flight struct {
	*entry
	since int64
}

func (s *shard) init(oldest *atomic.Int64) {
	s.entries = make(map[uint64]*entry)
	s.oldest = oldest
	s.oldest.Store(never)
}

func (s *shard) find(hash uint64, name string) *entry {
	e := s.entries[hash]
	for e != nil && e.name != name {
		e = e.other
	}
	return e
}

func (s *shard) insert(hash uint64, name string) *entry {
	e := &entry{name: strings.Clone(name), other: s.entries[hash]}
	s.entries[hash] = e
	s.names++
	return e
}

// add appends a point and returns by how many the points are more.
func (s *shard) add(e *entry, at int64, p metric.Point) (grown int) {
	s.clock = max(s.clock, at)
	n := len(e.points)
	if n == 0 {
		e.since = s.clock
		if !e.flying {
			s.busy++
		}
		s.enqueue(e)
	} else if last := &e.points[n-1]; last.Time == p.Time {
		last.Value = p.Value
		return 0
	}
	if n == cap(e.points) && n >= settleFrom {
		e.points = settle(e.points)
		if len(e.points) > n-n/4 {
			e.points = slices.Grow(e.points, n)
		}
	}
	e.points = append(e.points, p)
	return len(e.points) - n
}

// take moves up to max points into flight, of the first entry of the queue that
// is not flying and has a point that arrived at limit or before. It returns how
// many points of the same time were dropped.
func (s *shard) take(limit int64, max int) (t Taken, dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.first()
	if e == nil || e.since > limit {
		s.refresh()
		return Taken{}, 0
	}
	if !e.queued {
		heap.Pop(&s.late)
	}
	s.flights = append(s.flights, flight{e, e.since})
	e.flying = true

	n := len(e.points)
	e.points = settle(e.points)
	dropped = n - len(e.points)
	if len(e.points) > max {
		// What is left keeps its place, or gets it back when this has landed: it
		// may be as old.
		e.flight = append(e.flight[:0], e.points[:max]...)
		e.points = append(e.points[:0], e.points[max:]...)
	} else {
		e.flight, e.points = e.points, e.flight[:0]
		s.dequeue(e)
	}
	s.refresh()
	return Taken{Name: e.name, Points: e.flight, shard: s, entry: e}, dropped
}

// done drops the points in flight and returns how many these were.
func (s *shard) done(e *entry) int {
	s.land(e)
	n := len(e.flight)
	e.flight = e.flight[:0]
	if cap(e.flight) > keepPoints {
		e.flight = nil
	}
	if len(e.points) == 0 {
		s.busy--
		e.since = s.clock
		if cap(e.points) > keepPoints {
			e.points = nil
		}
	} else if !e.queued {
		s.enqueue(e)
	}
	s.refresh()
	return n
}

// putBack makes the points in flight the oldest again, and delays the entry if
// until is not 0.
func (s *shard) putBack(e *entry, until int64) {
	s.dequeue(e)
	e.since = s.land(e)
	e.points, e.flight = append(e.flight, e.points...), e.points[:0]
	if until > 0 {
		s.delayed = append(s.delayed, delay{e, until})
	} else {
		s.enqueue(e)
	}
	s.refresh()
}

// land ends a flight and returns when the oldest of its points arrived.
func (s *shard) land(e *entry) (since int64) {
	e.flying = false
	i := slices.IndexFunc(s.flights, func(f flight) bool { return f.entry == e })
	since = s.flights[i].since
	s.flights = slices.Delete(s.flights, i, i+1)
	return since
}

// release queues the delayed that are due, and returns when the next will be.
func (s *shard) release(now int64) (next int64) {
	next = never
	kept := s.delayed[:0]
	for _, d := range s.delayed {
		if d.until <= now {
			s.enqueue(d.entry)
		} else {
			kept = append(kept, d)
			next = min(next, d.until)
		}
	}
	clear(s.delayed[len(kept):])
	s.delayed = kept
	s.refresh()
	return next
}

// enqueue puts an entry at the end of the queue, or among the late ones.
func (s *shard) enqueue(e *entry) {
	switch {
	case s.tail == nil:
		s.head, s.tail, e.queued = e, e, true
	case s.tail.since <= e.since:
		s.tail.next, e.prev = e, s.tail
		s.tail, e.queued = e, true
	default:
		heap.Push(&s.late, e)
	}
	if !e.flying && e.since < s.oldest.Load() {
		s.oldest.Store(e.since)
	}
}

// dequeue takes an entry out of the queue if it is there.
func (s *shard) dequeue(e *entry) {
	if !e.queued {
		return
	}
	if e.prev == nil {
		s.head = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		s.tail = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next, e.queued = nil, nil, false
}

// first returns the entry that take would give; nil if there is none.
func (s *shard) first() *entry {
	e := s.head
	for e != nil && e.flying {
		e = e.next
	}
	if len(s.late) > 0 && (e == nil || s.late[0].since < e.since) {
		return s.late[0]
	}
	return e
}

// refresh finds out what take would give.
func (s *shard) refresh() {
	if e := s.first(); e == nil {
		s.oldest.Store(never)
	} else {
		s.oldest.Store(e.since)
	}
}

// late is a heap of entries, the one that has waited longest on top.
type late []*entry

func (l late) Len() int           { return len(l) }
func (l late) Less(i, j int) bool { return l[i].since < l[j].since }
func (l late) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *late) Push(e any)        { *l = append(*l, e.(*entry)) }

func (l *late) Pop() any {
	n := len(*l) - 1
	e := (*l)[n]
	(*l)[n] = nil
	*l = (*l)[:n]
	return e
}

// oldestOfAll returns the arrival of the oldest point, wherever it is.
func (s *shard) oldestOfAll() int64 {
	oldest := int64(never)
	if s.head != nil {
		oldest = s.head.since
	}
	if len(s.late) > 0 {
		oldest = min(oldest, s.late[0].since)
	}
	for _, d := range s.delayed {
		oldest = min(oldest, d.since)
	}
	for _, f := range s.flights {
		oldest = min(oldest, f.since)
	}
	return oldest
}

// forget drops entries without points whose last arrived before a time.
func (s *shard) forget(before int64) (n int) {
	for hash, first := range s.entries {
		kept := (*entry)(nil)
		for e := first; e != nil; {
			other := e.other
			if e.flying || len(e.points) > 0 || e.since >= before {
				e.other = kept
				kept = e
			} else {
				n++
			}
			e = other
		}
		if kept == nil {
			delete(s.entries, hash)
		} else {
			s.entries[hash] = kept
		}
	}
	s.names -= n
	return n
}

// settle sorts points by time and keeps the last of each time. It works in the
// memory of points, which are in the order they arrived.
func settle(points []metric.Point) []metric.Point {
	if settled(points) {
		return points
	}
	slices.SortStableFunc(points, func(a, b metric.Point) int {
		switch {
		case a.Time < b.Time:
			return -1
		case a.Time > b.Time:
			return 1
		}
		return 0
	})
	kept := points[:1]
	for _, p := range points[1:] {
		if last := &kept[len(kept)-1]; last.Time == p.Time {
			*last = p
		} else {
			kept = append(kept, p)
		}
	}
	return kept
}

func settled(points []metric.Point) bool {
	for i := 1; i < len(points); i++ {
		if points[i].Time <= points[i-1].Time {
			return false
		}
	}
	return true
}
