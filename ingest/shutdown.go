package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"carbon/cache"
	"carbon/metric"
)

// flushRounds is how often Flush tries updates that fail.
const flushRounds = 3

// Reasons for which Flush leaves points in the cache.
var (
	errReplaying = errors.New("the write-ahead log is not replayed yet")
	errDeferred  = errors.New("writes deferred: MAX_CREATES_PER_MINUTE reached")
)

// BeginShutdown lifts the limits: Push no longer waits for the cache, and Run
// stores all pending points at once. It is called before the receivers read what
// clients have sent so far.
func (p *Pipeline) BeginShutdown() {
	p.limit.Store(newTokenBucket(p.o.MaxUpdatesOnShutdown, p.now()))
	p.shuttingDown.Store(true)
	p.cache.LiftLimit()
	if p.o.Log != nil {
		p.o.Log.ReleaseReserve()
	}
	p.wake()
}

// Flush stores all points in the cache, however short they have waited. It is
// called after Run has returned. It tries failing metrics three times. The error
// says how many points were not stored by then, or before ctx was done; they stay
// in the cache and in the log.
func (p *Pipeline) Flush(ctx context.Context) error {
	for range flushRounds {
		p.cache.Retry(never)
		p.drain(ctx)
		if p.cache.Size() == 0 {
			return p.checkpoint(ctx)
		}
		if p.replaying.Load() {
			return fmt.Errorf("flush: %d points not stored: %w", p.cache.Size(), errReplaying)
		}
		wait(ctx, time.Second)
	}
	err := cmp.Or(p.failures.lastError(), ctx.Err(), errDeferred)
	return fmt.Errorf("flush: %d points not stored: %w", p.cache.Size(), err)
}

// drain stores points until the cache has none to take, or ctx is done.
func (p *Pipeline) drain(ctx context.Context) {
	var running sync.WaitGroup
	for range p.o.Writers {
		running.Go(func() {
			w := writer{p: p}
			for ctx.Err() == nil {
				allowed := p.limit.Load().take(p.now(), writeMetrics)
				if allowed == 0 {
					wait(ctx, minPause)
					continue
				}
				n, pause := w.step(ctx, cache.Due{Before: never}, allowed)
				if n == 0 {
					return
				}
				wait(ctx, pause)
			}
		})
	}
	running.Wait()
}

// Save appends the points in the cache to the log, syncs it, and returns the
// number of these points. It is called at the end of a Pipeline that is Unlogged,
// after Run and Replay have returned and Flush could not store everything.
func (p *Pipeline) Save() (points int, err error) {
	// Records that Replay did not reach stay in the log, before those appended now.
	p.cache.EndReplay()
	b := newPushBatch(p)
	p.cache.Retry(never)
	for {
		t, ok := p.cache.Take(cache.Due{Before: never}, maxBatch)
		if !ok && p.cache.Size() > 0 {
			return points, fmt.Errorf("save: %d points are left in the cache", p.cache.Size())
		}
		if !ok {
			return points, p.o.Log.Sync()
		}
		b.refs, b.points = b.refs[:0], b.points[:0]
		for _, point := range t.Points {
			b.refs = append(b.refs, t.Ref)
			b.points = append(b.points, metric.Datapoint{Point: point})
		}
		if _, err := p.o.Log.Append(p.now().UnixNano(), b.encode); err != nil {
			p.cache.Return(t, 0)
			return points, err
		}
		points += len(t.Points)
		p.cache.Done(t)
	}
}
