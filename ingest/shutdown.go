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

// Hurry lifts all limits for the end: Push does not wait for the cache, and Run
// stores at once what is there, whatever its age. It is called before receivers
// read what senders have sent until then.
func (p *Pipeline) BeginShutdown() {
	p.limit.Store(newTokenBucket(p.o.MaxUpdatesOnShutdown, p.now()))
	p.shuttingDown.Store(true)
	p.cache.LiftLimit()
	if p.o.Log != nil {
		p.o.Log.ReleaseReserve()
	}
	p.wake()
}

// Flush stores all that is in the cache, whatever its age. It is for after Run.
// Metrics that fail are tried three times. The error says how many points could
// not be stored until then or until ctx was done; they stay in the cache and, if
// there is one, in the log.
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
	err := cmp.Or(p.failures.lastError(), ctx.Err(), errPutOff)
	return fmt.Errorf("flush: %d points not stored: %w", p.cache.Size(), err)
}

// drain stores until there is nothing to take, or ctx is done.
func (p *Pipeline) drain(ctx context.Context) {
	var running sync.WaitGroup
	for range p.o.Writers {
		running.Go(func() {
			w := writer{p: p}
			for ctx.Err() == nil {
				allowed := p.limit.Load().take(p.now(), batchMetrics)
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

// Save puts what is in the cache into the log, durably, and returns how many
// points these were. It is for the end of a Pipeline that is Unlogged, when Run
// and Replay have ended and Flush could not store all.
func (p *Pipeline) Save() (points int, err error) {
	// What a replay did not come to stays in the log, in front of what is put there now.
	p.cache.EndReplay()
	b := newPushBatch(p)
	p.cache.Retry(never)
	for {
		t, ok := p.cache.Take(cache.Due{Before: never}, maxBatch)
		if !ok && p.cache.Size() > 0 {
			return points, fmt.Errorf("save: %d points are left", p.cache.Size())
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

var (
	errReplaying = errors.New("the log of an earlier run is not taken in yet")
	errPutOff    = errors.New("the store has put them off")
)
