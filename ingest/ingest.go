// Package ingest takes points in and has them stored.
//
// A Pipeline is between the receivers and a store. Push makes names canonical
// and puts the points into the cache, from where they are readable; Run, the
// writer, takes them from there, the longest waiting first, many metrics at once,
// and stores them. While the cache is full Push waits, so that receivers stop
// reading. Points leave the cache when they are stored and never otherwise.
package ingest

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"carbon/cache"
	"carbon/metric"
	"carbon/storage"
	"carbon/tally"
)

// Store is what a Pipeline needs of a storage.Store. One that is also a
// storage.Announcer is told of new metrics at once.
type Store interface {
	Write(ctx context.Context, updates []storage.Update) (n int, err error)
}

// Options of a Pipeline. Cache and Store are needed; for the rest zero means the
// default.
type Options struct {
	Cache  *cache.Cache
	Store  Store
	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil means the clock

	// MinTimestampResolution floors timestamps to multiples of so many seconds;
	// 0 leaves them as they are.
	MinTimestampResolution int64

	// Writers is how many batches are written at once; 0 means 2. More help
	// where the disk answers slowly, and cost CPU where it does not.
	Writers int

	// MinAge is how long a point waits for more of its metric before they are
	// stored together; 0 means 5 s, negative not at all. A longer wait makes
	// fewer and larger updates; a crash loses what has not been stored. A cache
	// that is half full is written at once.
	MinAge time.Duration

	// MaxUpdatesPerSecond is how many metrics are updated in a second; 0 means no
	// limit. With one, points wait in the cache for longer.
	MaxUpdatesPerSecond int
}

const (
	defaultWriters = 2
	defaultMinAge  = 5 * time.Second
)

// Pipeline takes points in. All methods may be called concurrently.
type Pipeline struct {
	cache     *cache.Cache
	store     Store
	announcer storage.Announcer // nil: the store does not want to know
	log       *slog.Logger
	now       func() time.Time

	resolution int64
	writers    int
	minAge     time.Duration
	rate       *bucket // nil: no limit
	hurried    atomic.Bool
	faults     faults

	refused   tally.Tally // names, by reason
	received  atomic.Int64
	updates   atomic.Int64
	committed atomic.Int64
	errors    atomic.Int64
}

// New returns a Pipeline; its writer does nothing until Run.
func New(o Options) *Pipeline {
	p := &Pipeline{
		cache:      o.Cache,
		store:      o.Store,
		log:        o.Logger,
		now:        o.Now,
		resolution: o.MinTimestampResolution,
		writers:    o.Writers,
		minAge:     o.MinAge,
	}
	p.announcer, _ = o.Store.(storage.Announcer)
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.writers <= 0 {
		p.writers = defaultWriters
	}
	if p.minAge == 0 {
		p.minAge = defaultMinAge
	}
	if o.MaxUpdatesPerSecond > 0 {
		p.rate = newBucket(o.MaxUpdatesPerSecond, p.now())
	}
	return p
}

// Push takes points in; when it returns nil they are readable. It waits while
// the cache is full. A point whose name cannot be made canonical is refused by
// itself: it is counted, and a sample is logged.
//
// Push may change the elements of points, and keeps neither it nor the names in
// it. The error is ctx's; then none of the points were taken.
func (p *Pipeline) Push(ctx context.Context, points []metric.Datapoint) error {
	if err := p.cache.Reserve(ctx, len(points)); err != nil {
		return err
	}
	defer p.cache.Release(len(points))
	p.take(points)
	return nil
}

// Restore takes in points that an earlier run took, as Push does but without
// waiting: they had room there, and a server that starts must not hang.
func (p *Pipeline) Restore(points []metric.Datapoint) { p.take(points) }

// take puts points into the cache.
func (p *Pipeline) take(points []metric.Datapoint) {
	now := p.now()
	points = p.normalise(points, now)
	p.received.Add(int64(len(points)))
	// Here, and nowhere else, points become ours: what must happen to them before
	// they are readable happens between normalise and Add.
	added := p.cache.Add(now, points)
	if p.announcer != nil {
		for _, name := range added {
			p.announcer.Announce(name)
		}
	}
}

// normalise makes names canonical and floors timestamps, in place. It returns
// the points that are left.
func (p *Pipeline) normalise(points []metric.Datapoint, now time.Time) []metric.Datapoint {
	kept := points[:0]
	for _, d := range points {
		name, err := metric.Canonical(d.Name)
		if err != nil {
			p.refuse(err, now)
			continue
		}
		d.Name = name
		if p.resolution > 0 {
			d.Time -= d.Time % p.resolution
		}
		kept = append(kept, d)
	}
	return kept
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
	Refused          map[string]int64 // points refused, by reason
	UpdateOperations int64            // metrics updated in the store
	CommittedPoints  int64            // points stored
	Errors           int64            // updates that failed; they are tried again
	Failing          int64            // metrics whose last update failed
	Cache            cache.Stats
}

// Stats counts what was done.
func (p *Pipeline) Stats() Stats {
	return Stats{
		MetricsReceived:  p.received.Load(),
		Refused:          p.refused.Counts(),
		UpdateOperations: p.updates.Load(),
		CommittedPoints:  p.committed.Load(),
		Errors:           p.errors.Load(),
		Failing:          p.faults.count.Load(),
		Cache:            p.cache.Stats(),
	}
}
