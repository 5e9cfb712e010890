package whisper

import (
	"sync"
	"time"
)

// createLimiter limits how many files are created per minute. It is a token bucket that
// holds one minute's worth. It defers each further create to a later time than the one
// before, so that callers do not all retry at once.
type createLimiter struct {
	mu        sync.Mutex
	interval  time.Duration // between creates; 0 means no limit
	burst     int
	tokens    float64
	filled    time.Time
	lastUntil time.Time // the time to which the latest create was deferred
}

// maxDelay is the maximum time by which a create is deferred. Without it, millions of new
// metrics would wait for hours.
const maxDelay = 10 * time.Minute

func newCreateLimiter(perMinute int, now time.Time) *createLimiter {
	if perMinute <= 0 {
		return &createLimiter{}
	}
	return &createLimiter{interval: time.Minute / time.Duration(perMinute), burst: perMinute, tokens: float64(perMinute), filled: now}
}

// allow reports whether a file may be created now, and if not, when to ask again.
func (c *createLimiter) allow(now time.Time) (until time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.interval == 0 {
		return now, true
	}
	passed := max(0, now.Sub(c.filled)) // the clock may have been set back
	c.tokens = min(float64(c.burst), c.tokens+float64(passed)/float64(c.interval))
	c.filled = now
	if c.tokens >= 1 {
		c.tokens--
		return now, true
	}
	c.lastUntil = c.lastUntil.Add(c.interval)
	if earliest := now.Add(c.interval); c.lastUntil.Before(earliest) || c.lastUntil.After(now.Add(maxDelay)) {
		c.lastUntil = earliest
	}
	return c.lastUntil, false
}

// lift removes the limit.
func (c *createLimiter) lift() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interval = 0
}
