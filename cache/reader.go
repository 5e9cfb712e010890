package cache

import (
	"context"
	"slices"

	"carbon/metric"
	"carbon/storage"
)

// Reader answers as its store will when the cached points are written.
//
// It needs a store that is a storage.Describer: without one, metrics that are
// only in the cache are not fetched, and every step counts as a metric's finest.
type Reader struct {
	cache     *Cache
	store     storage.Store
	tagger    storage.Tagger    // nil: there are no tags
	describer storage.Describer // nil: not known
}

// NewReader returns a Reader over a cache and the store behind it.
func NewReader(c *Cache, s storage.Store) *Reader {
	r := &Reader{cache: c, store: s}
	r.tagger, _ = s.(storage.Tagger)
	r.describer, _ = s.(storage.Describer)
	return r
}

// Find asks the store, which was told of the metrics in the cache
// (storage.Announcer).
func (r *Reader) Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error) {
	return r.store.Find(ctx, pattern, w)
}

// FindTagged asks the store; one that knows no tags has no tagged series.
func (r *Reader) FindTagged(ctx context.Context, exprs []string) ([]string, error) {
	if r.tagger == nil {
		return nil, nil
	}
	return r.tagger.FindTagged(ctx, exprs)
}

// Fetch asks the store and lays the cached points over its series. Metrics that
// are only in the cache come as they will when they are stored.
//
// At a metric's finest step the result is exact. At a coarser one each slot with
// cached points is rolled up anew from the finest points, cached and stored: that
// too is what the store will hold. It cannot be done for slots that the finest
// archive reaches back to in part or not at all; there the cached points of a slot
// alone make its value, as in graphite-web.
func (r *Reader) Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error) {
	// The cache first: what is stored meanwhile is then in both.
	var all []metric.Point
	ends := make([]int, len(q.Names))
	for i, name := range q.Names {
		all = r.cache.appendPoints(all, name)
		ends[i] = len(all)
	}
	stored, err := r.store.Fetch(ctx, q)
	if err != nil || len(all) == 0 {
		return stored, err
	}

	series := make([]metric.Series, 0, len(q.Names))
	var coarse []rollup
	begin := 0
	for i, name := range q.Names {
		var s metric.Series
		cached := all[begin:ends[i]]
		begin = ends[i]
		found := len(stored) > 0 && stored[0].Name == name
		if found {
			s, stored = stored[0], stored[1:]
		}
		if len(cached) == 0 {
			if found {
				series = append(series, s)
			}
			continue
		}
		layout := r.layout(name, s)
		if found {
			s.Values = slices.Clone(s.Values) // they may be the store's
		} else if s, found = empty(name, layout, q.Window, q.Now); !found {
			continue
		}
		series = append(series, s)
		if s.Step == layout.Archives[0].Step {
			overlay(s, cached)
		} else {
			coarse = append(coarse, rollup{len(series) - 1, layout, cached})
		}
	}
	return series, r.rollUp(ctx, q, series, coarse)
}

// layout returns how a metric is kept. Where nobody knows it is as s has it.
func (r *Reader) layout(name string, s metric.Series) metric.Layout {
	if r.describer != nil {
		// If it cannot be described it has just been fetched, or is not fetched.
		if layout, err := r.describer.Describe(name); err == nil && len(layout.Archives) > 0 {
			return layout
		}
	}
	return metric.Layout{Archives: []metric.Archive{{Step: s.Step, Points: int64(len(s.Values))}}}
}

// empty returns the series of a metric without stored points over a window, as
// whisper cuts it: by the finest archive that reaches back from now to w.From,
// from the slot after w.From to that of w.Until, within what is kept. ok is
// false if nothing of the window is.
func empty(name string, l metric.Layout, w metric.Window, now int64) (s metric.Series, ok bool) {
	last := l.Archives[len(l.Archives)-1]
	if last.Step <= 0 || w.From > w.Until || w.From > now || w.Until < now-last.Retention() {
		return s, false
	}
	from := max(w.From, now-last.Retention())
	until := min(w.Until, now)
	archive := last
	for _, a := range l.Archives {
		if a.Retention() >= now-from {
			archive = a
			break
		}
	}
	step := archive.Step
	start := slot(from, step) + step
	n := (slot(until, step) + step - start) / step
	if n == 0 {
		n = 1 // a window within one slot: whisper answers with the next
	}
	s = metric.Series{Name: name, Tags: metric.ParseTags(name), Start: start, Step: step, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = none
	}
	return s, true
}

// overlay sets the slots of s that points fall into; the latest of a slot wins.
func overlay(s metric.Series, points []metric.Point) {
	for _, p := range points {
		set(s, p)
	}
}

// set sets the slot of s that p falls into, if there is one.
func set(s metric.Series, p metric.Point) {
	if i := (slot(p.Time, s.Step) - s.Start) / s.Step; p.Time >= s.Start && i < int64(len(s.Values)) {
		s.Values[i] = p.Value
	}
}

// slot returns the time at which the slot of t begins, before 1970 too.
func slot(t, step int64) int64 {
	if r := t % step; r < 0 {
		return t - r - step
	}
	return t - t%step
}
