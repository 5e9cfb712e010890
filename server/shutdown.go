package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carbon/receive"
)

const (
	// flushTime bounds storing at shutdown. With the 10 s for reading connections it
	// stays within the 30 s after which supervisors kill a process. The write-ahead
	// log keeps the rest.
	flushTime = 15 * time.Second

	// answerTime bounds the HTTP requests that are being answered at shutdown.
	answerTime = time.Second
)

// shutdown ends what Run started, receivers first, so that all their points pass
// through the cache into the store.
func (s *Server) shutdown(ctx context.Context, stopBackground func(), writer <-chan error) error {
	var errs []error
	s.pipeline.BeginShutdown()
	s.store.Hurry()
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
		s.log.Info("shut down; all received points are stored or logged")
	}
	return err
}

// flush stores the pending points. Points that take too long, or that the store
// refuses, stay in the write-ahead log for the next start; without a log they are
// saved now.
func (s *Server) flush(ctx context.Context) error {
	s.log.Info("storing pending points", "points", s.cache.Size())
	bounded, cancel := context.WithTimeout(ctx, s.flushTime)
	defer cancel()
	cause := s.pipeline.Flush(bounded)
	if cause == nil {
		return nil
	}
	left := s.cache.Size()
	keep := s.wal.Sync
	if !s.config.WAL.Enabled {
		keep = func() error {
			_, err := s.pipeline.Save()
			return err
		}
	}
	if err := keep(); err != nil {
		return fmt.Errorf("%d points lost: not stored: %w; not logged: %w", left, cause, err)
	}
	s.log.Warn("pending points not stored; the next start replays them", "points", left, "err", cause)
	return nil
}

// abandon closes what Open has opened before it failed.
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
