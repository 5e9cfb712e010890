package ingest

import (
	"sync"
	"time"
)

// clock tells the time by which a Pipeline reckons how long points have waited:
// that of a wall clock, but when that is set back it goes on as if it were not.
// Stamps never go back; held against a clock that did, points would seem to have
// come a moment ago until it has caught up, and would not be stored.
type clock struct {
	wall func() time.Time

	mu    sync.Mutex
	last  time.Time     // by the wall clock
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
	now := c.wall().Round(0) // what the wall clock shows, not how long it has run
	c.ahead += max(0, c.last.Sub(now))
	c.last = now
	return now.Add(c.ahead)
}

// until returns when it is what the wall clock will call t.
func (c *clock) until(t time.Time) time.Time {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Add(t.Round(0).Sub(c.last))
}
