// Package cache holds the points that are not stored yet, and lays them over
// what a store answers.
//
// A series is known by a Ref. A sender's lines repeat in the same order, so
// mostly Follower finds the Ref of the next line without a lock or a hash; Series
// finds all others. A point enters by Add and is readable from then on. The
// writer gets points by Take and says Done when they are stored, or Return when
// they could not be. Until Done they stay readable.
//
// When a point arrived is said by a stamp, unix nanoseconds that never go back.
// A Cache has no goroutines and no clock: its methods are steps that somebody
// drives.
//
// A Reader is a store with the cached points laid over it.
//
// How a million series fit into little memory is told in DESIGN.md.
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
	// A cache that was full lets senders go on below this share, as carbon does.
	lowWatermark = 0.95

	shardBits  = 6
	shardCount = 1 << shardBits

	// never is later than any stamp.
	never = math.MaxInt64
)

// Ref names a series of a Cache; 0 is none. It is good until Forget lets the
// series go.
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

// Cache holds points by series. All methods may be called concurrently, but for
// Forget, which says what must not run beside it.
type Cache struct {
	max, low int64
	seed     maphash.Seed

	blocks      atomic.Pointer[[]*block] // by Ref
	names       arena
	tables      [shardCount]table // by hash of the name
	seriesMu    sync.Mutex        // guards what makes series: blocks, names, next, free
	next        Ref               // never used before
	free        []Ref             // let go
	seriesCount atomic.Int64      // series

	shards      [shardCount]shard        // by block
	oldest      [shardCount]atomic.Int64 // stamp of the oldest point that each shard would give, side by side for Take
	readyShards atomic.Uint64            // bit by shard: it has series of readyAt points
	turn        atomic.Uint32            // which of the ready is served first
	readyAt     atomic.Int64             // points of a series that is full; 0: not said yet
	readyMu     sync.Mutex               // guards changes of readyAt

	strategy Strategy
	planMu   sync.Mutex
	plan     []planned // what the strategy serves next, the first at the end

	size     atomic.Int64 // points
	live     atomic.Int64 // of these, those that wait for the end of a replay
	claimed  atomic.Int64 // points and reservations
	overflow atomic.Int64 // reservations that had to wait
	retryAt  atomic.Int64 // when the first of the delayed is due

	unlimited atomic.Bool
	full      atomic.Bool
	waitMu    sync.Mutex
	space     chan struct{} // closed when the cache is full no more

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

// Add puts points that arrived at the stamp at into the cache; refs[i] is the
// series of points[i], whose name is not looked at.
//
// Add never refuses or waits: who adds on behalf of a sender calls Reserve
// before. Of two points of a series with the same time the later added wins.
// Times beyond 2^58 seconds on either side of 1970 are taken for that.
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

// Done tells that the points are stored: the cache forgets them.
func (c *Cache) Done(t Batch) {
	s := c.shard(t.Ref)
	s.mu.Lock()
	n := s.done(t.Ref, t.slot)
	s.mu.Unlock()
	c.scratches.Put(t.scratch)
	c.grow(-n)
}

// Return tells that the points could not be stored: they wait again, as long as
// they have. None of the series is taken before Retry is told of the time retry;
// 0 means that they may be at once.
func (c *Cache) Return(t Batch, retry int64) {
	s := c.shard(t.Ref)
	s.mu.Lock()
	s.putBack(t.Ref, t.slot, retry)
	s.mu.Unlock()
	c.scratches.Put(t.scratch)
	if retry > 0 {
		c.retryBy(retry)
	}
}

// Retry lets the series that were returned until now or before be taken again.
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

// retryBy makes Retry look no later than at.
func (c *Cache) retryBy(at int64) {
	for first := c.retryAt.Load(); at < first; first = c.retryAt.Load() {
		if c.retryAt.CompareAndSwap(first, at) {
			return
		}
	}
}

// Oldest returns a lower bound of the stamps of all points that are not stored,
// wherever they are; ok is false if the cache is empty. It looks at every series.
// Points that arrive meanwhile may be missed.
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

// Points returns a copy of the points of a series that are not stored, by time,
// no two of the same. ok is false if there are none.
func (c *Cache) Points(name string) (points []metric.Point, ok bool) {
	points = c.appendPoints(nil, name)
	return points, len(points) > 0
}

// appendPoints appends the points of a series to dst, by time, no two of the same.
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

// Drop drops the waiting points of the named series, but for those that are
// taken, and returns how many these were.
func (c *Cache) Drop(names []string) (points int) { return c.drop(names, (*shard).drop) }

// drop calls drop, which tells how many points went and how many of these were
// live, for the named series.
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

// Size is how many points there are, those on their way into the store too.
// Points of the same time may count more than once.
func (c *Cache) Size() int64 { return c.size.Load() }

// MaxPoints is the bound of Size.
func (c *Cache) MaxPoints() int64 { return c.max }

// Stats is a snapshot of a cache.
type Stats struct {
	Points   int64
	Queues   int64 // series that have points
	Names    int64 // series that the cache knows
	Overflow int64 // how often a sender had to wait
}

// Stats counts what is there.
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
