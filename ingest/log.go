package ingest

import (
	"context"
	"time"
)

const (
	// A checkpoint is made when it frees so much of the log, or while the log is
	// more than half full, or at the end.
	checkpointEvery = 10 * time.Second
	worthwhile      = 16 << 20 // bytes
	stuckEvery      = 250 * time.Millisecond
)

// flushing hands the log to the operating system in time.
func (p *Pipeline) flushing(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.o.Log.Dirty():
		}
		// Half of the time: a machine that is busy wakes us late.
		wait(ctx, p.o.FlushInterval/2)
		if p.persist(ctx, "log not flushed", p.o.Log.Flush) != nil {
			return
		}
	}
}

// syncing makes the log survive a power cut in time.
func (p *Pipeline) syncing(ctx context.Context) {
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
		if p.persist(ctx, "log not synced", p.o.Log.Sync) != nil {
			return
		}
	}
}

// checkpointing lets the log shrink.
func (p *Pipeline) checkpointing(ctx context.Context) {
	for {
		every := checkpointEvery
		if p.logStuck() {
			every = stuckEvery
		}
		wait(ctx, every)
		if ctx.Err() != nil {
			return
		}
		if !p.checkpointDue() {
			continue
		}
		if err := p.checkpoint(ctx); err != nil && ctx.Err() == nil {
			p.trouble("log not shortened", err)
		}
	}
}

// checkpointDue tells whether there is enough to gain.
func (p *Pipeline) checkpointDue() bool {
	gain := p.o.Log.Removable(p.low())
	return gain >= min(worthwhile, p.o.Log.MaxSize()/8) || gain > 0 && p.logStuck()
}

// logStuck tells whether pushes wait, or soon will, for the log to shrink.
func (p *Pipeline) logStuck() bool {
	return p.o.Log.Size() > p.o.Log.MaxSize()*3/4 || p.stuckLately()
}

// stuckLately tells whether something had to wait for the log within the last
// second.
func (p *Pipeline) stuckLately() bool {
	at := p.stuck.Load()
	return at != 0 && p.now().UnixNano()-at < int64(time.Second)
}

// low returns a stamp before which everything pushed is stored.
func (p *Pipeline) low() int64 {
	p.pushing.Lock()
	low := p.o.Log.Stamp(p.now().UnixNano())
	p.pushing.Unlock()
	if oldest, ok := p.cache.Oldest(); ok {
		low = min(low, oldest)
	}
	return low
}

// checkpoint removes from the log what is stored. The order matters: what is
// stored after low was found is no harm, and only what is stored durably may be
// removed.
func (p *Pipeline) checkpoint(ctx context.Context) error {
	if p.o.Log == nil {
		return nil
	}
	low := p.low()
	if err := p.store.Sync(ctx); err != nil {
		return err
	}
	return p.o.Log.Remove(low)
}
