package ingest

import (
	"context"
	"errors"
	"time"

	"carbon/cache"
	"carbon/metric"
)

// Push accepts points; when it returns nil they can be read. It waits while the
// cache or the log is full, or the log cannot be written. It refuses points whose
// name cannot be made canonical: it counts them by reason and logs a sample.
//
// Push may change the elements of points. It keeps neither the slice nor the names
// in it. The error is ctx's; then a prefix of the points was accepted, or none.
func (p *Pipeline) Push(ctx context.Context, points []metric.Datapoint) error {
	return p.pushAll(ctx, points, false)
}

// PushOwn accepts the server's own points, as Push does but without the filter.
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

// maxBatch is the maximum number of points in one record of the log. With names
// of up to 4 KiB they stay below wal.MaxRecord.
const maxBatch = 2048

func (p *Pipeline) push(ctx context.Context, points []metric.Datapoint, own bool) error {
	if err := p.reserve(ctx, len(points)); err != nil {
		return err
	}
	defer p.cache.Release(len(points))
	b := p.pushBatches.Get().(*pushBatch)
	defer p.pushBatches.Put(b)
	b.points, b.own = points, own
	err := b.accept()
	if err != nil {
		err = p.retryAccept(ctx, b)
	}
	b.points = nil
	if err == nil && p.o.SyncInterval == 0 {
		err = p.Commit(ctx)
	}
	if p.needsWriter() {
		p.wake()
	}
	return err
}

// reserve reserves room for n points in the cache, and waits while it is full.
func (p *Pipeline) reserve(ctx context.Context, n int) error {
	if p.cache.TryReserve(n) {
		return nil
	}
	const message = "cache full; senders wait (back-pressure)"
	if p.stallLog.Add(message, p.now()) {
		p.log.Warn(message, "points", p.cache.Size(), "max", p.cache.MaxPoints())
	}
	return p.cache.Reserve(ctx, n)
}

// retryAccept retries b.accept until it succeeds or ctx is done. Only one push
// retries at a time: thousands of retrying senders would slow down the writers
// that they wait for.
func (p *Pipeline) retryAccept(ctx context.Context, b *pushBatch) error {
	select {
	case p.retrying <- struct{}{}:
	default:
		p.stalls.Add(1)
		select {
		case p.retrying <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-p.retrying }()
	return p.retryUntilDone(ctx, "write-ahead log not writable; senders wait (back-pressure)", b.acceptFunc)
}

// pushBatch holds the points of one push, and memory that is reused.
type pushBatch struct {
	p      *Pipeline
	points []metric.Datapoint
	own    bool // the server's own points, which are not filtered
	refs   []cache.Ref
	added  []string // names of new series

	acceptFunc func() error // accept, made into a func once
	encode     func(segment uint64, b []byte) []byte
}

func newPushBatch(p *Pipeline) *pushBatch {
	b := &pushBatch{p: p}
	b.acceptFunc = b.accept
	b.encode = func(segment uint64, to []byte) []byte {
		return p.encoder.points(segment, to, b.refs, b.points, p.cache.Name)
	}
	return b
}

// accept appends the points to the log and adds them to the cache. After an error
// they are in neither.
func (b *pushBatch) accept() error {
	p := b.p
	now := p.now()
	p.pushing.RLock()
	defer p.pushing.RUnlock()
	b.resolve(now)
	if len(b.points) == 0 {
		return nil
	}
	at, err := p.append(now.UnixNano(), b.encode)
	if err == nil {
		p.cache.Add(at, b.refs, b.points)
		p.received.Add(int64(len(b.points)))
	}
	// New series are announced even if the points have to wait: the cache reports
	// a series as new only once.
	if p.announcer != nil {
		for _, name := range b.added {
			p.announcer.Announce(name)
		}
	}
	return err
}

// resolve finds the series of each point, rounds timestamps down, and removes the
// points that are refused.
func (b *pushBatch) resolve(now time.Time) {
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

// find returns the series of a name as the client sent it, or 0 if the name is
// invalid.
func (b *pushBatch) find(raw string, now time.Time) cache.Ref {
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

// refuse counts a point with an invalid name, and logs one in a second by reason.
func (p *Pipeline) refuse(err error, now time.Time) {
	var e *metric.NameError
	if !errors.As(err, &e) {
		e = &metric.NameError{Reason: "other"}
	}
	if p.refused.Add(e.Reason, now) {
		p.log.Warn("metric refused", "reason", e.Reason, "metric", e.Name)
	}
}
