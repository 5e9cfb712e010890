package ingest

import (
	"context"
	"errors"
	"time"

	"carbon/cache"
	"carbon/metric"
)

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

// retryAccept tries to take points in until that succeeds or ctx is done. Of all pushes
// that wait one tries: thousands of senders that did would keep the server from
// what they wait for.
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
	return p.retryUntilDone(ctx, "points wait for the log", b.acceptFunc)
}

// batch is what one push needs. Its memory is used again.
type pushBatch struct {
	p      *Pipeline
	points []metric.Datapoint
	own    bool // the server's own points, which are not filtered
	refs   []cache.Ref
	added  []string

	acceptFunc func() error
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

// accept appends the points to the log and puts them into the cache. With an
// error it has done neither.
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

// resolve finds the series of each point, floors timestamps, and leaves out the
// points whose name is none.
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

// find returns the series of a name, or 0 if it is none.
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
