// Package ingest accepts points and has them stored.
//
// A Pipeline stands between the receivers and a store. Push finds the series of
// each point, appends the points to the write-ahead log and adds them to the
// cache, from where they can be read. Run writes the points of a series to the
// store when WritePoints of them are pending or the oldest has waited for
// WriteDelay, and removes from the log what is stored. While the cache or the log
// is full, Push waits, so that receivers stop reading (back-pressure). A point
// leaves the cache only when it is stored.
//
// After a crash, Replay reads the points back from the log, while Push accepts new
// ones.
package ingest

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"carbon/cache"
	"carbon/instrumentation/loglimit"
	"carbon/storage"
	"carbon/wal"
)

// Store is what a Pipeline needs of a storage.Store. A store that is also a
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
	Now    func() time.Time // nil: time.Now

	// Log is the write-ahead log. It holds the points that are not stored yet;
	// without it, a crash loses them. With a Log, Replay must be called.
	Log Log

	// Unlogged means that Push does not append to Log. The log then serves two
	// purposes only: Replay reads what an earlier run left in it, and Save writes
	// to it what Flush could not store.
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

	// MaxUpdatesPerSecond is the maximum number of metrics updated in a second;
	// 0: no limit. A limit makes points wait longer in the cache.
	// MaxUpdatesOnShutdown replaces it after BeginShutdown.
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

// Pipeline accepts points and stores them. All methods may be called concurrently.
type Pipeline struct {
	o         Options
	cache     *cache.Cache
	store     Store
	announcer storage.Announcer // nil: the store is none
	log       *slog.Logger
	clock     *clock

	// A push holds pushing for reading from before it appends to the log until
	// its points are in the cache. So while pushing is locked for writing, every
	// point in the log is in the cache too, or stored.
	pushing     sync.RWMutex
	writing     sync.RWMutex // held for reading from Take until Done; locked before pushing
	pushBatches sync.Pool    // of *pushBatch
	encoder     encoder      // used under the log's lock
	lastStamp   atomic.Int64 // the latest stamp, if Push does not append to a log

	limit        atomic.Pointer[tokenBucket] // of updates; nil: no limit
	pace         pace
	shuttingDown atomic.Bool
	replaying    atomic.Bool   // until Replay has returned nil
	wakeup       chan struct{} // wakes one writer
	unsynced     chan struct{} // has a token if the log may need a sync
	failures     failures

	retrying  chan struct{}    // held by the one push that retries while the others wait
	stallLog  loglimit.Counter // limits the log messages about stalls
	lastStall atomic.Int64     // unix nanoseconds; 0: there was none

	filter    atomic.Pointer[filter] // nil: nothing is refused
	filtered  loglimit.Counter       // points refused by the filter, by reason
	refused   loglimit.Counter       // points with an invalid name, by reason
	received  atomic.Int64
	replayed  atomic.Int64
	updates   atomic.Int64
	committed atomic.Int64
	errors    atomic.Int64
	stalls    atomic.Int64
}

// New returns a Pipeline. It stores nothing until Run is called.
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
	if o.Log != nil { // its records may be from the future: an earlier clock was wrong
		stamp = o.Log.Stamp(o.Now().UnixNano())
	}
	p.clock = newClock(o.Now, stamp)
	p.o = o
	p.limit.Store(newTokenBucket(o.MaxUpdatesPerSecond, p.now()))
	p.pushBatches.New = func() any { return newPushBatch(p) }
	if o.Log != nil {
		p.cache.BeginReplay() // points pushed from here on are newer than those in the log
		p.replaying.Store(true)
	}
	return p
}

// Run stores the points that are pushed, and flushes, syncs and trims the log,
// until ctx is cancelled. It returns nil when all its goroutines have ended. Flush
// stores the points that are then left in the cache.
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

// Stats is a snapshot of a Pipeline. It counts from the start of the process.
type Stats struct {
	MetricsReceived  int64            // points accepted
	Filtered         map[string]int64 // points refused by the filter, by reason
	Refused          map[string]int64 // points with an invalid name, by reason
	Replayed         int64            // points read back from the log
	UpdateOperations int64            // metrics updated in the store
	CommittedPoints  int64            // points stored
	Errors           int64            // failed updates; each is tried again
	Failing          int64            // metrics whose last update failed
	Stalls           int64            // operations that had to wait for the log
	OldestAge        time.Duration    // how long the oldest pending point has waited
	Cache            cache.Stats
}

// Stats returns the current figures.
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

// now returns the time that stamps are made of.
func (p *Pipeline) now() time.Time { return p.clock.now() }

// never is later than any stamp.
const never = math.MaxInt64
