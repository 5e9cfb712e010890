// Package cache holds the points that are not stored yet, and lays them over
// what a store answers.
//
// A Cache has no goroutines: its methods are steps that somebody drives, and
// what time it is they are told. A point enters by Add and is readable from then
// on. The writer gets points by Take, the metric that has waited longest first,
// and says Done when they are stored, or Return when they could not be. Until
// Done they stay readable.
//
// A Reader is a store with the cached points laid over it.
package cache

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"carbon/metric"
)

const (
	// defaultMaxPoints is for MaxPoints of 0. A point alone takes 16 bytes, a
	// metric some 250 more.
	defaultMaxPoints = 20_000_000

	// A cache that was full lets senders go on below this share, as carbon does.
	lowWatermark = 0.95

	shardBits = 6

	// never is later than any time.
	never = math.MaxInt64
)

// Options of a Cache. The zero value means the defaults.
type Options struct {
	// MaxPoints is how many points there may be before Reserve waits; 0 means
	// 20 million. More costs memory and makes a crash dearer; with less, a slow
	// store makes senders wait sooner.
	MaxPoints int64
}

// Cache holds points by metric. All methods may be called concurrently.
type Cache struct {
	max, low int64
	seed     maphash.Seed
	shards   [1 << shardBits]shard
	oldest   [1 << shardBits]atomic.Int64 // of each shard, side by side for Take

	size     atomic.Int64 // points
	claimed  atomic.Int64 // points and reservations
	overflow atomic.Int64 // reservations that had to wait
	retryAt  atomic.Int64 // when the first of the delayed is due

	unbounded atomic.Bool
	full      atomic.Bool
	gate      sync.Mutex
	space     chan struct{} // closed when the cache is full no more
}

// New returns an empty cache.
func New(o Options) *Cache {
	if o.MaxPoints <= 0 {
		o.MaxPoints = defaultMaxPoints
	}
	c := &Cache{
		max:   o.MaxPoints,
		low:   max(1, int64(lowWatermark*float64(o.MaxPoints))),
		seed:  maphash.MakeSeed(),
		space: make(chan struct{}),
	}
	for i := range c.shards {
		c.shards[i].init(&c.oldest[i])
	}
	c.retryAt.Store(never)
	return c
}

// Add puts points into the cache; now is the time they arrived. The names must
// be canonical; they may alias a buffer, a new one is copied. It returns the
// names that the cache did not know.
//
// Add never refuses or waits: who adds on behalf of a sender calls Reserve
// before. Of two points of a metric with the same time the later added wins.
func (c *Cache) Add(now time.Time, points []metric.Datapoint) (added []string) {
	at := now.UnixNano()
	grown := 0
	for i := range points {
		d := &points[i]
		hash := maphash.String(c.seed, d.Name)
		s := c.shard(hash)
		s.mu.Lock()
		e := s.find(hash, d.Name)
		if e == nil {
			e = s.insert(hash, d.Name)
			added = append(added, e.name)
		}
		grown += s.add(e, at, d.Point)
		s.mu.Unlock()
	}
	c.grow(grown)
	return added
}

// Taken is points of one metric on their way into the store. Name and Points
// belong to the cache and must not be changed; Points are good until Done or
// Return.
type Taken struct {
	Name   string
	Points []metric.Point // by time, no two of the same

	shard *shard
	entry *entry
}

// Take returns up to max points, at least one, of the metric whose oldest point has waited
// longest, if that arrived at before or earlier. They stay readable until Done,
// and no other points of the metric are taken until then.
func (c *Cache) Take(before time.Time, max int) (t Taken, ok bool) {
	limit := before.UnixNano()
	for {
		first, at := 0, int64(never)
		for i := range c.oldest {
			if since := c.oldest[i].Load(); since < at {
				first, at = i, since
			}
		}
		if at == never || at > limit {
			return Taken{}, false
		}
		if t, shrunk := c.shards[first].take(limit, max); t.entry != nil {
			c.grow(-shrunk)
			return t, true
		}
		// Another was quicker.
	}
}

// Done tells that the points are stored: the cache forgets them.
func (c *Cache) Done(t Taken) {
	t.shard.mu.Lock()
	n := t.shard.done(t.entry)
	t.shard.mu.Unlock()
	c.grow(-n)
}

// Return tells that the points could not be stored: they wait again, as long as
// they have. None of the metric is taken before the time retry; the zero time
// means at once.
func (c *Cache) Return(t Taken, retry time.Time) {
	at := int64(0)
	if !retry.IsZero() {
		at = retry.UnixNano()
	}
	t.shard.mu.Lock()
	t.shard.putBack(t.entry, at)
	t.shard.mu.Unlock()
	if at > 0 {
		c.retryBy(at)
	}
}

// Retry lets the metrics that were returned until now or before be taken again.
func (c *Cache) Retry(now time.Time) {
	at := now.UnixNano()
	first := c.retryAt.Load()
	if at < first || !c.retryAt.CompareAndSwap(first, never) {
		return
	}
	next := int64(never)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		next = min(next, s.release(at))
		s.mu.Unlock()
	}
	c.retryBy(next)
}

// retryBy makes Retry look no later than at.
func (c *Cache) retryBy(at int64) {
	for first := c.retryAt.Load(); at < first; first = c.retryAt.Load() {
		if c.retryAt.CompareAndSwap(first, at) {
			return
		}
	}
}

// Oldest returns when the oldest point arrived that is not stored; ok is false
// if the cache is empty. Points that arrive while it looks may be missed.
func (c *Cache) Oldest() (t time.Time, ok bool) {
	oldest := int64(never)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		oldest = min(oldest, s.oldestOfAll())
		s.mu.Unlock()
	}
	return time.Unix(0, oldest), oldest < never
}

// Points returns a copy of the points of a metric that are not stored, by time,
// no two of the same. ok is false if there are none.
func (c *Cache) Points(name string) (points []metric.Point, ok bool) {
	if c.size.Load() == 0 {
		return nil, false
	}
	hash := maphash.String(c.seed, name)
	s := c.shard(hash)
	s.mu.Lock()
	if e := s.find(hash, name); e != nil && len(e.flight)+len(e.points) > 0 {
		points = make([]metric.Point, 0, len(e.flight)+len(e.points))
		points = append(append(points, e.flight...), e.points...)
	}
	s.mu.Unlock()
	return settle(points), len(points) > 0
}

// Forget drops what the cache knows of metrics that have no points and had none
// since the time before; it returns how many these were. Add calls them new when
// they come again.
func (c *Cache) Forget(before time.Time) int {
	n := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		n += s.forget(before.UnixNano())
		s.mu.Unlock()
	}
	return n
}

// Size is how many points there are, those on their way into the store too.
// Points of the same time may count more than once.
func (c *Cache) Size() int64 { return c.size.Load() }

// MaxPoints is the bound of Size.
func (c *Cache) MaxPoints() int64 { return c.max }

// Stats is a snapshot of a cache.
type Stats struct {
	Points   int64
	Queues   int64 // metrics that have points
	Names    int64 // metrics that the cache knows
	Overflow int64 // how often a sender had to wait
}

// Stats counts what is there.
func (c *Cache) Stats() Stats {
	stats := Stats{Points: c.size.Load(), Overflow: c.overflow.Load()}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		stats.Queues += int64(s.busy)
		stats.Names += int64(s.names)
		s.mu.Unlock()
	}
	return stats
}

func (c *Cache) shard(hash uint64) *shard { return &c.shards[hash>>(64-shardBits)] }
