// Package cache holds pending points: points that are accepted and not stored yet.
//
// A series is known by a Ref. Clients send their series in the same order again and
// again, so Follower mostly finds the Ref of the next line without a lock or a
// hash; Series finds all others. Add adds a point, which can be read from then on.
// The writer gets points by Take, and calls Done when they are stored or Return
// when they could not be stored. They can be read until Done.
//
// Every point has a stamp, the time of its arrival in unix nanoseconds. Stamps never
// decrease. A Cache has no goroutines and no clock: its methods are steps for a
// caller to drive.
//
// A Reader answers queries from a store and a cache together.
//
// DESIGN.md explains how a million series fit into little memory.
package cache

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"

	"carbon/metric"
)

// DefaultMaxPoints is the default of MAX_CACHE_SIZE. A point takes about five
// bytes, a series about 120 bytes including its first point.
const DefaultMaxPoints = 20_000_000

const (
	// lowWatermark is the fraction of MaxPoints below which a cache that was full
	// accepts points again, as in carbon.
	lowWatermark = 0.95

	shardBits  = 6
	shardCount = 1 << shardBits

	// never is later than any stamp.
	never = math.MaxInt64
)

// Ref names a series of a Cache; 0 means no series. It is valid until Forget removes the
// series, and may then name another.
type Ref uint32

// Options of a Cache.
type Options struct {
	// MaxPoints is the number of points from which on Reserve waits; 0: no limit.
	// A larger cache takes more memory; with a smaller one a slow store makes
	// senders wait sooner.
	MaxPoints int64

	// Strategy is the order in which Take returns the series that are due.
	Strategy Strategy
}

// Cache holds points by series. All methods may be called concurrently, except
// Forget, which says what it excludes.
type Cache struct {
	max, low int64
	seed     maphash.Seed

	blocks      atomic.Pointer[[]*block] // by Ref
	names       arena
	tables      [shardCount]table // by hash of the name
	seriesMu    sync.Mutex        // guards creating series: blocks, names, next, free
	next        Ref               // never used before
	free        []Ref             // of forgotten series
	seriesCount atomic.Int64

	shards      [shardCount]shard        // by block
	oldest      [shardCount]atomic.Int64 // by shard: stamp of the oldest point that Take may return; adjacent for takeOldest
	readyShards atomic.Uint64            // bit by shard: its list ready is not empty
	turn        atomic.Uint32            // index of the shard that takeReady serves next
	readyAt     atomic.Int64             // Due.Points of the last Take; 0: none yet
	readyMu     sync.Mutex               // guards changes of readyAt

	strategy Strategy
	planMu   sync.Mutex
	plan     []planned // what the strategy serves next, in reverse order

	size     atomic.Int64 // points
	live     atomic.Int64 // points that wait for the end of a replay
	reserved atomic.Int64 // points and reservations
	overflow atomic.Int64 // reservations that had to wait
	retryAt  atomic.Int64 // when the first delayed series is due

	unlimited atomic.Bool
	full      atomic.Bool
	waitMu    sync.Mutex
	space     chan struct{} // closed when the cache is no longer full

	scratches sync.Pool // of *scratch
}

// New returns an empty cache.
func New(o Options) *Cache {
	if o.MaxPoints == 0 {
		o.MaxPoints = math.MaxInt64
	}
	c := &Cache{
		max:      o.MaxPoints,
		low:      max(1, int64(lowWatermark*float64(o.MaxPoints))),
		seed:     maphash.MakeSeed(),
		strategy: o.Strategy,
		next:     1,
		space:    make(chan struct{}),
	}
	c.blocks.Store(&[]*block{new(block)})
	for i := range c.shards {
		c.shards[i].init(c, i)
	}
	c.retryAt.Store(never)
	c.scratches.New = func() any { return new(scratch) }
	return c
}

// Add adds points that arrived at the stamp at. refs[i] is the series of points[i];
// names in points are ignored.
//
// Add never waits: a caller that adds for a client calls Reserve first. If a series
// gets two points with the same time, the later added one wins. Times beyond 2^58
// seconds on either side of 1970 are clamped.
func (c *Cache) Add(at int64, refs []Ref, points []metric.Datapoint) {
	grown, live := 0, 0
	for i := 0; i < len(refs); {
		b := refs[i] >> blockBits
		s, blk := c.shard(refs[i]), c.block(refs[i])
		s.mu.Lock()
		s.clock = max(s.clock, at)
		before := grown
		for ; i < len(refs) && refs[i]>>blockBits == b; i++ {
			e := &blk.entries[refs[i]%blockSize]
			if s.replaying {
				grown += s.addLive(refs[i], e, at, points[i].Point)
			} else {
				grown += s.add(refs[i], e, at, points[i].Point)
			}
		}
		if s.replaying {
			live += grown - before
		}
		s.mu.Unlock()
	}
	if live != 0 {
		c.live.Add(int64(live))
	}
	c.grow(grown)
}

// Done removes points that are stored.
func (c *Cache) Done(b Batch) {
	s := c.shard(b.Ref)
	s.mu.Lock()
	n := s.done(b.Ref, b.slot)
	s.mu.Unlock()
	c.scratches.Put(b.scratch)
	c.grow(-n)
}

// Return makes points pending again that could not be stored. They keep their
// stamps. Take does not return the series before Retry is called with the time
// retry; 0: it may return it at once.
func (c *Cache) Return(b Batch, retry int64) {
	s := c.shard(b.Ref)
	s.mu.Lock()
	s.putBack(b.Ref, b.slot, retry)
	s.mu.Unlock()
	c.scratches.Put(b.scratch)
	if retry > 0 {
		c.retryBy(retry)
	}
}

// Retry ends the delay of series that were returned with a retry time of now or
// earlier.
func (c *Cache) Retry(now int64) {
	first := c.retryAt.Load()
	if now < first || !c.retryAt.CompareAndSwap(first, never) {
		return
	}
	next := int64(never)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		next = min(next, s.retry(now))
		s.mu.Unlock()
	}
	c.retryBy(next)
}

// retryBy lowers retryAt to at.
func (c *Cache) retryBy(at int64) {
	for first := c.retryAt.Load(); at < first; first = c.retryAt.Load() {
		if c.retryAt.CompareAndSwap(first, at) {
			return
		}
	}
}

// Oldest returns a lower bound of the stamps of all pending points, those in flight
// included; ok is false if the cache is empty. It may miss points that are added
// concurrently. It visits every series.
func (c *Cache) Oldest() (at int64, ok bool) {
	at = never
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		at = min(at, s.oldestOfAll())
		s.mu.Unlock()
	}
	return at, at < never
}

// Points returns a copy of the pending points of a series, sorted by time, at most
// one for each time. ok is false if there are none.
func (c *Cache) Points(name string) (points []metric.Point, ok bool) {
	points = c.appendPoints(nil, name)
	return points, len(points) > 0
}

// appendPoints appends the points that Points returns to dst.
func (c *Cache) appendPoints(dst []metric.Point, name string) []metric.Point {
	if c.size.Load() == 0 {
		return dst
	}
	r := c.find(name)
	if r == 0 {
		return dst
	}
	tmp := c.scratches.Get().(*scratch)
	s := c.shard(r)
	s.mu.Lock()
	n := s.read(r, tmp)
	s.mu.Unlock()
	if n > 0 {
		tmp.points = sortUnique(decode(tmp.points[:0], tmp.bytes))
		dst = append(dst, tmp.points...)
	}
	c.scratches.Put(tmp)
	return dst
}

// Drop removes the pending points of the named series, except those in flight, and
// returns their number.
func (c *Cache) Drop(names []string) (points int) { return c.drop(names, (*shard).drop) }

// drop calls drop for the named series. drop returns the number of removed points,
// and how many of them were live.
func (c *Cache) drop(names []string, drop func(s *shard, r Ref) (n, ofLive int)) (points int) {
	for _, name := range names {
		r := c.find(name)
		if r == 0 {
			continue
		}
		s := c.shard(r)
		s.mu.Lock()
		n, ofLive := drop(s, r)
		s.mu.Unlock()
		c.live.Add(int64(-ofLive))
		c.grow(-n)
		points += n
	}
	return points
}

// Size returns the number of pending points, those in flight included. Points of a
// series with the same time may count more than once.
func (c *Cache) Size() int64 { return c.size.Load() }

// MaxPoints returns the limit of Size.
func (c *Cache) MaxPoints() int64 { return c.max }

// Stats is a snapshot of a cache.
type Stats struct {
	Points   int64
	Queues   int64 // series with pending points
	Names    int64 // series that the cache knows
	Overflow int64 // reservations that had to wait
}

// Stats returns the current figures.
func (c *Cache) Stats() Stats {
	stats := Stats{Points: c.size.Load(), Names: c.seriesCount.Load(), Overflow: c.overflow.Load()}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		stats.Queues += int64(s.nonEmpty)
		s.mu.Unlock()
	}
	return stats
}

func (c *Cache) shard(r Ref) *shard { return &c.shards[r>>blockBits%shardCount] }
