package ingest

import (
	"context"
	"errors"
	"io"
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

	// idleWait is how long a writer without work waits before it looks again,
	// unless it is woken.
	idleWait = time.Second

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

// write is one writer's loop.
func (p *Pipeline) writeLoop(ctx context.Context) {
	w := writer{p: p}
	idle := time.NewTimer(0)
	defer idle.Stop()
	for ctx.Err() == nil {
		n, pause := w.next(ctx)
		if n > 0 {
			wait(ctx, pause)
			continue
		}
		idle.Reset(idleWait)
		select {
		case <-ctx.Done():
		case <-idle.C:
		case <-p.wakeup:
		}
	}
}

// wake wakes a writer if all sleep.
func (p *Pipeline) wake() {
	select {
	case p.wakeup <- struct{}{}:
	default:
	}
}

// writer is what one writer needs again and again.
type writer struct {
	p       *Pipeline
	batch   []cache.Batch
	updates []storage.Update
	pause   time.Duration // after batches of which nothing could be stored
}

// next stores one batch of what is due, or of what may be stored early.
func (w *writer) next(ctx context.Context) (taken int, pause time.Duration) {
	p := w.p
	now := p.now()
	p.cache.Retry(now.UnixNano())
	limit := p.limit.Load()
	allowed := limit.take(now, batchMetrics)
	taken, pause = w.step(ctx, p.due(now), allowed)
	if taken == 0 && p.o.WriteDelay > 0 {
		early := p.pace.take(now, allowed, p.cache.Waiting, p.o.WriteDelay)
		taken, pause = w.step(ctx, p.early(now), early)
		p.pace.refund(early - taken)
	}
	limit.refund(allowed - taken)
	return taken, pause
}

// step stores one batch of at most allowed metrics that are due. It returns how
// many it took and how long to leave the store in peace.
func (w *writer) step(ctx context.Context, due cache.Due, allowed int) (taken int, pause time.Duration) {
	w.p.writing.RLock()
	defer w.p.writing.RUnlock()
	w.batch, w.updates = w.batch[:0], w.updates[:0]
	for points := 0; len(w.batch) < allowed && points < batchPoints; {
		t, ok := w.p.cache.Take(due, updatePoints)
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
	// What is stored must not survive a crash without what came before it. While
	// the log cannot be written it must be, though: only that makes room.
	if w.p.o.Log != nil && !w.p.o.Unlogged {
		if err := w.p.o.Log.Flush(); err != nil {
			w.p.stalled("log not flushed before points are stored", err)
		}
	}
	if w.store(ctx) {
		w.pause = 0
	} else {
		w.pause = min(max(minPause, 2*w.pause), maxPause)
	}
	return len(w.batch), w.pause
}

// commit stores the batch. A metric that fails is put back for a while and does
// not keep the others from being stored. It reports whether anything could be
// stored, or nothing had to be.
func (w *writer) store(ctx context.Context) (ok bool) {
	p, batch, updates := w.p, w.batch, w.updates
	for len(batch) > 0 {
		n, err := p.store.Write(ctx, updates)
		for _, t := range batch[:n] {
			p.updates.Add(1)
			p.committed.Add(int64(len(t.Points)))
			p.failures.succeeded(t.Name)
			p.cache.Done(t)
		}
		ok = ok || n > 0
		batch, updates = batch[n:], updates[n:]
		if len(batch) == 0 {
			break
		}
		if ctx.Err() != nil {
			for _, t := range batch {
				p.cache.Return(t, 0)
			}
			break
		}
		if err == nil {
			err = io.ErrShortWrite
		}
		var delay *storage.DelayError
		if errors.As(err, &delay) {
			p.cache.Return(batch[0], p.clock.until(delay.Until).UnixNano())
			ok = true
		} else {
			p.fail(batch[0], err)
		}
		batch, updates = batch[1:], updates[1:]
	}
	return ok
}

// fail puts points back that could not be stored.
func (p *Pipeline) fail(t cache.Batch, err error) {
	now := p.now()
	p.errors.Add(1)
	delay, log := p.failures.failed(t.Name, err, now)
	if log {
		p.log.Error("points not stored, will try again", "metric", t.Name, "points", len(t.Points), "in", delay, "err", err)
	}
	p.cache.Return(t, now.Add(delay).UnixNano())
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
