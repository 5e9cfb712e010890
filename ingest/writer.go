package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"carbon/cache"
	"carbon/metric"
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

// Run stores what is pushed, and keeps the log, until ctx is cancelled, and
// returns nil when all has ended that it began. What is then in the cache is for
// Flush.
func (p *Pipeline) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for range p.o.Writers {
		running.Go(func() { p.write(ctx) })
	}
	running.Go(func() { p.forgetting(ctx) })
	if p.o.Log != nil {
		running.Go(func() { p.flushing(ctx) })
		running.Go(func() { p.syncing(ctx) })
		running.Go(func() { p.checkpointing(ctx) })
	}
	running.Wait()
	return nil
}

// Hurry lifts all limits for the end: Push does not wait for the cache, and Run
// stores at once what is there, whatever its age. It is called before receivers
// read what senders have sent until then.
func (p *Pipeline) Hurry() {
	p.limit.Store(newBucket(p.o.MaxUpdatesOnShutdown, p.now()))
	p.hurried.Store(true)
	p.cache.Unbound()
	if p.o.Log != nil {
		p.o.Log.Hurry()
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
	err := cmp.Or(p.faults.lastError(), ctx.Err(), errPutOff)
	return fmt.Errorf("flush: %d points not stored: %w", p.cache.Size(), err)
}

// Save puts what is in the cache into the log, durably, and returns how many
// points these were. It is for the end of a Pipeline that is Unlogged, when Run
// and Replay have ended and Flush could not store all.
func (p *Pipeline) Save() (points int, err error) {
	// What a replay did not come to stays in the log, in front of what is put there now.
	p.cache.EndReplay()
	b := newBatch(p)
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

// write is one writer's loop.
func (p *Pipeline) write(ctx context.Context) {
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
		case <-p.kick:
		}
	}
}

// wake wakes a writer if all sleep.
func (p *Pipeline) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
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
		p.pace.giveBack(early - taken)
	}
	limit.giveBack(allowed - taken)
	return taken, pause
}

// forgetting keeps metrics that ended from staying in memory for ever.
func (p *Pipeline) forgetting(ctx context.Context) {
	for wait(ctx, forgetEvery); ctx.Err() == nil; wait(ctx, forgetEvery) {
		p.forget()
	}
}

func (p *Pipeline) forget() {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	if p.replaying.Load() {
		return
	}
	f := p.filter.Load()
	p.cache.Forget(p.now().Add(-forgetAfter).UnixNano(), func(r cache.Ref) {
		p.encoder.forget(r)
		f.forget(r)
	})
}

// writer is what one writer needs again and again.
type writer struct {
	p       *Pipeline
	batch   []cache.Taken
	updates []storage.Update
	pause   time.Duration // after batches of which nothing could be stored
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
			w.p.trouble("log not flushed before points are stored", err)
		}
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
// stored, or nothing had to be.
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
func (p *Pipeline) fail(t cache.Taken, err error) {
	now := p.now()
	p.errors.Add(1)
	delay, log := p.faults.failed(t.Name, err, now)
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
