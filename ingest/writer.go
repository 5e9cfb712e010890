package ingest

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"carbon/cache"
	"carbon/storage"
)

const (
	// A batch given to the store has at most so many metrics and, but for its
	// last metric, points.
	batchMetrics = 256
	batchPoints  = 50_000

	// updatePoints is how many points of one metric are stored at once.
	updatePoints = 10_000

	// idleWait is how long a writer without work waits before it looks again.
	idleWait = 50 * time.Millisecond

	// After a batch of which nothing could be stored a writer pauses, twice as
	// long each time.
	minPause = 100 * time.Millisecond
	maxPause = time.Second

	// flushRounds is how often Flush tries what fails.
	flushRounds = 3

	// A metric without points for forgetAfter is new when it comes again.
	forgetAfter = time.Hour
	forgetEvery = time.Minute
)

// always is later than any point arrives and any metric is delayed.
var always = time.Unix(0, math.MaxInt64-1)

// Run stores what is pushed until ctx is cancelled, and returns nil when all its
// writers have ended. What is then in the cache is for Flush.
func (p *Pipeline) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for range p.writers {
		running.Go(func() { p.write(ctx) })
	}
	running.Go(func() { p.forget(ctx) })
	running.Wait()
	return nil
}

// Hurry lifts all limits for the end: Push waits for nothing, and Run stores at
// once what is there, whatever its age and without the limit on updates. It is
// called before receivers read what senders have sent until then.
func (p *Pipeline) Hurry() {
	p.hurried.Store(true)
	p.cache.Unbound()
}

// Flush stores all that is in the cache, whatever its age and without the limit
// on updates. It is for after Run. Metrics that fail are tried three times. The
// error says how many points could not be stored until then or until ctx was
// done; they stay in the cache.
func (p *Pipeline) Flush(ctx context.Context) error {
	for range flushRounds {
		p.cache.Retry(always)
		p.drain(ctx)
		if p.cache.Size() == 0 {
			return nil
		}
		wait(ctx, time.Second)
	}
	err := p.faults.lastError()
	if err == nil {
		err = ctx.Err()
	}
	return fmt.Errorf("flush: %d points not stored: %w", p.cache.Size(), err)
}

// drain stores until there is nothing to take, or ctx is done.
func (p *Pipeline) drain(ctx context.Context) {
	var running sync.WaitGroup
	for range p.writers {
		running.Go(func() {
			w := writer{p: p}
			for ctx.Err() == nil {
				n, pause := w.step(ctx, always, batchMetrics)
				if n == 0 {
					return
				}
				wait(ctx, pause)
			}
		})
	}
	running.Wait()
}

// write is one writer's loop.
func (p *Pipeline) write(ctx context.Context) {
	w := writer{p: p}
	for ctx.Err() == nil {
		now := p.now()
		p.cache.Retry(now)
		allowed := batchMetrics
		limited := p.rate != nil && !p.hurried.Load()
		if limited {
			allowed = p.rate.take(now, batchMetrics)
		}
		n, pause := w.step(ctx, p.due(now), allowed)
		if limited {
			p.rate.giveBack(allowed - n)
		}
		if n == 0 {
			pause = idleWait
		}
		wait(ctx, pause)
	}
}

// due returns until when points must have arrived to be stored at now.
func (p *Pipeline) due(now time.Time) time.Time {
	if p.minAge < 0 || p.hurried.Load() || p.cache.Size() > p.cache.MaxPoints()/2 {
		return always
	}
	return now.Add(-p.minAge)
}

// forget keeps metrics that ended from staying in memory for ever.
func (p *Pipeline) forget(ctx context.Context) {
	for wait(ctx, forgetEvery); ctx.Err() == nil; wait(ctx, forgetEvery) {
		p.cache.Forget(p.now().Add(-forgetAfter))
	}
}

// writer is what one writer needs again and again.
type writer struct {
	p       *Pipeline
	batch   []cache.Taken
	updates []storage.Update
	pause   time.Duration // after batches of which nothing could be stored
}

// step stores one batch of at most allowed metrics whose oldest points arrived at
// before or earlier. It returns how many it took and how long to leave the store
// in peace.
func (w *writer) step(ctx context.Context, before time.Time, allowed int) (taken int, pause time.Duration) {
	w.batch, w.updates = w.batch[:0], w.updates[:0]
	for points := 0; len(w.batch) < allowed && points < batchPoints; {
		t, ok := w.p.cache.Take(before, updatePoints)
		if !ok {
			break
		}
		w.batch = append(w.batch, t)
		w.updates = append(w.updates, storage.Update{Name: t.Name, Points: t.Points})
		points += len(t.Points)
	}
	if len(w.batch) == 0 {
		return 0, 0
	}
	if w.commit(ctx) {
		w.pause = 0
	} else {
		w.pause = min(max(minPause, 2*w.pause), maxPause)
	}
	return len(w.batch), w.pause
}

// commit stores the batch. A metric that fails is put back for a while and does
// not keep the others from being stored. It reports whether anything could be
// stored.
func (w *writer) commit(ctx context.Context) (ok bool) {
	p, batch, updates := w.p, w.batch, w.updates
	for len(batch) > 0 {
		n, err := p.store.Write(ctx, updates)
		for _, t := range batch[:n] {
			p.updates.Add(1)
			p.committed.Add(int64(len(t.Points)))
			p.faults.succeeded(t.Name)
			p.cache.Done(t)
		}
		ok = ok || n > 0
		batch, updates = batch[n:], updates[n:]
		if len(batch) == 0 {
			break
		}
		if ctx.Err() != nil {
			for _, t := range batch {
				p.cache.Return(t, time.Time{})
			}
			break
		}
		if err == nil {
			err = io.ErrShortWrite
		}
		p.fail(batch[0], err)
		batch, updates = batch[1:], updates[1:]
	}
	return ok
}

// fail puts points back that could not be stored.
func (p *Pipeline) fail(t cache.Taken, err error) {
	now := p.now()
	p.errors.Add(1)
	delay, log := p.faults.failed(t.Name, err, now)
	if log {
		p.log.Error("points not stored, will try again", "metric", t.Name, "points", len(t.Points), "in", delay, "err", err)
	}
	p.cache.Return(t, now.Add(delay))
}

// wait returns after d or when ctx is done.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
