package cache

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"carbon/metric"
)

// shard holds every 64th block of series. Callers of its methods hold mu.
type shard struct {
	mu sync.Mutex
	c  *Cache
	bufferPool

	index    int
	clock    int64 // the latest stamp
	nonEmpty int   // series with points

	// Series with points that Take may return are in the queue, ordered by the
	// stamp of their oldest point. Take skips those in flight. A series that is
	// older than the end of the queue when it comes is in late instead, unless it
	// is delayed.
	head, tail  Ref
	late        heap
	delayed     heap
	ready       []Ref  // series that reached readyAt points, in this order
	readyAt     uint32 // math.MaxUint32: none
	flights     []flight
	freeFlights []int32 // unused of flights

	replaying bool
	replayed  map[Ref]replayed // series with live and older pending points

	oldest *atomic.Int64 // stamp of the oldest point of first; never: there is none

	_ [64]byte // a cache line between the locks of neighbours
}

// state holds flags that say where a series is.
type state uint8

const (
	queued   state = 1 << iota // in the queue
	late                       // in late, with since as its key; items with another key are void
	delayed                    // in delayed, once, with or without points
	ready                      // in ready, once, even if it has fewer points by now
	inFlight                   // a batch of it is in flight
	live                       // has points that were added during the replay
)

// entry holds the pending points of a series, without those in flight.
type entry struct {
	since int64 // stamp of the oldest point; without points, at least that of the last one
	pendingPoints
	prev, next Ref // in the queue
}

// flight is a batch between Take and Done or Return.
type flight struct {
	ref    Ref
	since  int64 // stamp of the oldest
	points pendingPoints
}

func (s *shard) init(c *Cache, index int) {
	s.c, s.index = c, index
	s.readyAt = math.MaxUint32
	s.oldest = &c.oldest[index]
	s.oldest.Store(never)
}

func (s *shard) entry(r Ref) *entry { return &s.c.block(r).entries[r%blockSize] }

// takeable returns the number of points of a series that Take may return.
func (s *shard) takeable(r Ref, e *entry) uint32 {
	if e.state&live != 0 {
		return s.replayed[r].points.n
	}
	return e.n
}

// add adds a point outside of a replay. It returns by how many the number of points
// has grown: sorting may remove points.
func (s *shard) add(r Ref, e *entry, at int64, p metric.Point) (grown int) {
	if e.n == 0 {
		if e.state&inFlight == 0 {
			s.nonEmpty++
		}
		s.setSince(e, at)
		s.enqueue(r, e)
	} else if at < e.since {
		s.setSince(e, at)
		s.enqueue(r, e)
	}
	grown = s.put(&e.pendingPoints, p)
	if e.n >= s.readyAt {
		s.markReady(r, e)
	}
	return grown
}

// put appends a point to p. It returns by how many the number of points has grown.
func (s *shard) put(p *pendingPoints, point metric.Point) (grown int) {
	if s.bufferPool.add(p, point.Time, point.Value) {
		tmp := s.c.scratches.Get().(*scratch)
		grown = -s.sortPending(p, tmp)
		s.c.scratches.Put(tmp)
	}
	return grown + 1
}

// takeAndUnlock makes a batch of up to most points of a series, and unlocks the
// shard.
func (s *shard) takeAndUnlock(r Ref, most int) Batch {
	e := s.entry(r)
	f := flight{ref: r, since: e.since}
	m, hasReplayed := s.replayed[r]
	waiting := &e.pendingPoints
	if hasReplayed {
		waiting = &m.points
	}
	tmp := s.c.scratches.Get().(*scratch)
	dropped := 0
	whole := int(waiting.n) <= most
	if whole {
		f.points = *waiting
		*waiting = pendingPoints{state: waiting.state}
		tmp.bytes = s.bytes(tmp.bytes[:0], &f.points)
		s.dequeue(e)
	} else {
		// The rest keeps its place in the queue: it may be as old.
		tmp.points = sortUnique(s.cut(waiting, most, tmp))
		dropped = most - len(tmp.points)
		f.points = s.encode(tmp.points)
	}
	switch {
	case hasReplayed && whole:
		s.setSince(e, m.since)
		delete(s.replayed, r)
	case hasReplayed:
		s.replayed[r] = m
	}
	e.state |= inFlight
	slot := len(s.flights)
	if n := len(s.freeFlights); n > 0 {
		slot = int(s.freeFlights[n-1])
		s.freeFlights = s.freeFlights[:n-1]
		s.flights[slot] = f
	} else {
		s.flights = append(s.flights, f)
	}
	s.refresh()
	name := s.c.Name(r)
	s.mu.Unlock()

	s.c.grow(-dropped)
	if whole {
		tmp.points = sortUnique(decode(tmp.points[:0], tmp.bytes))
	}
	return Batch{Ref: r, Name: name, Points: tmp.points, slot: int32(slot), scratch: tmp}
}

// done removes the points in flight and returns their number.
func (s *shard) done(r Ref, slot int32) int {
	f := s.endFlight(slot)
	n := int(f.points.n)
	s.release(&f.points)
	e := s.entry(r)
	e.state &^= inFlight
	if e.n == 0 {
		s.markEmpty(e)
	}
	s.requeue(r, e)
	s.refresh()
	return n
}

// markEmpty accounts for a series that has lost its last point.
func (s *shard) markEmpty(e *entry) {
	s.setSince(e, s.clock)
	if s.nonEmpty--; s.nonEmpty == 0 {
		s.shrink()
	}
}

// putBack makes points in flight pending again. It delays the series if until is not
// 0.
func (s *shard) putBack(r Ref, slot int32, until int64) {
	f := s.endFlight(slot)
	e := s.entry(r)
	e.state &^= inFlight
	s.prepend(r, e, f.since, f.points)
	if until > 0 && e.state&delayed == 0 {
		s.dequeue(e)
		e.state |= delayed
		s.delayed.push(item{until, r})
	}
	s.requeue(r, e)
	s.refresh()
}

// endFlight ends a flight.
func (s *shard) endFlight(slot int32) flight {
	f := s.flights[slot]
	s.flights[slot] = flight{}
	s.freeFlights = append(s.freeFlights, slot)
	return f
}

// retry ends the delay of series that are due, and returns when the next is due.
func (s *shard) retry(now int64) (next int64) {
	for len(s.delayed) > 0 && s.delayed[0].key <= now {
		r := s.delayed.pop().ref
		e := s.entry(r)
		e.state &^= delayed
		s.requeue(r, e)
	}
	s.refresh()
	if len(s.delayed) == 0 {
		return never
	}
	return s.delayed[0].key
}

// each calls f for all series, and for Refs that are free.
func (s *shard) each(f func(r Ref, e *entry)) {
	blocks := *s.c.blocks.Load()
	for b := s.index; b < len(blocks); b += shardCount {
		for i := range blocks[b].entries {
			f(Ref(b<<blockBits+i), &blocks[b].entries[i])
		}
	}
}

// oldestOfAll returns the stamp of the oldest point, those in flight included.
func (s *shard) oldestOfAll() int64 {
	oldest := int64(never)
	s.each(func(r Ref, e *entry) {
		if e.since < oldest && (e.n > 0 || s.takeable(r, e) > 0) {
			oldest = e.since
		}
	})
	for _, m := range s.replayed {
		oldest = min(oldest, m.since)
	}
	for _, f := range s.flights {
		if f.ref != 0 {
			oldest = min(oldest, f.since)
		}
	}
	return oldest
}

// read copies the encoded points of a series, those in flight included, to
// tmp.bytes, in the order of their arrival. It returns their number.
func (s *shard) read(r Ref, tmp *scratch) (n uint32) {
	e := s.entry(r)
	parts := make([]pendingPoints, 0, 3)
	if e.state&inFlight != 0 {
		i := slices.IndexFunc(s.flights, func(f flight) bool { return f.ref == r })
		parts = append(parts, s.flights[i].points)
	}
	if e.state&live != 0 {
		parts = append(parts, s.replayed[r].points)
	}
	parts = append(parts, e.pendingPoints)
	tmp.bytes = tmp.bytes[:0]
	for i := range parts {
		if parts[i].n > 0 {
			tmp.bytes = append(s.bytes(tmp.bytes, &parts[i]), restart)
			n += parts[i].n
		}
	}
	return n
}

// drop removes the points of a series, except those in flight. It returns their
// number, and how many of them were live.
func (s *shard) drop(r Ref) (n, ofLive int) {
	e := s.entry(r)
	n = int(e.n)
	if e.state&live != 0 {
		ofLive = n
	}
	if m, ok := s.replayed[r]; ok {
		n += int(m.points.n)
		s.release(&m.points)
		delete(s.replayed, r)
	}
	if n == 0 {
		return 0, 0
	}
	s.release(&e.pendingPoints)
	s.dequeue(e)
	e.state &^= live
	if e.state&inFlight == 0 {
		s.markEmpty(e)
	}
	s.refresh()
	return n, ofLive
}

// forget adds the series to gone that have had no points since before. It reports
// whether there are any.
func (s *shard) forget(before int64, gone bitmap) (some bool) {
	s.each(func(r Ref, e *entry) {
		if e.n == 0 && e.state == 0 && e.since < before && s.c.link(r).name != 0 {
			*e = entry{}
			gone.set(r)
			some = true
		}
	})
	return some
}
