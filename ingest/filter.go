package ingest

import (
	"sync"

	"carbon/cache"
)

// Filter decides by their names which points are taken in.
type Filter struct {
	refuse func(name string) (reason string)

	mu     sync.RWMutex
	passed map[cache.Ref]struct{} // series whose name passes as it is
}

// NewFilter returns a Filter. refuse says of a name, as the client sent it, why it
// is not taken; empty: it is. Of series that come in the order they came in last
// time it is asked once, of others each time.
func NewFilter(refuse func(name string) (reason string)) *Filter {
	return &Filter{refuse: refuse, passed: make(map[cache.Ref]struct{})}
}

// SetFilter replaces what decides; nil lets everything pass.
func (p *Pipeline) SetFilter(f *Filter) { p.filter.Store(f) }

// check says why a point is not taken in. r is the series whose name it is, if that
// is known, else 0.
func (f *Filter) check(r cache.Ref, name string) (reason string) {
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
