package cache

import (
	"context"

	"carbon/metric"
	"carbon/storage"
)

// Reader is a Store seen through a cache: it answers from both.
//
// A store that is a storage.PendingFetcher adds the pending points to its answers
// itself, by its own retentions and rollups. With any other store the Reader puts
// each pending point into the slot of the stored series that it falls into;
// a metric without stored points is then not found.
type Reader struct {
	cache   *Cache
	store   storage.Store
	pending storage.PendingFetcher // nil: the store does not implement it
	tagger  storage.Tagger         // nil: the store has no tags
}

// NewReader returns a Reader over a cache and the store behind it.
func NewReader(c *Cache, s storage.Store) *Reader {
	r := &Reader{cache: c, store: s}
	r.pending, _ = s.(storage.PendingFetcher)
	r.tagger, _ = s.(storage.Tagger)
	return r
}

// Find asks the store. A storage.Announcer was told of the metrics in the cache.
func (r *Reader) Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error) {
	return r.store.Find(ctx, pattern, w)
}

// FindTagged asks the store. A store without tags has no tagged series.
func (r *Reader) FindTagged(ctx context.Context, exprs []string) ([]string, error) {
	if r.tagger == nil {
		return nil, nil
	}
	return r.tagger.FindTagged(ctx, exprs)
}

// Fetch returns the series of the named metrics, stored and pending points
// together, as storage.Store does.
func (r *Reader) Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error) {
	// The cache comes first: points that are stored meanwhile are then in both,
	// and not in neither.
	var all []metric.Point
	ends := make([]int, len(q.Names))
	for i, name := range q.Names {
		all = r.cache.appendPoints(all, name)
		ends[i] = len(all)
	}
	if len(all) == 0 {
		return r.store.Fetch(ctx, q)
	}
	pending := make([][]metric.Point, len(ends))
	begin := 0
	for i, end := range ends {
		pending[i] = all[begin:end]
		begin = end
	}
	if r.pending != nil {
		return r.pending.FetchPending(ctx, q, pending)
	}
	series, err := r.store.Fetch(ctx, q)
	if err != nil {
		return nil, err
	}
	rest := series
	for i, name := range q.Names {
		if len(rest) > 0 && rest[0].Name == name {
			overlay(rest[0], pending[i])
			rest = rest[1:]
		}
	}
	return series, nil
}

// overlay sets the slots of s that points fall into. Points are sorted by time;
// the latest of a slot wins.
func overlay(s metric.Series, points []metric.Point) {
	for _, p := range points {
		if i := (p.Time - s.Start) / s.Step; p.Time >= s.Start && i < int64(len(s.Values)) {
			s.Values[i] = p.Value
		}
	}
}
