package server

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The garbage collector lets the heap grow by a share of what lives in it before
// it works again. The usual share, all of it once more, is right for a small
// heap; one that mostly holds waiting points and names, which cost the collector
// nothing to look through, would double the server's memory for no gain.
const (
	gcHeadroom   = 16 << 20 // bytes that a heap may always grow by
	minGCPercent = 10
	maxGCPercent = 100

	tuneEvery = 10 * time.Second
)

// gcPercent is the share for a heap of so many living bytes.
func gcPercent(live uint64) int {
	return int(max(minGCPercent, min(maxGCPercent, 100*gcHeadroom/max(live, 1))))
}

// tuneGC keeps the share fitting until ctx is cancelled. Who has set GOGC keeps
// what he has set: it is not called then.
func tuneGC(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	current := maxGCPercent
	ticker := time.NewTicker(tuneEvery)
	defer ticker.Stop()
	for {
		metrics.Read(live)
		if percent := gcPercent(live[0].Value.Uint64()); percent != current {
			current = percent
			debug.SetGCPercent(percent)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
