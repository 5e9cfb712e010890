package cache

import (
	"math"
	"math/bits"
	"slices"

	"carbon/metric"
)

// Due says which series Take may give: those whose oldest point was stamped at
// Before or earlier, and those of at least Points points (0: no such rule).
// Points is best the same in all calls; a change costs a look at every series.
type Due struct {
	Before int64
	Points int

	// OldestFirst overrides the strategy of the cache.
	OldestFirst bool
}

// Batch is points of one series on their way into the store. Points belong to
// the cache: they must not be changed, and are good until Done or Return.
type Batch struct {
	Ref    Ref
	Name   string
	Points []metric.Point // by time, no two of the same

	slot    int32 // of the shard's flights
	scratch *scratch
}

// Take returns up to most points, at least one, of a series that is due: those
// that arrived first. They stay readable until Done, and no other points of the
// series are taken until then.
func (c *Cache) Take(due Due, most int) (t Batch, ok bool) {
	most = max(most, 1)
	if due.Points > 0 {
		c.setReadyAt(due.Points)
	}
	if c.strategy != TimeSorted && !due.OldestFirst {
		return c.takePlanned(due, most)
	}
	if t, ok = c.takeOldest(due, most); ok || due.Points <= 0 {
		return t, ok
	}
	return c.takeReady(due, most)
}

// takeOldest takes of the series that has waited longest.
func (c *Cache) takeOldest(due Due, most int) (Batch, bool) {
	for {
		first, at := c.longest()
		if at == never || at > due.Before {
			return Batch{}, false
		}
		s := &c.shards[first]
		s.mu.Lock()
		r := s.first()
		if r != 0 && s.entry(r).since <= due.Before {
			return s.takeAndUnlock(r, most), true
		}
		s.refresh() // another was quicker
		s.mu.Unlock()
	}
}

// longest returns which shard has the point that has waited longest, and its
// stamp.
func (c *Cache) longest() (shard int, at int64) {
	at = never
	for i := range c.oldest {
		if since := c.oldest[i].Load(); since < at {
			shard, at = i, since
		}
	}
	return shard, at
}

// takeReady takes of a series of due.Points points.
func (c *Cache) takeReady(due Due, most int) (Batch, bool) {
	for ready := c.readyShards.Load(); ready != 0; ready = c.readyShards.Load() {
		turn := int(c.turn.Add(1))
		i := (bits.TrailingZeros64(bits.RotateLeft64(ready, -turn%shardCount)) + turn) % shardCount
		s := &c.shards[i]
		s.mu.Lock()
		s.trimReady(due)
		if len(s.ready) > 0 {
			return s.takeAndUnlock(s.ready[0], most), true
		}
		s.mu.Unlock()
	}
	return Batch{}, false
}

// Waiting counts the series that Take may give by how long they have waited:
// counts[i] is how many have a point that was stamped at bounds[i] or earlier.
// Bounds rise. It looks at every series.
func (c *Cache) Waiting(bounds []int64) (counts []int) {
	counts = make([]int, len(bounds)+1)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.each(func(r Ref, e *entry) {
			if e.state&(inFlight|delayed) == 0 && s.takeable(r, e) > 0 {
				n, _ := slices.BinarySearch(bounds, e.since)
				counts[n]++
			}
		})
		s.mu.Unlock()
	}
	for i := 1; i < len(bounds); i++ {
		counts[i] += counts[i-1]
	}
	return counts[:len(bounds)]
}

// due reports whether Take may give a series.
func (s *shard) due(r Ref, due Due) bool {
	e := s.entry(r)
	n := s.takeable(r, e)
	return n > 0 && e.state&(inFlight|delayed) == 0 && (e.since <= due.Before || due.Points > 0 && int(n) >= due.Points)
}

// setReadyAt makes series of so many points or more known as full.
func (c *Cache) setReadyAt(points int) {
	if c.readyAt.Load() == int64(points) {
		return
	}
	c.readyMu.Lock()
	defer c.readyMu.Unlock()
	if c.readyAt.Load() == int64(points) {
		return
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.setReadyAt(points)
		s.mu.Unlock()
	}
	c.readyAt.Store(int64(points))
}

// setReadyAt finds the full anew.
func (s *shard) setReadyAt(points int) {
	for _, r := range s.ready {
		s.entry(r).state &^= ready
	}
	s.ready = nil
	s.c.readyShards.And(^(1 << s.index))
	s.readyAt = uint32(min(points, math.MaxUint32))
	s.each(func(r Ref, e *entry) {
		if s.takeable(r, e) >= s.readyAt {
			s.markReady(r, e)
		}
	})
}

// markReady notes that a series is full.
func (s *shard) markReady(r Ref, e *entry) {
	if e.state&(ready|inFlight|delayed) != 0 {
		return
	}
	e.state |= ready
	s.ready = append(s.ready, r)
	if len(s.ready) == 1 {
		s.c.readyShards.Or(1 << s.index)
	}
}

// trimReady drops from the front of the full what Take may not give.
func (s *shard) trimReady(due Due) {
	n := 0
	for ; n < len(s.ready) && !s.due(s.ready[n], due); n++ {
		s.entry(s.ready[n]).state &^= ready
	}
	s.ready = s.ready[n:]
	if len(s.ready) == 0 {
		s.ready = nil
		s.c.readyShards.And(^(1 << s.index))
	}
}
