package server

import (
	"context"
	"time"
)

const (
	// replayRetry is the wait before a failed replay is retried.
	replayRetry = 5 * time.Second

	// saveIndexEvery is the interval at which the index is saved. After a crash, newer
	// names are found in the write-ahead log or by the next rescan.
	saveIndexEvery = 5 * time.Minute
)

// replay replays the write-ahead log of earlier runs while clients send. Until it is
// done, the server answers requests but is not healthy.
func (s *Server) replay(ctx context.Context) {
	err := s.pipeline.Replay(ctx)
	for err != nil && ctx.Err() == nil {
		s.log.Error("replaying write-ahead log failed; retrying", "wait", replayRetry, "err", err)
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

// maintainIndex saves the index regularly, and compares it with the whisper tree every
// RESCAN_INTERVAL, and at the start if the index is from a snapshot.
func (s *Server) maintainIndex(ctx context.Context) {
	rescan := func() {
		if err := s.store.Rescan(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("rescanning whisper tree failed", "err", err)
		}
		s.saveIndex()
	}
	if s.store.Rescanned() {
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

// saveIndex saves the index if it has changed.
func (s *Server) saveIndex() {
	if err := s.store.SaveIndex(); err != nil {
		s.log.Error("saving index failed; the next start scans the whisper tree", "err", err)
	}
}
