package cache

import "carbon/metric"

// replayed is what waits beneath the live points of a series while a replay goes on.
type replayed struct {
	points pendingPoints
	since  int64 // stamp of the oldest live point
}

// BeginReplay begins to take in points that are older than those that Add adds
// from now on. Until EndReplay series with live points wait, so that nothing is
// stored before what is older.
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

// AddReplayed adds points as Add does, but beneath those that were added by Add since
// BeginReplay. It is for the time between BeginReplay and EndReplay.
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

// EndReplay ends the replay: all series may be taken again.
func (c *Cache) EndReplay() {
	c.setReplaying(false)
	c.live.Store(0)
}

// Takeable is how many of the points Take may give or has given: all but the live
// ones while a replay goes on. Who replays waits for this to shrink, not for Size,
// in which live points may be all there is.
func (c *Cache) Takeable() int64 { return c.size.Load() - c.live.Load() }

// DropReplayed drops the waiting points of the named series as Drop does, but for
// those that were added by Add since BeginReplay.
func (c *Cache) DropReplayed(names []string) (points int) {
	return c.drop(names, (*shard).dropReplayed)
}

// dropReplayed drops what waits of a series, but for its live points.
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

// addLive appends a point that arrives while a replay goes on.
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

// addReplayed appends a point beneath the live ones.
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

// prepend puts points back, the oldest of which arrived at since, before all
// others but the live ones.
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

// endReplay lets Take give all points.
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
