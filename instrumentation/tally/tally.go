// Package tally counts events by reason and says which of them to log: the first
// of each reason in a second.
//
// It is for what clients can cause at any rate, such as unreadable lines: every
// one is counted, few are logged.
package tally

import (
	"sync"
	"time"
)

// Every is how often one reason may be logged.
const Every = time.Second

// Tally counts by reason. The zero value is ready; all methods may be called
// concurrently.
//
// Reasons are constant words of the program, never text from a client: each
// takes memory for good.
type Tally struct {
	mu      sync.Mutex
	reasons map[string]*entry
}

type entry struct {
	count  int64
	logged time.Time
}

// Add counts one event and reports whether it should be logged: when none of
// this reason was during the last second.
func (t *Tally) Add(reason string, now time.Time) (log bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.reasons[reason]
	if e == nil {
		if t.reasons == nil {
			t.reasons = make(map[string]*entry)
		}
		e = &entry{}
		t.reasons[reason] = e
	}
	e.count++
	if e.count > 1 && now.Sub(e.logged) < Every {
		return false
	}
	e.logged = now
	return true
}

// Counts returns how many events there were by reason. The map is the caller's.
func (t *Tally) Counts() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := make(map[string]int64, len(t.reasons))
	for reason, e := range t.reasons {
		counts[reason] = e.count
	}
	return counts
}
