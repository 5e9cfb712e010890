package ingest

import (
	"context"
	"time"
)

// append appends a record to the log, if there is one to append to, and returns
// its stamp.
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

// Commit returns when all points pushed before survive a crash of the process,
// and with a SyncInterval of 0 a power cut too. The error is ctx's.
func (p *Pipeline) Commit(ctx context.Context) error {
	return p.retryUntilDone(ctx, "write-ahead log not written; senders wait (back-pressure)", p.commit)
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

// flushLoop flushes the log within FlushInterval after an append.
func (p *Pipeline) flushLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.o.Log.Dirty():
		}
		// Half of the interval: on a busy machine the wait takes longer.
		wait(ctx, p.o.FlushInterval/2)
		if p.retryUntilDone(ctx, "write-ahead log not flushed; trying again", p.o.Log.Flush) != nil {
			return
		}
	}
}

// syncLoop syncs the log SyncInterval after an append.
func (p *Pipeline) syncLoop(ctx context.Context) {
	if p.o.SyncInterval == 0 {
		return // Push syncs
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.unsynced:
		}
		wait(ctx, p.o.SyncInterval)
		if p.retryUntilDone(ctx, "write-ahead log not synced; trying again", p.o.Log.Sync) != nil {
			return
		}
	}
}

// retryUntilDone pauses for minRetry after the first failure, and twice as long
// after each further one, up to maxRetry.
const (
	minRetry = 5 * time.Millisecond
	maxRetry = 250 * time.Millisecond
)

// retryUntilDone calls try until it returns nil, or ctx is done. It reports each
// failure with the message.
func (p *Pipeline) retryUntilDone(ctx context.Context, message string, try func() error) error {
	err := try()
	for pause := minRetry; err != nil; pause = min(2*pause, maxRetry) {
		p.stalled(message, err)
		p.wake()
		wait(ctx, pause)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err = try()
	}
	return nil
}

// stalled counts a failure of the log, and logs each message once a second.
func (p *Pipeline) stalled(message string, err error) {
	p.stalls.Add(1)
	p.lastStall.Store(p.now().UnixNano())
	if p.stallLog.Add(message, p.now()) {
		p.log.Error(message, "err", err)
	}
}

// logUnderPressure reports whether pushes wait, or soon will, for the log to
// shrink.
func (p *Pipeline) logUnderPressure() bool {
	return p.o.Log.Size() > p.o.Log.MaxSize()*3/4 || p.stalledRecently()
}

// stalledRecently reports whether the log failed or was full within the last
// second.
func (p *Pipeline) stalledRecently() bool {
	at := p.lastStall.Load()
	return at != 0 && p.now().UnixNano()-at < int64(time.Second)
}
