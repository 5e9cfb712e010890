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
type layoutCache struct {
	mu      sync.Mutex
	seed    maphash.Seed
	layouts []metric.Layout
	byName  map[uint64]int // by hash of the name: index in known
}

const (
	// maxLayouts and maxRemembered bound the memory; beyond them all is forgotten.
	maxLayouts    = 1024
	maxRemembered = 1 << 17
)

func newLayoutCache() *layoutCache {
	return &layoutCache{seed: maphash.MakeSeed(), byName: make(map[uint64]int)}
}

// note remembers the layout of a metric.
func (l *layoutCache) add(name string, h *header) {
	key := maphash.String(l.seed, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, ok := l.byName[key]; ok && h.hasLayout(l.layouts[i]) {
		return
	}
	if len(l.byName) >= maxRemembered || len(l.layouts) >= maxLayouts {
		clear(l.byName)
		l.layouts = nil
	}
	i := slices.IndexFunc(l.layouts, h.hasLayout)
	if i < 0 {
		i = len(l.layouts)
		l.layouts = append(l.layouts, h.layout())
	}
	l.byName[key] = i
}

// get returns the layout of a metric. It must not be changed.
func (l *layoutCache) get(name string) (metric.Layout, bool) {
	key := maphash.String(l.seed, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.byName[key]
	if !ok {
		return metric.Layout{}, false
	}
	return l.layouts[i], true
}

// forget is for a metric whose file is gone.
func (l *layoutCache) remove(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byName, maphash.String(l.seed, name))
}

// is tells whether the file is kept as a layout says.
func (h *header) hasLayout(l metric.Layout) bool {
	return h.method == l.Aggregation && h.xFilesFactor == l.XFilesFactor &&
		slices.EqualFunc(h.archives, l.Archives, func(a archive, b metric.Archive) bool { return a.Archive == b })
}
