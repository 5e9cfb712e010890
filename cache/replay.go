package cache

import "carbon/metric"

// replayed holds the pending points of a series that are older than its live ones,
// during a replay.
type replayed struct {
	points pendingPoints
	since  int64 // stamp of the oldest live point
}

// BeginReplay begins a replay. Points that Add adds from now on are live: newer than
// those that AddReplayed adds. Until EndReplay, Take returns no live points, so that
// no point is stored before an older one of its series.
func (c *Cache) BeginReplay() { c.setReplaying(true) }

func (c *Cache) setReplaying(on bool) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		switch {
		case on == s.replaying:
		case on:
			s.replayed = make(map[Ref]replayed)
		default:
			s.endReplay()
		}
		s.replaying = on
		s.mu.Unlock()
	}
}

// AddReplayed adds points as Add does, but as older than all live points. It must be
// called between BeginReplay and EndReplay.
func (c *Cache) AddReplayed(at int64, refs []Ref, points []metric.Datapoint) {
	grown := 0
	for i, r := range refs {
		s := c.shard(r)
		s.mu.Lock()
		s.clock = max(s.clock, at)
		e := s.entry(r)
		if e.state&live == 0 {
			grown += s.add(r, e, at, points[i].Point)
		} else {
			grown += s.addReplayed(r, e, at, points[i].Point)
		}
		s.mu.Unlock()
	}
	c.grow(grown)
}

// EndReplay ends the replay: Take may return all points again.
func (c *Cache) EndReplay() {
	c.setReplaying(false)
	c.live.Store(0)
}

// Takeable returns the number of pending points without the live ones. A replay
// waits for this number to shrink, and not for Size: the cache may be full of live
// points.
func (c *Cache) Takeable() int64 { return c.size.Load() - c.live.Load() }

// DropReplayed removes the pending points of the named series as Drop does, except
// the live ones.
func (c *Cache) DropReplayed(names []string) (points int) {
	return c.drop(names, (*shard).dropReplayed)
}

// dropReplayed removes the pending points of a series except the live ones.
func (s *shard) dropReplayed(r Ref) (n, ofLive int) {
	e := s.entry(r)
	if e.state&live == 0 {
		return s.drop(r)
	}
	m, hasReplayed := s.replayed[r]
	if !hasReplayed {
		return 0, 0
	}
	n = int(m.points.n)
	s.release(&m.points)
	s.dequeue(e)
	s.setSince(e, m.since)
	delete(s.replayed, r)
	s.refresh()
	return n, 0
}

// addLive adds a point that arrives during a replay.
func (s *shard) addLive(r Ref, e *entry, at int64, p metric.Point) (grown int) {
	if e.state&live == 0 {
		e.state |= live
		if e.n > 0 {
			s.replayed[r] = replayed{points: e.pendingPoints, since: never}
			e.pendingPoints = pendingPoints{state: e.state}
		}
	}
	m, hasReplayed := s.replayed[r]
	switch {
	case hasReplayed && at < m.since:
		m.since = at
		s.replayed[r] = m
	case !hasReplayed && e.n == 0:
		if e.state&inFlight == 0 {
			s.nonEmpty++
		}
		s.setSince(e, at)
	case !hasReplayed:
		s.setSince(e, min(e.since, at))
	}
	return s.put(&e.pendingPoints, p)
}

// addReplayed adds a point as older than the live ones.
func (s *shard) addReplayed(r Ref, e *entry, at int64, p metric.Point) (grown int) {
	m, hasReplayed := s.replayed[r]
	if !hasReplayed {
		m = replayed{since: e.since}
		s.setSince(e, at)
	}
	s.setSince(e, min(e.since, at))
	grown = s.put(&m.points, p)
	s.replayed[r] = m
	s.requeue(r, e)
	return grown
}

// prepend makes p, whose oldest point arrived at since, the oldest points of the
// series.
func (s *shard) prepend(r Ref, e *entry, since int64, p pendingPoints) {
	if e.state&live == 0 {
		if e.n > 0 {
			since = min(since, e.since)
		}
		s.setSince(e, since)
		p.state = e.state
		e.pendingPoints = s.join(p, e.pendingPoints)
		return
	}
	m, hasReplayed := s.replayed[r]
	if !hasReplayed {
		m.since = e.since
		s.setSince(e, since)
	}
	s.setSince(e, min(e.since, since))
	m.points = s.join(p, m.points)
	s.replayed[r] = m
}

// endReplay joins the replayed and the live points of each series.
func (s *shard) endReplay() {
	s.each(func(r Ref, e *entry) {
		if e.state&live == 0 {
			return
		}
		m, hasReplayed := s.replayed[r]
		e.state &^= live
		if hasReplayed {
			m.points.state = e.state
			e.pendingPoints = s.join(m.points, e.pendingPoints)
			s.setSince(e, min(e.since, m.since))
		}
		if e.n > 0 {
			s.requeue(r, e)
		}
	})
	s.replayed = nil
	s.refresh()
}
