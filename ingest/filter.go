package ingest

import (
	"sync"

	"carbon/cache"
)

// filter decides by name which points are refused.
type filter struct {
	refuse func(name string) (reason string)

	mu     sync.RWMutex
	passed map[cache.Ref]struct{} // series that are not refused
}

// SetFilter replaces the function that decides which points are refused; nil
// accepts all. refuse is given a name as the client sent it, and returns why it is
// refused, or "". It is called once for a series that comes in the same order as
// the last time, and each time for other points.
func (p *Pipeline) SetFilter(refuse func(name string) (reason string)) {
	if refuse == nil {
		p.filter.Store(nil)
		return
	}
	p.filter.Store(&filter{refuse: refuse, passed: make(map[cache.Ref]struct{})})
}

// check returns why a point is refused, or "". r is the series with this very
// name; 0: not known. The Pipeline's pushing lock is held.
func (f *filter) check(r cache.Ref, name string) (reason string) {
	if f == nil {
		return ""
	}
	if r == 0 {
		return f.refuse(name)
	}
	f.mu.RLock()
	_, known := f.passed[r]
	f.mu.RUnlock()
	if known {
		return ""
	}
	if reason = f.refuse(name); reason == "" {
		f.mu.Lock()
		f.passed[r] = struct{}{}
		f.mu.Unlock()
	}
	return reason
}

// forget removes a series that the cache has forgotten: its Ref will name another.
func (f *filter) forget(r cache.Ref) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.passed, r)
}
