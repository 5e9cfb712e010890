package server

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The garbage collector runs when the heap has grown by GOGC percent of its live
// bytes. Go's default of 100 suits small heaps. A large heap here mostly holds pending
// points and names, which are cheap to scan: a smaller GOGC halves its memory at
// little cost.
const (
	gcHeadroom   = 16 << 20 // bytes by which a heap may grow between collections, if GOGC allows
	minGCPercent = 10
	maxGCPercent = 100

	tuneEvery = 10 * time.Second
)

// gcPercent returns GOGC for a heap with the given live bytes.
func gcPercent(live uint64) int {
	return int(max(minGCPercent, min(maxGCPercent, 100*gcHeadroom/max(live, 1))))
}

// tuneGC adjusts GOGC to the heap until ctx is done.
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
