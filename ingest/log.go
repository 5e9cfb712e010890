package ingest

import (
	"context"
	"time"
)

// append appends a record to the log and returns its stamp.
func (p *Pipeline) append(now int64, encode func(segment uint64, b []byte) []byte) (at int64, err error) {
	switch {
	case p.o.Log == nil:
	case p.o.Unlogged:
		now = p.o.Log.Stamp(now)
	default:
		if at, err = p.o.Log.Append(now, encode); err != nil {
			return 0, err
		}
		select {
		case p.unsynced <- struct{}{}:
		default:
		}
		return at, nil
	}
	for {
		last := p.lastStamp.Load()
		if now <= last {
			return last, nil
		}
		if p.lastStamp.CompareAndSwap(last, now) {
			return now, nil
		}
	}
}

// Commit returns when all that was pushed before survives the end of the process,
// and with SyncInterval == 0 a power cut. The error is ctx's.
func (p *Pipeline) Commit(ctx context.Context) error {
	return p.retryUntilDone(ctx, "points wait for the log to be written", p.commit)
}

func (p *Pipeline) commit() error {
	switch {
	case p.o.Log == nil || p.o.Unlogged:
		return nil
	case p.o.SyncInterval == 0:
		return p.o.Log.Sync()
	}
	return p.o.Log.Flush()
}

// flushing hands the log to the operating system in time.
func (p *Pipeline) flushLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.o.Log.Dirty():
		}
		// Half of the time: a machine that is busy wakes us late.
		wait(ctx, p.o.FlushInterval/2)
		if p.retryUntilDone(ctx, "log not flushed", p.o.Log.Flush) != nil {
			return
		}
	}
}

// syncing makes the log survive a power cut in time.
func (p *Pipeline) syncLoop(ctx context.Context) {
	if p.o.SyncInterval == 0 {
		return // Push does
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.unsynced:
		}
		wait(ctx, p.o.SyncInterval)
		if p.retryUntilDone(ctx, "log not synced", p.o.Log.Sync) != nil {
			return
		}
	}
}

// How long retryUntilDone waits before it tries again, twice as long each time.
const (
	minRetry = 5 * time.Millisecond
	maxRetry = 250 * time.Millisecond
)

// retryUntilDone calls try until it returns nil, or ctx is done.
func (p *Pipeline) retryUntilDone(ctx context.Context, what string, try func() error) error {
	err := try()
	for pause := minRetry; err != nil; pause = min(2*pause, maxRetry) {
		p.stalled(what, err)
		p.wake()
		wait(ctx, pause)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err = try()
	}
	return nil
}

// stalled counts what goes wrong with the log, and logs it once a second.
func (p *Pipeline) stalled(what string, err error) {
	p.stalls.Add(1)
	p.lastStall.Store(p.now().UnixNano())
	if p.stallLog.Add(what, p.now()) {
		p.log.Error(what, "err", err)
	}
}

// logUnderPressure tells whether pushes wait, or soon will, for the log to shrink.
func (p *Pipeline) logUnderPressure() bool {
	return p.o.Log.Size() > p.o.Log.MaxSize()*3/4 || p.stalledRecently()
}

// stalledRecently tells whether something had to wait for the log within the last
// second.
func (p *Pipeline) stalledRecently() bool {
	at := p.lastStall.Load()
	return at != 0 && p.now().UnixNano()-at < int64(time.Second)
}
