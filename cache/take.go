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

// Taken is points of one series on their way into the store. Points belong to
// the cache: they must not be changed, and are good until Done or Return.
type Taken struct {
	Ref    Ref
	Name   string
	Points []metric.Point // by time, no two of the same

	slot    int32 // of the shard's flights
	scratch *scratch
}

// Take returns up to most points, at least one, of a series that is due: those
// that arrived first. They stay readable until Done, and no other points of the
// series are taken until then.
func (c *Cache) Take(due Due, most int) (t Taken, ok bool) {
	most = max(most, 1)
	if due.Points > 0 {
		c.heed(due.Points)
	}
	if c.strategy != TimeSorted && !due.OldestFirst {
		return c.takePlanned(due, most)
	}
	if t, ok = c.takeOldest(due, most); ok || due.Points <= 0 {
		return t, ok
	}
	return c.takeFull(due, most)
}

// takeOldest takes of the series that has waited longest.
func (c *Cache) takeOldest(due Due, most int) (Taken, bool) {
	for {
		first, at := c.longest()
		if at == never || at > due.Before {
			return Taken{}, false
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

// takeFull takes of a series of due.Points points.
func (c *Cache) takeFull(due Due, most int) (Taken, bool) {
	for crowded := c.crowded.Load(); crowded != 0; crowded = c.crowded.Load() {
		turn := int(c.turn.Add(1))
		i := (bits.TrailingZeros64(bits.RotateLeft64(crowded, -turn%shardCount)) + turn) % shardCount
		s := &c.shards[i]
		s.mu.Lock()
		s.cleanFull(due)
		if len(s.full) > 0 {
			return s.takeAndUnlock(s.full[0], most), true
		}
		s.mu.Unlock()
	}
	return Taken{}, false
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
			if e.state&(flying|delayed) == 0 && s.waiting(r, e) > 0 {
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
	n := s.waiting(r, e)
	return n > 0 && e.state&(flying|delayed) == 0 && (e.since <= due.Before || due.Points > 0 && int(n) >= due.Points)
}

// heed makes series of so many points or more known as full.
func (c *Cache) heed(points int) {
	if c.fullAt.Load() == int64(points) {
		return
	}
	c.heeding.Lock()
	defer c.heeding.Unlock()
	if c.fullAt.Load() == int64(points) {
		return
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.heed(points)
		s.mu.Unlock()
	}
	c.fullAt.Store(int64(points))
}

// heed finds the full anew.
func (s *shard) heed(points int) {
	for _, r := range s.full {
		s.entry(r).state &^= full
	}
	s.full = nil
	s.c.crowded.And(^(1 << s.index))
	s.fullAt = uint32(min(points, math.MaxUint32))
	s.each(func(r Ref, e *entry) {
		if s.waiting(r, e) >= s.fullAt {
			s.crowd(r, e)
		}
	})
}

// crowd notes that a series is full.
func (s *shard) crowd(r Ref, e *entry) {
	if e.state&(full|flying|delayed) != 0 {
		return
	}
	e.state |= full
	s.full = append(s.full, r)
	if len(s.full) == 1 {
		s.c.crowded.Or(1 << s.index)
	}
}

// cleanFull drops from the front of the full what Take may not give.
func (s *shard) cleanFull(due Due) {
	n := 0
	for ; n < len(s.full) && !s.due(s.full[n], due); n++ {
		s.entry(s.full[n]).state &^= full
	}
	s.full = s.full[n:]
	if len(s.full) == 0 {
		s.full = nil
		s.c.crowded.And(^(1 << s.index))
	}
}
