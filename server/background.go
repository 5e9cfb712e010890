package server

import (
	"context"
	"time"
)

const (
	// replayRetry is the wait before a replay that failed is tried again.
	replayRetry = 5 * time.Second

	// saveIndexEvery is how often the index is saved if it has changed. Newer names
	// are found in the write-ahead log or by the next rescan.
	saveIndexEvery = 5 * time.Minute
)

// replay stores the points that an earlier run left in the write-ahead log, while
// clients send. Until it is done the server answers, but is not healthy.
func (s *Server) replay(ctx context.Context) {
	err := s.pipeline.Replay(ctx)
	for err != nil && ctx.Err() == nil {
		s.log.Error("replay of the write-ahead log failed; trying again", "wait", replayRetry, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(replayRetry):
			err = s.pipeline.Replay(ctx)
		}
	}
	if err == nil {
		s.health.clear(replaying)
	}
}

// maintainIndex compares the index with the tree, at once if the index is from a
// snapshot, and then every RESCAN_INTERVAL, and saves it.
func (s *Server) maintainIndex(ctx context.Context) {
	rescan := func() {
		if err := s.store.Check(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("rescan of the whisper tree failed", "err", err)
		}
		s.saveIndex()
	}
	if s.store.Checked() {
		s.saveIndex()
	} else {
		rescan()
	}
	save := time.NewTicker(saveIndexEvery)
	defer save.Stop()
	due := make(<-chan time.Time)
	if every := s.config.Storage.RescanInterval; every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		due = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-due:
			rescan()
		case <-save.C:
			s.saveIndex()
		}
	}
}

func (s *Server) saveIndex() {
	if err := s.store.SaveIndex(); err != nil {
		s.log.Error("index not saved; the next start scans the whisper tree", "err", err)
	}
}
