package ingest

import (
	"sync"
	"sync/atomic"
	"time"

	"carbon/instrumentation/loglimit"
)

// A failed metric is tried again after firstDelay, and after each further failure
// twice as long, up to lastDelay. So all pending points are stored at most
// lastDelay after a store has recovered.
const (
	firstDelay = time.Second
	lastDelay  = time.Minute
)

// failures remembers the metrics whose last update failed.
type failures struct {
	mu     sync.Mutex
	delays map[string]time.Duration // the current delay of each metric
	last   error
	count  atomic.Int64 // len(delays)
	logged loglimit.Counter
}

// failed adds a metric. It returns how long to wait before it is tried again, and
// whether to log the failure: one in a second is logged.
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

// succeeded removes a metric.
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

// lastError returns the error of the latest failure; nil if no metric fails now.
func (f *failures) lastError() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}
