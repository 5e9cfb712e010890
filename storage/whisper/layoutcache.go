package whisper

import (
	"hash/maphash"
	"slices"
	"sync"

	"carbon/metric"
)

// layoutCache caches the layouts of recently used metrics, so that FetchPending need not
// open the file that it has just fetched. A layout may be out of date if another program
// has replaced the file.
type layoutCache struct {
	mu      sync.Mutex
	seed    maphash.Seed
	layouts []metric.Layout
	byName  map[uint64]int // by hash of the metric name: index in layouts
}

const (
	maxLayouts       = 1024    // maximum number of distinct layouts; the cache is cleared at this size
	maxCachedLayouts = 1 << 17 // maximum number of metrics, likewise
)

func newLayoutCache() *layoutCache {
	return &layoutCache{seed: maphash.MakeSeed(), byName: make(map[uint64]int)}
}

// add stores the layout of a metric.
func (l *layoutCache) add(name string, h *header) {
	key := maphash.String(l.seed, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, ok := l.byName[key]; ok && h.hasLayout(l.layouts[i]) {
		return
	}
	if len(l.byName) >= maxCachedLayouts || len(l.layouts) >= maxLayouts {
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

// get returns the layout of a metric. The caller must not change it.
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

// remove removes the layout of a metric whose file was deleted or changed.
func (l *layoutCache) remove(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byName, maphash.String(l.seed, name))
}

// hasLayout reports whether the file has the given layout.
func (h *header) hasLayout(l metric.Layout) bool {
	return h.method == l.Aggregation && h.xFilesFactor == l.XFilesFactor &&
		slices.EqualFunc(h.archives, l.Archives, func(a archive, b metric.Archive) bool { return a.Archive == b })
}
