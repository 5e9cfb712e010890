package cache

import "carbon/metric"

// mixed is what waits beneath the live points of a series while a replay goes on.
type mixed struct {
	older pile
	since int64 // stamp of the oldest live point
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
			s.mixed = make(map[Ref]mixed)
		default:
			s.endReplay()
		}
		s.replaying = on
		s.mu.Unlock()
	}
}

// AddOlder adds points as Add does, but beneath those that were added by Add since
// BeginReplay. It is for the time between BeginReplay and EndReplay.
func (c *Cache) AddOlder(at int64, refs []Ref, points []metric.Datapoint) {
	grown := 0
	for i, r := range refs {
		s := c.shard(r)
		s.mu.Lock()
		s.clock = max(s.clock, at)
		e := s.entry(r)
		if e.state&live == 0 {
			grown += s.add(r, e, at, points[i].Point)
		} else {
			grown += s.addOlder(r, e, at, points[i].Point)
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

// DropOlder drops the waiting points of the named series as Drop does, but for
// those that were added by Add since BeginReplay.
func (c *Cache) DropOlder(names []string) (points int) { return c.drop(names, (*shard).dropOlder) }

// dropOlder drops what waits of a series, but for its live points.
func (s *shard) dropOlder(r Ref) (n, ofLive int) {
	e := s.entry(r)
	if e.state&live == 0 {
		return s.drop(r)
	}
	m, isMixed := s.mixed[r]
	if !isMixed {
		return 0, 0
	}
	n = int(m.older.n)
	s.release(&m.older)
	s.dequeue(e)
	s.setSince(e, m.since)
	delete(s.mixed, r)
	s.refresh()
	return n, 0
}

// addLive appends a point that arrives while a replay goes on.
func (s *shard) addLive(r Ref, e *entry, at int64, p metric.Point) (grown int) {
	if e.state&live == 0 {
		e.state |= live
		if e.n > 0 {
			s.mixed[r] = mixed{older: e.pile, since: never}
			e.pile = pile{state: e.state}
		}
	}
	m, isMixed := s.mixed[r]
	switch {
	case isMixed && at < m.since:
		m.since = at
		s.mixed[r] = m
	case !isMixed && e.n == 0:
		if e.state&flying == 0 {
			s.busy++
		}
		s.setSince(e, at)
	case !isMixed:
		s.setSince(e, min(e.since, at))
	}
	return s.put(&e.pile, p)
}

// addOlder appends a point beneath the live ones.
func (s *shard) addOlder(r Ref, e *entry, at int64, p metric.Point) (grown int) {
	m, isMixed := s.mixed[r]
	if !isMixed {
		m = mixed{since: e.since}
		s.setSince(e, at)
	}
	s.setSince(e, min(e.since, at))
	grown = s.put(&m.older, p)
	s.mixed[r] = m
	s.wait(r, e)
	return grown
}

// putBefore puts points back, the oldest of which arrived at since, before all
// others but the live ones.
func (s *shard) putBefore(r Ref, e *entry, since int64, p pile) {
	if e.state&live == 0 {
		if e.n > 0 {
			since = min(since, e.since)
		}
		s.setSince(e, since)
		p.state = e.state
		e.pile = s.join(p, e.pile)
		return
	}
	m, isMixed := s.mixed[r]
	if !isMixed {
		m.since = e.since
		s.setSince(e, since)
	}
	s.setSince(e, min(e.since, since))
	m.older = s.join(p, m.older)
	s.mixed[r] = m
}

// endReplay lets Take give all points.
func (s *shard) endReplay() {
	s.each(func(r Ref, e *entry) {
		if e.state&live == 0 {
			return
		}
		m, isMixed := s.mixed[r]
		e.state &^= live
		if isMixed {
			m.older.state = e.state
			e.pile = s.join(m.older, e.pile)
			s.setSince(e, min(e.since, m.since))
		}
		if e.n > 0 {
			s.wait(r, e)
		}
	})
	s.mixed = nil
	s.refresh()
}
