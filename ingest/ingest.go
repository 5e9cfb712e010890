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
	"errors"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"carbon/cache"
	"carbon/instrumentation/tally"
	"carbon/metric"
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
	Hurry()
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
	// MaxUpdatesOnShutdown the same after Hurry; 0 means no limit. With one,
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
	pushing sync.RWMutex
	writing sync.RWMutex // held from taking points until they are stored; taken before pushing
	batches sync.Pool
	encoder encoder      // used under the log's lock
	stamped atomic.Int64 // the last stamp, where there is no log

	limit     atomic.Pointer[bucket] // of updates; nil: none
	pace      pace
	hurried   atomic.Bool
	replaying atomic.Bool   // what the log held at the start is not taken in yet
	kick      chan struct{} // wakes a writer
	unsynced  chan struct{} // something was appended to the log and not synced
	faults    faults
	trying    chan struct{} // held by the one of the pushes that wait who tries again
	troubles  tally.Tally   // with the log, by what could not be done
	stuck     atomic.Int64  // when there was the last of them, unix nanoseconds

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
		kick:     make(chan struct{}, 1),
		trying:   make(chan struct{}, 1),
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
	p.limit.Store(newBucket(o.MaxUpdatesPerSecond, p.now()))
	p.batches.New = func() any { return newBatch(p) }
	if o.Log != nil {
		p.cache.BeginReplay() // what is pushed from here on is newer than what the log holds
		p.replaying.Store(true)
	}
	return p
}

// Push takes points in; when it returns nil they are readable. It waits while
// the cache or the log is full, or the log cannot be written. A point whose name
// cannot be made canonical is refused by itself: it is counted, and a sample is
// logged.
//
// Push may change the elements of points, and keeps neither it nor the names in
// it. The error is ctx's; then only a beginning of the points was taken, or none.
func (p *Pipeline) Push(ctx context.Context, points []metric.Datapoint) error {
	return p.pushAll(ctx, points, false)
}

// PushOwn is Push for the server's own points, which no filter holds back.
func (p *Pipeline) PushOwn(ctx context.Context, points []metric.Datapoint) error {
	return p.pushAll(ctx, points, true)
}

func (p *Pipeline) pushAll(ctx context.Context, points []metric.Datapoint, own bool) error {
	for len(points) > maxBatch {
		if err := p.push(ctx, points[:maxBatch], own); err != nil {
			return err
		}
		points = points[maxBatch:]
	}
	return p.push(ctx, points, own)
}

// maxBatch is how many points go into one record of the log, which their names,
// of up to 4 KiB, must not make longer than one may be.
const maxBatch = 2048

func (p *Pipeline) push(ctx context.Context, points []metric.Datapoint, own bool) error {
	if err := p.cache.Reserve(ctx, len(points)); err != nil {
		return err
	}
	defer p.cache.Release(len(points))
	b := p.batches.Get().(*batch)
	defer p.batches.Put(b)
	b.points, b.own = points, own
	err := b.takeIn()
	if err != nil {
		err = p.insist(ctx, b)
	}
	b.points = nil
	if err == nil && p.o.SyncInterval == 0 {
		err = p.Commit(ctx)
	}
	if p.pressed() {
		p.wake()
	}
	return err
}

// insist tries to take points in until that succeeds or ctx is done. Of all pushes
// that wait one tries: thousands of senders that did would keep the server from
// what they wait for.
func (p *Pipeline) insist(ctx context.Context, b *batch) error {
	select {
	case p.trying <- struct{}{}:
	default:
		p.stalls.Add(1)
		select {
		case p.trying <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-p.trying }()
	return p.persist(ctx, "points wait for the log", b.take)
}

// Commit returns when all that was pushed before survives the end of the process,
// and with SyncInterval == 0 a power cut. The error is ctx's.
func (p *Pipeline) Commit(ctx context.Context) error {
	return p.persist(ctx, "points wait for the log to be written", p.commit)
}

func (p *Pipeline) commit() error {
	switch {
	case p.o.Log == nil || p.o.Unlogged:
		return nil
	case p.o.SyncInterval == 0:
		return p.o.Log.Sync()
	}
	return p.o.Log.Flush()
}

// How long persist waits before it tries again, twice as long each time.
const (
	minRetry = 5 * time.Millisecond
	maxRetry = 250 * time.Millisecond
)

// persist calls try until it returns nil, or ctx is done.
func (p *Pipeline) persist(ctx context.Context, what string, try func() error) error {
	err := try()
	for pause := minRetry; err != nil; pause = min(2*pause, maxRetry) {
		p.trouble(what, err)
		p.wake()
		wait(ctx, pause)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err = try()
	}
	return nil
}

// trouble counts what goes wrong with the log, and logs it once a second.
func (p *Pipeline) trouble(what string, err error) {
	p.stalls.Add(1)
	p.stuck.Store(p.now().UnixNano())
	if p.troubles.Add(what, p.now()) {
		p.log.Error(what, "err", err)
	}
}

// batch is what one push needs. Its memory is used again.
type batch struct {
	p      *Pipeline
	points []metric.Datapoint
	own    bool // the server's own points, which are not filtered
	refs   []cache.Ref
	added  []string

	take   func() error
	encode func(segment uint64, b []byte) []byte
}

func newBatch(p *Pipeline) *batch {
	b := &batch{p: p}
	b.take = b.takeIn
	b.encode = func(segment uint64, to []byte) []byte {
		return p.encoder.points(segment, to, b.refs, b.points, p.cache.Name)
	}
	return b
}

// takeIn appends the points to the log and puts them into the cache. With an
// error it has done neither.
func (b *batch) takeIn() error {
	p := b.p
	now := p.now()
	p.pushing.RLock()
	defer p.pushing.RUnlock()
	b.resolve(now)
	if len(b.points) == 0 {
		return nil
	}
	at, err := p.append(now.UnixNano(), b.encode)
	// A series that is new is announced even if its points have to wait: it is
	// in the cache, which calls it new but once.
	if err == nil {
		p.cache.Add(at, b.refs, b.points)
		p.received.Add(int64(len(b.points)))
	}
	if p.announcer != nil {
		for _, name := range b.added {
			p.announcer.Announce(name)
		}
	}
	return err
}

// append appends a record to the log and returns its stamp.
func (p *Pipeline) append(now int64, encode func(segment uint64, b []byte) []byte) (at int64, err error) {
	switch {
	case p.o.Log == nil:
	case p.o.Unlogged:
		now = p.o.Log.Stamp(now)
	default:
		if at, err = p.o.Log.Append(now, encode); err != nil {
			return 0, err
		}
		select {
		case p.unsynced <- struct{}{}:
		default:
		}
		return at, nil
	}
	for {
		last := p.stamped.Load()
		if now <= last {
			return last, nil
		}
		if p.stamped.CompareAndSwap(last, now) {
			return now, nil
		}
	}
}

// resolve finds the series of each point, floors timestamps, and leaves out the
// points whose name is none.
func (b *batch) resolve(now time.Time) {
	p := b.p
	b.refs, b.added = b.refs[:0], b.added[:0]
	kept := b.points[:0]
	var f *filter
	if !b.own {
		f = p.filter.Load()
	}
	last := cache.Ref(0)
	for i := range b.points {
		d := b.points[i]
		r := p.cache.Follower(last, d.Name)
		if reason := f.check(r, d.Name); reason != "" {
			p.filtered.Add(reason, now)
			continue
		}
		if r == 0 {
			if r = b.find(d.Name, now); r == 0 {
				continue
			}
			p.cache.Follows(last, r)
		}
		last = r
		if p.o.MinTimestampResolution > 0 {
			d.Time -= d.Time % p.o.MinTimestampResolution
		}
		b.refs = append(b.refs, r)
		kept = append(kept, d)
	}
	b.points = kept
}

// find returns the series of a name, or 0 if it is none.
func (b *batch) find(raw string, now time.Time) cache.Ref {
	name, err := metric.Canonical(raw)
	if err != nil {
		b.p.refuse(err, now)
		return 0
	}
	r, added := b.p.cache.Series(name)
	if added {
		b.added = append(b.added, b.p.cache.Name(r))
	}
	return r
}

// refuse counts a name that is none, and logs it if no other was of late.
func (p *Pipeline) refuse(err error, now time.Time) {
	var e *metric.NameError
	if !errors.As(err, &e) {
		e = &metric.NameError{Reason: "other"}
	}
	if p.refused.Add(e.Reason, now) {
		p.log.Warn("metric refused", "reason", e.Reason, "metric", e.Name)
	}
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
		Failing:          p.faults.count.Load(),
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
