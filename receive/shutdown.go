package receive

import (
	"context"
	"time"
)

// Shutdown makes Serve end and returns when it has. When ctx is done before, the
// connections that are left are cut off, waiting pushes too, and the error is
// ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.beginClosing()
	s.mu.Lock()
	serving := s.serving
	s.mu.Unlock()
	if !serving {
		return s.listener.Close()
	}
	select {
	case <-s.served:
		return nil
	case <-ctx.Done():
	}
	s.hurryUp.Do(func() { close(s.impatient) })
	<-s.served
	return ctx.Err()
}

// beginClosing ends accepting, and sets how long connections may still be read.
func (s *Server) beginClosing() {
	s.close.Do(func() {
		now := time.Now()
		s.drainUntil.Store(now.Add(s.limit).UnixNano())
		s.listener.SetDeadline(now) // for an Accept that waits
		s.mu.Lock()
		for c := range s.conns {
			c.SetReadDeadline(now.Add(drainQuiet)) // for reads that wait
		}
		s.mu.Unlock()
		close(s.closing)
	})
}

// drain waits until all connections have ended. When the time is up it calls
// abort, which ends waiting pushes, and closes connections; it returns how many
// those were.
func (s *Server) drain(abort context.CancelFunc) (cut int) {
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	limit := time.NewTimer(s.limit + drainQuiet)
	defer limit.Stop()
	select {
	case <-ended:
		return 0
	case <-limit.C:
	case <-s.impatient:
	}
	s.mu.Lock()
	cut = len(s.conns)
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	abort()
	<-ended
	return cut
}
