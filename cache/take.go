package cache

import (
	"math"
	"math/bits"
	"slices"

	"carbon/metric"
)

// Due says which series are due: those whose oldest point was stamped at Before or
// earlier, and those with at least Points points.
type Due struct {
	Before int64

	// Points is 0 for no such rule. A value other than in the last call of Take
	// makes Take visit every series.
	Points int

	// OldestFirst overrides the strategy of the cache.
	OldestFirst bool
}

// Batch holds points of one series that are in flight: on their way to the store.
// Points belongs to the cache. It must not be changed, and is valid until Done or
// Return.
type Batch struct {
	Ref    Ref
	Name   string
	Points []metric.Point // sorted by time, at most one for each time

	slot    int32 // index in the shard's flights
	scratch *scratch
}

// Take returns up to most points, at least one, of a series that is due: those that
// arrived first. ok is false if no series is due. The points can be read until Done.
// Take returns no other points of the series until Done or Return.
func (c *Cache) Take(due Due, most int) (b Batch, ok bool) {
	most = max(most, 1)
	if due.Points > 0 {
		c.setReadyAt(due.Points)
	}
	if c.strategy != TimeSorted && !due.OldestFirst {
		return c.takePlanned(due, most)
	}
	if b, ok = c.takeOldest(due, most); ok || due.Points <= 0 {
		return b, ok
	}
	return c.takeReady(due, most)
}

// takeOldest takes from the series that has waited longest, if it is due.
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
		s.refresh() // another call has taken it
		s.mu.Unlock()
	}
}

// longest returns the shard with the point that has waited longest, and its stamp.
func (c *Cache) longest() (shard int, at int64) {
	at = never
	for i := range c.oldest {
		if since := c.oldest[i].Load(); since < at {
			shard, at = i, since
		}
	}
	return shard, at
}

// takeReady takes from a series with at least due.Points points.
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

// Waiting returns how long series have waited: counts[i] is the number of series
// whose oldest point was stamped at bounds[i] or earlier, without those in flight or
// delayed. Bounds are ascending. It visits every series.
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

// due reports whether Take may return points of a series.
func (s *shard) due(r Ref, due Due) bool {
	e := s.entry(r)
	n := s.takeable(r, e)
	return n > 0 && e.state&(inFlight|delayed) == 0 && (e.since <= due.Before || due.Points > 0 && int(n) >= due.Points)
}

// setReadyAt makes a series ready when it has this number of points.
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

// setReadyAt fills ready with the series that have this number of points.
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

// markReady adds a series to ready, if Take may return it.
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

// trimReady removes series from the front of ready that Take may not return.
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
