package ingest

import (
	"sync"
	"time"
)

// clock returns the time that stamps are made of. It follows the wall clock, but
// continues without a step when the wall clock is set back. Otherwise the stamps
// of pending points would lie in the future, and the points would not be stored
// until the wall clock has caught up.
type clock struct {
	wall func() time.Time

	mu    sync.Mutex
	last  time.Time     // what wall returned last
	ahead time.Duration // of the wall clock
}

// newClock returns a clock that begins at a stamp, or at the wall clock's time if
// that is later.
func newClock(wall func() time.Time, stamp int64) *clock {
	c := &clock{wall: wall, last: wall().Round(0)}
	c.ahead = max(0, time.Duration(stamp-c.last.UnixNano()))
	return c
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.wall().Round(0) // without the monotonic reading
	c.ahead += max(0, c.last.Sub(now))
	c.last = now
	return now.Add(c.ahead)
}

// until converts a time of the wall clock into one of this clock.
func (c *clock) until(t time.Time) time.Time {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Add(t.Round(0).Sub(c.last))
}
