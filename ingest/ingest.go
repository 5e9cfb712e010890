// Package ingest takes points in and has them stored.
//
// A Pipeline is between the receivers and a store. Push finds the series of each
// point, appends the points to the log and puts them into the cache, from where
// they are readable. Run writes them to the store when enough of a series have
// gathered or the oldest has waited for long, and removes from the log what is
// stored. While the cache or the log is full Push waits, so that receivers stop
// reading. Points leave the cache when they are stored and never otherwise.
//
// After a crash Replay takes in what the log holds, beside what is pushed.
package ingest

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"carbon/cache"
	"carbon/instrumentation/tally"
	"carbon/storage"
	"carbon/wal"
)

// Store is what a Pipeline needs of a storage.Store. One that is also a
// storage.Announcer is told of new metrics at once.
type Store interface {
	Write(ctx context.Context, updates []storage.Update) (n int, err error)
	Sync(ctx context.Context) error
}

// Log is what a Pipeline needs of a *wal.Log.
type Log interface {
	Append(now int64, encode func(segment uint64, b []byte) []byte) (at int64, err error)
	Dirty() <-chan struct{}
	Flush() error
	Sync() error
	Stamp(now int64) int64
	Removable(before int64) int64
	Remove(before int64) error
	Replay(ctx context.Context, fn func(at int64, segment uint64, payload []byte) error) (wal.ReplayStats, error)
	Size() int64
	MaxSize() int64
	ReleaseReserve()
}

// Options of a Pipeline. Cache, Store and Writers are required.
type Options struct {
	Cache  *cache.Cache
	Store  Store
	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil means the clock

	// Log keeps what is not stored yet; without one a crash loses it. What an
	// earlier run left in it waits for Replay, which must be called.
	Log Log

	// Unlogged means that Push does not append to Log, which has only what an
	// earlier run could not store, and takes by Save what this one cannot.
	Unlogged bool

	// FlushInterval is how long after Push a crash of the process may still lose
	// the points.
	FlushInterval time.Duration

	// SyncInterval is how long after Push a power cut may still lose the points;
	// 0: Push returns when the log is synced.
	SyncInterval time.Duration

	// MinTimestampResolution rounds timestamps down to multiples of this number
	// of seconds; 0 leaves them unchanged.
	MinTimestampResolution int64

	// Writers is the number of batches written concurrently, at least 1. More
	// writers help with a slow disk, and cost CPU with a fast one.
	Writers int

	// WriteDelay is how long a point waits for more points of its series, to be
	// stored with them in one update; 0: not at all. A longer delay makes fewer
	// and larger updates, and a larger log. The delay shrinks while the cache or
	// the log is more than half full.
	WriteDelay time.Duration

	// WritePoints is the number of pending points from which on a series is
	// stored without waiting further; 0: no limit.
	WritePoints int

	// MaxUpdatesPerSecond is how many metrics are updated in a second, and
	// MaxUpdatesOnShutdown the same during shutdown; 0 means no limit. With one,
	// points wait in the cache for longer.
	MaxUpdatesPerSecond  int
	MaxUpdatesOnShutdown int
}

// Defaults of the configuration keys WRITE_DELAY, WRITE_POINTS and [wal]
// SYNC_INTERVAL, and of Writers. The default of FlushInterval is
// wal.DefaultFlushInterval.
const (
	DefaultWriters      = 2
	DefaultWriteDelay   = 30 * time.Minute
	DefaultWritePoints  = 500
	DefaultSyncInterval = time.Second
)

// Pipeline takes points in. All methods may be called concurrently.
type Pipeline struct {
	o         Options
	cache     *cache.Cache
	store     Store
	announcer storage.Announcer // nil: the store does not want to know
	log       *slog.Logger
	clock     *clock

	// A push holds pushing from the log until its points are in the cache. Who
	// holds it alone knows: what is in the log is in the cache, or stored.
	pushing     sync.RWMutex
	writing     sync.RWMutex // held from taking points until they are stored; taken before pushing
	pushBatches sync.Pool
	encoder     encoder      // used under the log's lock
	lastStamp   atomic.Int64 // the last stamp, where there is no log

	limit        atomic.Pointer[tokenBucket] // of updates; nil: none
	pace         pace
	shuttingDown atomic.Bool
	replaying    atomic.Bool   // what the log held at the start is not taken in yet
	wakeup       chan struct{} // wakes a writer
	unsynced     chan struct{} // something was appended to the log and not synced
	failures     failures
	retrying     chan struct{} // held by the one of the pushes that wait who tries again
	stallLog     tally.Tally   // with the log, by what could not be done
	lastStall    atomic.Int64  // when there was the last of them, unix nanoseconds

	filter    atomic.Pointer[filter] // nil: nothing is refused
	filtered  tally.Tally            // points, by the filter's reason
	refused   tally.Tally            // names, by reason
	received  atomic.Int64
	replayed  atomic.Int64
	updates   atomic.Int64
	committed atomic.Int64
	errors    atomic.Int64
	stalls    atomic.Int64
}

// New returns a Pipeline; nothing is stored until Run.
func New(o Options) *Pipeline {
	p := &Pipeline{
		cache:    o.Cache,
		store:    o.Store,
		log:      o.Logger,
		wakeup:   make(chan struct{}, 1),
		retrying: make(chan struct{}, 1),
		unsynced: make(chan struct{}, 1),
	}
	p.announcer, _ = o.Store.(storage.Announcer)
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	stamp := int64(0)
	if o.Log != nil { // it may have been written by a clock that was wrong
		stamp = o.Log.Stamp(o.Now().UnixNano())
	}
	p.clock = newClock(o.Now, stamp)
	p.o = o
	p.limit.Store(newTokenBucket(o.MaxUpdatesPerSecond, p.now()))
	p.pushBatches.New = func() any { return newPushBatch(p) }
	if o.Log != nil {
		p.cache.BeginReplay() // what is pushed from here on is newer than what the log holds
		p.replaying.Store(true)
	}
	return p
}

// Run stores what is pushed, and keeps the log, until ctx is cancelled, and
// returns nil when all has ended that it began. What is then in the cache is for
// Flush.
func (p *Pipeline) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for range p.o.Writers {
		running.Go(func() { p.writeLoop(ctx) })
	}
	running.Go(func() { p.forgetLoop(ctx) })
	if p.o.Log != nil {
		running.Go(func() { p.flushLoop(ctx) })
		running.Go(func() { p.syncLoop(ctx) })
		running.Go(func() { p.checkpointLoop(ctx) })
	}
	running.Wait()
	return nil
}

// Stats is a snapshot of a Pipeline. Counts are since the start.
type Stats struct {
	MetricsReceived  int64            // points taken in
	Filtered         map[string]int64 // points that the filter held back, by reason
	Refused          map[string]int64 // points refused, by reason
	Replayed         int64            // points that the log held at the start
	UpdateOperations int64            // metrics updated in the store
	CommittedPoints  int64            // points stored
	Errors           int64            // updates that failed; they are tried again
	Failing          int64            // metrics whose last update failed
	Stalls           int64            // times that something waited for the log
	OldestAge        time.Duration    // how long the oldest point waits to be stored
	Cache            cache.Stats
}

// Stats counts what was done.
func (p *Pipeline) Stats() Stats {
	s := Stats{
		MetricsReceived:  p.received.Load(),
		Filtered:         p.filtered.Counts(),
		Refused:          p.refused.Counts(),
		Replayed:         p.replayed.Load(),
		UpdateOperations: p.updates.Load(),
		CommittedPoints:  p.committed.Load(),
		Errors:           p.errors.Load(),
		Failing:          p.failures.count.Load(),
		Stalls:           p.stalls.Load(),
		Cache:            p.cache.Stats(),
	}
	if oldest, ok := p.cache.Oldest(); ok {
		s.OldestAge = max(0, p.now().Sub(time.Unix(0, oldest)))
	}
	return s
}

// now is the time by which stamps are made.
func (p *Pipeline) now() time.Time { return p.clock.now() }

// never is later than any stamp.
const never = math.MaxInt64
