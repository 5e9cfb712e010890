package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carbon/receive"
)

const (
	// flushTime is the maximum time to store pending points at shutdown. Together with
	// 10 s for reading connections it is less than the 30 s after which supervisors
	// kill a process. The write-ahead log keeps the remaining points.
	flushTime = 15 * time.Second

	// answerTime is the maximum time to finish HTTP requests at shutdown.
	answerTime = time.Second
)

// shutdown stops what Run started: after SIGTERM or SIGINT, which cancel the context of
// Run, or after a listener failed. It begins with the receivers, so that their points
// reach the cache before it is flushed.
func (s *Server) shutdown(ctx context.Context, stopBackground func(), writer <-chan error) error {
	var errs []error
	s.pipeline.BeginShutdown()
	s.store.BeginShutdown()
	errs = append(errs, receive.ShutdownAll(ctx, s.receivers...))
	stopBackground()
	errs = append(errs, <-writer, s.flush(ctx))
	if s.http != nil {
		bounded, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		if s.http.Shutdown(bounded) != nil {
			s.http.Close()
		}
	}
	s.saveIndex()
	errs = append(errs, s.wal.Close(), s.store.Close(), s.closeRecords(), s.lock.Close())
	err := errors.Join(errs...)
	if err == nil {
		s.log.Info("shutdown complete; all received points are stored or logged")
	}
	return err
}

// flush stores the pending points for at most flushTime. The remaining points stay in
// the write-ahead log for the next start. If the log is disabled, flush writes them to
// it now.
func (s *Server) flush(ctx context.Context) error {
	s.log.Info("storing pending points", "points", s.cache.Size())
	bounded, cancel := context.WithTimeout(ctx, s.flushTime)
	defer cancel()
	cause := s.pipeline.Flush(bounded)
	if cause == nil {
		return nil
	}
	pending := s.cache.Size()
	saveLog := s.wal.Sync
	if !s.config.WAL.Enabled {
		saveLog = func() error {
			_, err := s.pipeline.Save()
			return err
		}
	}
	if err := saveLog(); err != nil {
		return fmt.Errorf("%d points lost: store: %w; write-ahead log: %w", pending, cause, err)
	}
	s.log.Warn("pending points not stored; the next start replays them", "points", pending, "err", cause)
	return nil
}

// abandon closes what Open opened before it failed.
func (s *Server) abandon() {
	receive.ShutdownAll(context.Background(), s.receivers...)
	if s.listener != nil {
		s.listener.Close()
	}
	if s.wal != nil {
		s.wal.Close()
	}
	if s.store != nil {
		s.store.Close()
	}
	s.closeRecords()
	if s.lock != nil {
		s.lock.Close()
	}
}
