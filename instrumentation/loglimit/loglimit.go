// Package loglimit counts events by reason and limits how often each reason is
// logged: once per second.
//
// It is for events that clients can cause at any rate, such as unreadable lines:
// the server counts all of them and logs a few.
package loglimit

import (
	"sync"
	"time"
)

// interval is the shortest time between two log messages with the same reason.
const interval = time.Second

// Counter counts events by reason. The zero value is ready to use. All methods may
// be called concurrently.
//
// A reason must be a constant of the program, never text from a client: a Counter
// keeps every reason forever.
type Counter struct {
	mu      sync.Mutex
	reasons map[string]*entry
}

type entry struct {
	count  int64
	logged time.Time
}

// Add counts one event and reports whether the caller should log it: whether no
// event with this reason was logged during the last second.
func (c *Counter) Add(reason string, now time.Time) (log bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.reasons[reason]
	if e == nil {
		if c.reasons == nil {
			c.reasons = make(map[string]*entry)
		}
		e = &entry{}
		c.reasons[reason] = e
	}
	e.count++
	if e.count > 1 && now.Sub(e.logged) < interval {
		return false
	}
	e.logged = now
	return true
}

// Counts returns the number of events by reason. The caller owns the map.
func (c *Counter) Counts() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := make(map[string]int64, len(c.reasons))
	for reason, e := range c.reasons {
		counts[reason] = e.count
	}
	return counts
}
