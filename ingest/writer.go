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
	// writeMetrics and writePoints bound one call of Store.Write. The last metric
	// may exceed writePoints.
	writeMetrics = 256
	writePoints  = 50_000

	// updatePoints is the maximum number of points of one metric in one update.
	updatePoints = 10_000

	// idleWait is how long a writer sleeps when it found nothing to store, unless
	// it is woken.
	idleWait = time.Second

	// minPause is how long a writer pauses after a call of Write that stored
	// nothing. It pauses twice as long after each further one, up to maxPause.
	minPause = 100 * time.Millisecond
	maxPause = time.Second
)

// writeLoop runs one writer.
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

// wake wakes one writer if all are asleep.
func (p *Pipeline) wake() {
	select {
	case p.wakeup <- struct{}{}:
	default:
	}
}

// writer moves points from the cache to the store. It reuses its memory.
type writer struct {
	p       *Pipeline
	batches []cache.Batch
	updates []storage.Update // of batches
	pause   time.Duration    // the last pause, if Write stored nothing
}

// next stores series that are due. If none is, it stores series early, as far as
// pace allows. It returns the number of series taken from the cache, and how long
// to pause.
func (w *writer) next(ctx context.Context) (taken int, pause time.Duration) {
	p := w.p
	now := p.now()
	p.cache.Retry(now.UnixNano())
	limit := p.limit.Load()
	allowed := limit.take(now, writeMetrics)
	taken, pause = w.step(ctx, p.due(now), allowed)
	if taken == 0 && p.o.WriteDelay > 0 {
		early := p.pace.take(now, allowed, p.cache.Waiting, p.o.WriteDelay)
		taken, pause = w.step(ctx, p.early(now), early)
		p.pace.refund(early - taken)
	}
	limit.refund(allowed - taken)
	return taken, pause
}

// step stores at most allowed series that are due. It returns the number of
// series taken from the cache, and how long to pause.
func (w *writer) step(ctx context.Context, due cache.Due, allowed int) (taken int, pause time.Duration) {
	w.p.writing.RLock()
	defer w.p.writing.RUnlock()
	w.batches, w.updates = w.batches[:0], w.updates[:0]
	for points := 0; len(w.batches) < allowed && points < writePoints; {
		b, ok := w.p.cache.Take(due, updatePoints)
		if !ok {
			break
		}
		w.batches = append(w.batches, b)
		w.updates = append(w.updates, storage.Update{Name: b.Name, Points: b.Points})
		points += len(b.Points)
	}
	if len(w.batches) == 0 {
		return 0, 0
	}
	// A stored point must not survive a crash that loses an earlier one, so the
	// log is flushed first. If that fails the points are stored all the same: only
	// storing makes room in the log.
	if w.p.o.Log != nil && !w.p.o.Unlogged {
		if err := w.p.o.Log.Flush(); err != nil {
			w.p.stalled("write-ahead log not flushed before an update", err)
		}
	}
	if w.store(ctx) {
		w.pause = 0
	} else {
		w.pause = min(max(minPause, 2*w.pause), maxPause)
	}
	return len(w.batches), w.pause
}

// store writes the batches to the store. A metric that fails is returned to the
// cache and tried again later; the others are stored. ok is false if the store
// failed for all of them.
func (w *writer) store(ctx context.Context) (ok bool) {
	p, batches, updates := w.p, w.batches, w.updates
	for len(batches) > 0 {
		n, err := p.store.Write(ctx, updates)
		for _, b := range batches[:n] {
			p.updates.Add(1)
			p.committed.Add(int64(len(b.Points)))
			p.failures.succeeded(b.Name)
			p.cache.Done(b)
		}
		ok = ok || n > 0
		batches, updates = batches[n:], updates[n:]
		if len(batches) == 0 {
			break
		}
		if ctx.Err() != nil {
			for _, b := range batches {
				p.cache.Return(b, 0)
			}
			break
		}
		if err == nil {
			err = io.ErrShortWrite
		}
		var delay *storage.DelayError
		if errors.As(err, &delay) {
			p.cache.Return(batches[0], p.clock.until(delay.Until).UnixNano())
			ok = true
		} else {
			p.fail(batches[0], err)
		}
		batches, updates = batches[1:], updates[1:]
	}
	return ok
}

// fail returns points that could not be stored to the cache, to be tried again.
func (p *Pipeline) fail(b cache.Batch, err error) {
	now := p.now()
	p.errors.Add(1)
	delay, log := p.failures.failed(b.Name, err, now)
	if log {
		p.log.Error("update failed; points stay pending", "metric", b.Name, "points", len(b.Points), "wait", delay, "err", err)
	}
	p.cache.Return(b, now.Add(delay).UnixNano())
}

// wait returns after d, or when ctx is done.
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
