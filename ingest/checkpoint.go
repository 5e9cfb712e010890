package ingest

import (
	"context"
	"time"
)

const (
	// A checkpoint is made when it frees so much of the log, or while the log is
	// more than half full, or at the end.
	checkpointEvery        = 10 * time.Second
	minCheckpointGain      = 16 << 20 // bytes
	pressedCheckpointEvery = 250 * time.Millisecond
)

// checkpointLoop lets the log shrink.
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
			p.stalled("log not shortened", err)
		}
	}
}

// checkpointDue tells whether there is enough to gain.
func (p *Pipeline) checkpointDue() bool {
	gain := p.o.Log.Removable(p.checkpointStamp())
	return gain >= min(minCheckpointGain, p.o.Log.MaxSize()/8) || gain > 0 && p.logUnderPressure()
}

// low returns a stamp before which everything pushed is stored.
func (p *Pipeline) checkpointStamp() int64 {
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
	low := p.checkpointStamp()
	if err := p.store.Sync(ctx); err != nil {
		return err
	}
	return p.o.Log.Remove(low)
}
