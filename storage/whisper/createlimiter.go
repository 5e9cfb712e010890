package whisper

import (
	"sync"
	"time"
)

// creates limits how many files are made in a minute. What is beyond it is told
// when to come again, each a little later than the one before, so that they do
// not all come at once.
type createLimiter struct {
	mu        sync.Mutex
	interval  time.Duration // between two; 0: no limit
	burst     int
	tokens    float64
	filled    time.Time
	lastDelay time.Time // for the next that is put off
}

// maxDelay bounds for how long one is put off: there may be millions.
const maxDelay = 10 * time.Minute

func newCreateLimiter(perMinute int, now time.Time) *createLimiter {
	if perMinute <= 0 {
		return &createLimiter{}
	}
	return &createLimiter{interval: time.Minute / time.Duration(perMinute), burst: perMinute, tokens: float64(perMinute), filled: now}
}

// allow tells whether a file may be made at now, or else when to ask again.
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
	c.lastDelay = c.lastDelay.Add(c.interval)
	if earliest := now.Add(c.interval); c.lastDelay.Before(earliest) || c.lastDelay.After(now.Add(maxDelay)) {
		c.lastDelay = earliest
	}
	return c.lastDelay, false
}

// lift ends the limit.
func (c *createLimiter) lift() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interval = 0
}
