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

// What goes wrong, for the tally.
const (
	acceptFailed     = "accept"
	connectionFailed = "connection"
	connectionsFull  = "connections"
)

// After an error of accept, such as too many open files, the next try waits,
// twice as long each time.
const (
	minAcceptPause = 5 * time.Millisecond
	maxAcceptPause = time.Second
)

// Serve accepts clients and reads what they send. It is called once. When ctx is
// cancelled or Shutdown is called it stops accepting, reads each connection until
// it has been empty for 200 ms, 10 s in all at most, and returns when all have
// ended: what clients had written before is pushed then, even by those that were
// still waiting to be accepted.
//
// It returns nil, or that connections had to be cut off in the end, or why the
// listener could not go on.
func (s *Server) Serve(ctx context.Context) error {
	defer close(s.served)
	s.mu.Lock()
	s.serving = true
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, s.beginClosing)
	defer stop()
	// What was read is pushed, whatever becomes of ctx.
	ctx, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()

	err := s.accept(ctx)
	s.beginClosing()
	<-s.closing
	s.acceptPending(ctx)
	s.listener.Close()
	if n := s.drain(abort); n > 0 {
		err = errors.Join(err, fmt.Errorf("receive %s: %d connections cut off", s.o.Name, n))
	}
	return err
}

// accept starts clients until the server is closing.
func (s *Server) accept(ctx context.Context) error {
	pause := time.Duration(0)
	for s.slot() {
		c, err := s.listener.Accept()
		if err == nil {
			pause = 0
			s.start(ctx, c, true)
			continue
		}
		<-s.slots
		switch {
		case s.drainUntil.Load() != 0:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
		pause = min(max(minAcceptPause, 2*pause), maxAcceptPause)
		s.fail(acceptFailed, "client not accepted", "err", err)
		s.sleep(pause)
	}
	return nil
}

// slot waits until there may be one more connection; false means that the server
// is closing.
func (s *Server) slot() bool {
	select {
	case s.slots <- struct{}{}:
		return s.drainUntil.Load() == 0
	default:
	}
	s.fail(connectionsFull, "clients wait for others to leave", "limit", s.o.MaxConnections)
	select {
	case s.slots <- struct{}{}:
		return s.drainUntil.Load() == 0
	case <-s.closing:
		return false
	}
}

// acceptPending takes the clients whose connection the kernel has made and which
// may have written already: without it they would lose that. Their number may
// go over the limit; they are not kept.
func (s *Server) acceptPending(ctx context.Context) {
	for limit := time.Now().Add(pendingLimit); time.Now().Before(limit); {
		if s.listener.SetDeadline(time.Now().Add(pendingQuiet)) != nil {
			return
		}
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.start(ctx, c, false)
	}
}

// start serves one client in a goroutine. slot tells whether it holds one.
func (s *Server) start(ctx context.Context, nc net.Conn, slot bool) {
	c := &conn{Conn: nc, server: s}
	if s.o.TLS != nil {
		c.encrypted = encrypt(nc, s.o.TLS)
		c.Conn = c.encrypted
	} else if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn()
	}
	s.accepted.Add(1)
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	s.running.Go(func() {
		err := s.read(ctx, c, func(points []metric.Datapoint) error {
			n := len(points)
			if err := s.o.Push(ctx, points); err != nil {
				return err
			}
			s.points.Add(int64(n))
			return nil
		})
		s.ended(c, err) // counted before the client can know
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		if slot {
			<-s.slots
		}
	})
}

// read reads one client to its end.
func (s *Server) read(ctx context.Context, c *conn, push func([]metric.Datapoint) error) error {
	if c.encrypted != nil {
		if err := c.encrypted.handshake(ctx); err != nil {
			return err
		}
	}
	return s.o.Format(c, push)
}

// ended logs why a connection ended, if that is not as it should be.
func (s *Server) ended(c *conn, err error) {
	switch {
	case err == nil, s.drainUntil.Load() != 0 && !errors.Is(err, context.Canceled):
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.log.Debug("idle connection closed", "addr", c.RemoteAddr())
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ETIMEDOUT):
		s.log.Debug("connection lost", "addr", c.RemoteAddr(), "err", err)
	default:
		s.fail(connectionFailed, "connection dropped", "addr", c.RemoteAddr(), "err", err)
	}
}

// fail counts a failure and logs it if none of its kind was in the last second.
func (s *Server) fail(reason, message string, attrs ...any) {
	if s.failures.Add(reason, time.Now()) {
		s.log.Warn(message, attrs...)
	}
}

// sleep returns after d or when the server is closing.
func (s *Server) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
}
