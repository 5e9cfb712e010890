package ingest

import (
	"context"
	"fmt"
	"time"

	"carbon/cache"
	"carbon/metric"
	"carbon/storage"
)

const (
	// replayBatch is how many replayed points are added to the cache at once.
	replayBatch      = 1024
	leastReplayBatch = 32

	// replayWait is how long a replay waits for the writers before it looks again.
	replayWait = 5 * time.Millisecond
)

// Replay takes in what earlier runs left in the log, beneath what is pushed
// meanwhile, and returns when all of it is readable. Run must be running: when
// there is too much for the cache the writers make room. Without a Log it does
// nothing.
//
// Damaged records are counted and logged by the log. The error is ctx's, or that
// of a disk that cannot be read; then Replay may be called again and goes on. Until
// it has returned nil, points pushed to metrics wait to be stored.
func (p *Pipeline) Replay(ctx context.Context) error {
	if p.o.Log == nil || !p.replaying.Load() {
		return nil
	}
	r := replay{p: p, ctx: ctx}
	r.define, r.point, r.remove = r.series, r.add, r.delete
	stats, err := p.o.Log.Replay(ctx, r.take)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	p.pushing.Lock()
	p.cache.EndReplay()
	p.replaying.Store(false)
	p.pushing.Unlock()
	p.wake()
	if stats.Records > 0 || stats.Damaged > 0 || stats.Torn > 0 {
		p.log.Info("took in what an earlier run left in the log", "points", p.replayed.Load(), "records", stats.Records,
			"damaged", stats.Damaged, "torn", stats.Torn, "unknown_metric", r.unknown)
	}
	return nil
}

// replay is what Replay needs from record to record.
type replay struct {
	p   *Pipeline
	ctx context.Context
	decoder
	refs   []cache.Ref
	points []metric.Datapoint
}

// take takes in one record.
func (r *replay) take(at int64, segment uint64, payload []byte) error {
	r.refs, r.points = r.refs[:0], r.points[:0]
	if err := r.record(segment, payload); err != nil {
		r.p.stalled("record of the log is left out", fmt.Errorf("segment %d: %w", segment, err))
	}
	// A small cache leaves room for what is pushed, too.
	batch := min(replayBatch, max(leastReplayBatch, int(r.p.cache.MaxPoints()/4)))
	for from := 0; from < len(r.refs); from += batch {
		if err := r.waitForRoom(); err != nil {
			return err
		}
		to := min(from+batch, len(r.refs))
		r.p.cache.AddReplayed(at, r.refs[from:to], r.points[from:to])
		r.p.replayed.Add(int64(to - from))
	}
	return nil
}

// room waits until at most half of what the cache may hold is there to be stored.
// The other half is for what is pushed meanwhile, which is not stored before the
// end.
func (r *replay) waitForRoom() error {
	c := r.p.cache
	for c.Takeable() > c.MaxPoints()/2 {
		r.p.wake()
		wait(r.ctx, replayWait)
		if err := r.ctx.Err(); err != nil {
			return err
		}
	}
	return r.ctx.Err()
}

// series returns the series of a name, which the log has as it was canonical then.
func (r *replay) series(name string) cache.Ref {
	canonical, err := metric.Canonical(name)
	if err != nil {
		r.p.refuse(err, r.p.now())
		return 0
	}
	ref, added := r.p.cache.Series(canonical)
	if added && r.p.announcer != nil {
		r.p.announcer.Announce(canonical)
	}
	return ref
}

func (r *replay) add(ref cache.Ref, p metric.Point) {
	r.refs = append(r.refs, ref)
	r.points = append(r.points, metric.Datapoint{Point: p})
}

// delete does again what an earlier run did: the store may have got points since
// that are older, or not have come to it. A metric that has live points is new.
func (r *replay) delete(names []string) {
	p := r.p
	p.writing.Lock()
	defer p.writing.Unlock()
	p.cache.DropReplayed(names)
	if deleter, ok := p.store.(storage.Deleter); ok {
		if _, err := deleter.Delete(r.ctx, names); err != nil {
			p.stalled("metrics are not deleted", err)
		}
	}
	if p.announcer == nil {
		return
	}
	for _, name := range names {
		if _, ok := p.cache.Points(name); ok {
			p.announcer.Announce(name)
		}
	}
}
