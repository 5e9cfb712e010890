package receive

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"carbon/metric"
)

// Reasons of failures.
const (
	acceptFailed     = "accept"
	connectionFailed = "connection"
	connectionsFull  = "connections"
)

// After an error of accept, such as too many open files, the server waits before it
// tries again, twice as long each time.
const (
	minAcceptWait = 5 * time.Millisecond
	maxAcceptWait = time.Second
)

const (
	// serverDrainLimit bounds the reading of all connections at shutdown.
	serverDrainLimit = 10 * time.Second

	// At shutdown the server accepts clients that the kernel has connected, until
	// none has come for pendingQuiet, for at most pendingLimit.
	pendingQuiet = 20 * time.Millisecond
	pendingLimit = time.Second
)

// Serve implements Receiver. At shutdown it stops accepting and reads each
// connection until it has been empty for 200 ms, for at most 10 s. It also reads
// clients that were still waiting to be accepted.
//
// It returns nil, or an error if connections were cut off, or why the listener
// failed.
func (s *Server) Serve(ctx context.Context) error {
	return s.life.Serve(ctx, func(stopping, pushing context.Context) error {
		defer context.AfterFunc(stopping, s.beginClosing)()
		connections, abort := context.WithCancel(context.WithoutCancel(pushing)) // drain counts before it aborts
		defer abort()
		err := s.accept(stopping, connections)
		s.beginClosing()
		s.acceptPending(connections)
		s.listener.Close()
		if n := s.drain(pushing, abort); n > 0 {
			err = errors.Join(err, fmt.Errorf("%s: %d connections cut off", s.o.Name, n))
		}
		return err
	})
}

// Shutdown implements Receiver.
func (s *Server) Shutdown(ctx context.Context) error { return s.life.Shutdown(ctx) }

// accept starts clients until the server is closing.
func (s *Server) accept(stopping, connections context.Context) error {
	wait := time.Duration(0)
	for s.slot(stopping) {
		c, err := s.listener.Accept()
		if err == nil {
			wait = 0
			s.start(connections, c, true)
			continue
		}
		<-s.slots
		switch {
		case stopping.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
		wait = min(max(minAcceptWait, 2*wait), maxAcceptWait)
		s.fail(acceptFailed, "cannot accept connections; retrying", "err", err, "wait", wait)
		sleep(stopping, wait)
	}
	return nil
}

// slot waits until one more connection is allowed. It returns false when the server
// is closing.
func (s *Server) slot(stopping context.Context) bool {
	select {
	case s.slots <- struct{}{}:
		return stopping.Err() == nil
	default:
	}
	s.fail(connectionsFull, "connection limit reached; further clients wait", "limit", s.o.MaxConnections)
	select {
	case s.slots <- struct{}{}:
		return stopping.Err() == nil
	case <-stopping.Done():
		return false
	}
}

// acceptPending accepts the clients that the kernel has connected. They may have
// sent something that would be lost. They are not limited, because the server reads
// them only to the end of what they have sent.
func (s *Server) acceptPending(connections context.Context) {
	for limit := time.Now().Add(pendingLimit); time.Now().Before(limit); {
		if s.listener.SetDeadline(time.Now().Add(pendingQuiet)) != nil {
			return
		}
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.start(connections, c, false)
	}
}

// start serves a client in a goroutine, which gives back a slot at its end if slot
// is true.
func (s *Server) start(ctx context.Context, nc net.Conn, slot bool) {
	c := newConn(nc, s.o.TLS, &s.deadlines)
	s.accepted.Add(1)
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	s.running.Go(func() {
		err := c.handshake(ctx)
		if err == nil {
			err = s.o.Protocol(ctx, c, func(points []metric.Datapoint) error {
				n := len(points)
				if err := s.o.Push(ctx, points); err != nil {
					return err
				}
				s.points.Add(int64(n))
				return nil
			})
		}
		s.ended(c, err) // before the client sees the end, so that tests can count on it
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		if slot {
			<-s.slots
		}
	})
}

// protocol makes a Protocol of a Format.
func (f Format) protocol(_ context.Context, c Conn, push func([]metric.Datapoint) error) error {
	return f(c, push)
}

// ended logs why a connection ended, unless the client closed it.
func (s *Server) ended(c *conn, err error) {
	switch {
	case err == nil, s.deadlines.draining() && !errors.Is(err, context.Canceled):
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.log.Debug("idle connection closed", "remote", c.RemoteAddr())
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ETIMEDOUT):
		s.log.Debug("connection lost", "remote", c.RemoteAddr(), "err", err)
	default:
		s.fail(connectionFailed, "connection closed after an error", "remote", c.RemoteAddr(), "err", err)
	}
}

// beginClosing stops accepting and bounds how long connections are read.
func (s *Server) beginClosing() {
	if !s.deadlines.drain(s.limit) {
		return
	}
	now := time.Now()
	s.listener.SetDeadline(now) // ends an Accept that waits
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.SetReadDeadline(now.Add(drainQuiet)) // ends reads that wait
	}
}

// drain waits until all connections have ended. When the time is up or pushing is
// done, it calls abort, which ends waiting pushes, and closes the remaining
// connections. It returns their number.
func (s *Server) drain(pushing context.Context, abort context.CancelFunc) (cut int) {
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
	case <-pushing.Done():
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

// fail counts a failure and logs it, at most once a second for each reason.
func (s *Server) fail(reason, message string, attrs ...any) {
	if s.failures.Add(reason, time.Now()) {
		s.log.Warn(message, attrs...)
	}
}

// sleep returns after d or when ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
