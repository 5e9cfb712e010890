package whisper

import (
	"hash/maphash"
	"slices"
	"sync"

	"carbon/metric"
)

// layouts remembers how the metrics used last are kept, so that whoever lays points
// over what was just fetched need not open its file again. It is a memory of what
// files said, which may have been replaced since.
type layouts struct {
	mu    sync.Mutex
	seed  maphash.Seed
	known []metric.Layout
	of    map[uint64]int // by hash of the name: index in known
}

const (
	// maxLayouts and maxRemembered bound the memory; beyond them all is forgotten.
	maxLayouts    = 1024
	maxRemembered = 1 << 17
)

func newLayouts() *layouts { return &layouts{seed: maphash.MakeSeed(), of: make(map[uint64]int)} }

// note remembers the layout of a metric.
func (l *layouts) note(name string, h *header) {
	key := maphash.String(l.seed, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, ok := l.of[key]; ok && h.is(l.known[i]) {
		return
	}
	if len(l.of) >= maxRemembered || len(l.known) >= maxLayouts {
		clear(l.of)
		l.known = nil
	}
	i := slices.IndexFunc(l.known, h.is)
	if i < 0 {
		i = len(l.known)
		l.known = append(l.known, h.layout())
	}
	l.of[key] = i
}

// get returns the layout of a metric. It must not be changed.
func (l *layouts) get(name string) (metric.Layout, bool) {
	key := maphash.String(l.seed, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.of[key]
	if !ok {
		return metric.Layout{}, false
	}
	return l.known[i], true
}

// forget is for a metric whose file is gone.
func (l *layouts) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, maphash.String(l.seed, name))
}

// is tells whether the file is kept as a layout says.
func (h *header) is(l metric.Layout) bool {
	return h.method == l.Aggregation && h.xFilesFactor == l.XFilesFactor &&
		slices.EqualFunc(h.archives, l.Archives, func(a archive, b metric.Archive) bool { return a.Archive == b })
}
