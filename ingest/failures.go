package ingest

import (
	"sync"
	"sync/atomic"
	"time"

	"carbon/instrumentation/tally"
)

// A metric that could not be stored is tried again after a second, and each time
// after twice as long. The end of it bounds how long a store that is well again
// has to wait for the last of its points.
const (
	firstDelay = time.Second
	lastDelay  = time.Minute
)

// faults remembers which metrics could not be stored.
type failures struct {
	mu     sync.Mutex
	delays map[string]time.Duration // the last of each metric
	last   error
	count  atomic.Int64 // len(delays)
	logged tally.Tally
}

// failed notes that a metric could not be stored. It returns how long to wait
// before it is tried again, and whether to log it: one in a second is.
func (f *failures) failed(name string, err error, now time.Time) (delay time.Duration, log bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.delays == nil {
		f.delays = make(map[string]time.Duration)
	}
	delay = min(max(firstDelay, 2*f.delays[name]), lastDelay)
	f.delays[name] = delay
	f.count.Store(int64(len(f.delays)))
	f.last = err
	return delay, f.logged.Add("store", now)
}

// succeeded notes that a metric was stored.
func (f *failures) succeeded(name string) {
	if f.count.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.delays, name)
	if len(f.delays) == 0 {
		f.last = nil
	}
	f.count.Store(int64(len(f.delays)))
}

// lastError returns why a metric could not be stored; nil if there is none now.
func (f *failures) lastError() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}
