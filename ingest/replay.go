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
	// replayBatch is the number of replayed points added to the cache at once. A
	// small cache gets smaller batches, down to minReplayBatch.
	replayBatch    = 1024
	minReplayBatch = 32

	// replayWait is how often Replay checks whether the writers have made room.
	replayWait = 5 * time.Millisecond
)

// Replay adds the points that earlier runs left in the log to the cache, as older
// than those pushed since New. It returns when all of them can be read. Run must
// be running: the writers make room if the cache cannot hold all points. Without a
// Log it does nothing.
//
// The log counts and logs damaged records. An error is ctx's, or that of a disk
// that cannot be read; then Replay may be called again and continues. Until it has
// returned nil, points pushed since New are not stored.
func (p *Pipeline) Replay(ctx context.Context) error {
	if p.o.Log == nil || !p.replaying.Load() {
		return nil
	}
	begin := p.now()
	r := replay{p: p, ctx: ctx}
	r.define, r.point, r.remove = r.series, r.add, r.delete
	stats, err := p.o.Log.Replay(ctx, r.take)
	if err != nil {
		return err
	}
	p.pushing.Lock()
	p.cache.EndReplay()
	p.replaying.Store(false)
	p.pushing.Unlock()
	p.wake()
	if stats.Segments > 0 {
		p.log.Info("write-ahead log replayed", "points", p.replayed.Load(), "records", stats.Records,
			"damaged", stats.Damaged, "torn", stats.Torn, "unknown_metric", r.unknown, "took", p.now().Sub(begin))
	}
	return nil
}

// replay is the state of one call of Replay.
type replay struct {
	p   *Pipeline
	ctx context.Context
	decoder
	refs   []cache.Ref // of points
	points []metric.Datapoint
}

// take replays one record.
func (r *replay) take(at int64, segment uint64, payload []byte) error {
	r.refs, r.points = r.refs[:0], r.points[:0]
	if err := r.record(segment, payload); err != nil {
		r.p.stalled("write-ahead log record skipped", fmt.Errorf("segment %d: %w", segment, err))
	}
	// One batch takes at most a quarter of a small cache: pushed points need room too.
	batch := min(replayBatch, max(minReplayBatch, int(r.p.cache.MaxPoints()/4)))
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

// waitForRoom waits until the points that can be stored fill at most half of the
// cache. The other half is for points that are pushed meanwhile, which are not
// stored before the replay ends.
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

// series returns the series of a name in the log. The name was canonical for the
// version that logged it; 0 is returned if it is invalid now.
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

// delete repeats a deletion: the earlier run may have been killed before it
// deleted the metrics, and replayed points may have been stored since. Points
// pushed since New stay; their metrics are announced again.
func (r *replay) delete(names []string) {
	p := r.p
	p.writing.Lock()
	defer p.writing.Unlock()
	p.cache.DropReplayed(names)
	if deleter, ok := p.store.(storage.Deleter); ok {
		if _, err := deleter.Delete(r.ctx, names); err != nil {
			p.stalled("metrics not deleted during replay", err)
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
