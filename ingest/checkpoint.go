package ingest

import (
	"context"
	"time"
)

const (
	// checkpointEvery is how often checkpointLoop asks whether a checkpoint is
	// due, and pressedCheckpointEvery while pushes wait for the log to shrink.
	checkpointEvery        = 10 * time.Second
	pressedCheckpointEvery = 250 * time.Millisecond

	// minCheckpointGain is the number of bytes that a checkpoint must free to be
	// made while the log is not under pressure.
	minCheckpointGain = 16 << 20
)

// checkpointLoop makes checkpoints when they are due.
func (p *Pipeline) checkpointLoop(ctx context.Context) {
	for {
		every := checkpointEvery
		if p.logUnderPressure() {
			every = pressedCheckpointEvery
		}
		wait(ctx, every)
		if ctx.Err() != nil {
			return
		}
		if !p.checkpointDue() {
			continue
		}
		if err := p.checkpoint(ctx); err != nil && ctx.Err() == nil {
			p.stalled("checkpoint failed; write-ahead log not trimmed", err)
		}
	}
}

// checkpointDue reports whether a checkpoint frees enough of the log.
func (p *Pipeline) checkpointDue() bool {
	gain := p.o.Log.Removable(p.checkpointStamp())
	return gain >= min(minCheckpointGain, p.o.Log.MaxSize()/8) || gain > 0 && p.logUnderPressure()
}

// checkpointStamp returns a stamp before which every pushed point is stored.
func (p *Pipeline) checkpointStamp() int64 {
	p.pushing.Lock()
	stamp := p.o.Log.Stamp(p.now().UnixNano())
	p.pushing.Unlock()
	if oldest, ok := p.cache.Oldest(); ok {
		stamp = min(stamp, oldest)
	}
	return stamp
}

// checkpoint removes from the log the segments whose points are all stored. The
// order matters: Sync makes everything before the stamp durable before Remove
// deletes it.
func (p *Pipeline) checkpoint(ctx context.Context) error {
	if p.o.Log == nil {
		return nil
	}
	stamp := p.checkpointStamp()
	if err := p.store.Sync(ctx); err != nil {
		return err
	}
	return p.o.Log.Remove(stamp)
}
