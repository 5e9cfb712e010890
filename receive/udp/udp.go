// Package udp receives datagrams, most of them of lines.
//
// Nobody can make a sender of datagrams wait: what comes while the server cannot
// take it is lost in the kernel. So one goroutine does nothing but read, as many
// datagrams with one system call as there are, into memory from which another
// pushes. Only when that memory is full, too, is there no reading; what the kernel
// drops then is counted.
package udp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"carbon/instrumentation/tally"
	"carbon/metric"
	"carbon/receive"
)

// Options of a Server. Either Lines and Push are needed or Packets; for the rest zero
// means the default.
type Options struct {
	Name string // for the log, as "udp"

	// Lines makes datapoints of many lines, each of which ends in LF. It gives them
	// to push in order, and returns push's error.
	Lines func(lines []byte, push func([]metric.Datapoint) error) error

	Push receive.Push

	// Packets takes datagrams as they came, instead of Lines. It should not wait, and
	// keeps nothing of their memory.
	Packets func(datagrams [][]byte)

	Logger *slog.Logger // nil discards

	// MaxPending is how many bytes may wait to be pushed; 0 means DefaultMaxPending.
	MaxPending int
}

// DefaultMaxPending is the default of Options.MaxPending.
const DefaultMaxPending = 32 << 20

const (
	// keptPending is how much memory is kept for what waits when there is less.
	keptPending = 4 << 20

	// kernelBuffer is what the kernel is asked to hold.
	kernelBuffer = 32 << 20

	// pause is the least time between two reads, so that there is much to read: being
	// woken for every datagram costs several times what taking it does. The kernel holds
	// what comes meanwhile if it gave pauseBuffer.
	pause       = 10 * time.Millisecond
	pauseBuffer = 8 << 20

	// errorPause is how long reading stops after an error.
	errorPause = 10 * time.Millisecond

	// maxDatagram is the longest datagram there is.
	maxDatagram = 64 << 10

	// drainQuiet is how long nothing must have come at shutdown, and drainLimit how
	// long all that may take.
	drainQuiet = 50 * time.Millisecond
	drainLimit = 2 * time.Second

	// pushLimit is how long what was read may take to be pushed then.
	pushLimit = 8 * time.Second
)

// Server listens on one address.
type Server struct {
	o    Options
	log  *slog.Logger
	addr net.Addr
	in   *reader
	take func(datagrams [][]byte)

	pause time.Duration // between reads; 0: none

	mu      sync.Mutex
	changed sync.Cond // pending, ended
	pending []byte    // lines to be pushed
	ended   bool      // nothing will be added

	pushLimit time.Duration

	closing atomic.Int64 // unix nanoseconds until when is read; 0: for good
	abort   context.CancelFunc
	ctx     context.Context // of pushes
	served  chan struct{}
	started atomic.Bool

	datagrams atomic.Int64
	points    atomic.Int64
	kernel    atomic.Int64 // dropped there, when it was asked last
	failures  tally.Tally
}

// Listen opens a port: ":2003", "127.0.0.1:0", … What comes from then on is read
// by Serve.
func Listen(addr string, o Options) (*Server, error) {
	where, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", where)
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, log: o.Logger, addr: conn.LocalAddr(), served: make(chan struct{}), pushLimit: pushLimit}
	s.changed.L = &s.mu
	if s.take = o.Packets; s.take == nil {
		s.take = s.add
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.log = s.log.With("receiver", o.Name)
	if s.o.MaxPending <= 0 {
		s.o.MaxPending = DefaultMaxPending
	}
	s.ctx, s.abort = context.WithCancel(context.Background())
	if s.in, err = newReader(conn); err != nil {
		conn.Close()
		return nil, err
	}
	if s.in.setBuffer(kernelBuffer) >= pauseBuffer {
		s.pause = pause
	}
	return s, nil
}

// Addr is the address listened on, with the port chosen for 0.
func (s *Server) Addr() net.Addr { return s.addr }

// Serve reads until ctx is cancelled or Shutdown is called, then what has come
// already, and returns when all is pushed, or 10 s have gone by. It is called once.
func (s *Server) Serve(ctx context.Context) error {
	s.started.Store(true)
	defer close(s.served)
	defer s.abort()
	stop := context.AfterFunc(ctx, s.beginClosing)
	defer stop()
	var pushing sync.WaitGroup
	pushing.Go(s.push)
	err := s.read()
	s.dropped()
	s.in.close()
	s.mu.Lock()
	s.ended = true
	s.changed.Broadcast()
	s.mu.Unlock()
	patience := time.AfterFunc(s.pushLimit, s.abort)
	defer patience.Stop()
	pushing.Wait()
	if err != nil {
		return fmt.Errorf("receive %s: %w", s.o.Name, err)
	}
	return nil
}

// Shutdown makes Serve end and returns when it has. When ctx is done before,
// pushes that wait are given up, and the error is ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.beginClosing()
	if !s.started.Load() {
		return s.in.close()
	}
	select {
	case <-s.served:
		return nil
	case <-ctx.Done():
	}
	s.abort()
	<-s.served
	return ctx.Err()
}

func (s *Server) beginClosing() {
	if s.closing.CompareAndSwap(0, time.Now().Add(drainLimit).UnixNano()) {
		s.in.interrupt()
	}
}

// read gathers datagrams until the server is closing and none is left.
func (s *Server) read() error {
	for {
		begin := time.Now()
		wait, until := time.Duration(-1), s.closing.Load()
		if until != 0 {
			wait = drainQuiet
		}
		n, err := s.in.read(wait, s.take)
		s.datagrams.Add(int64(n))
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			if s.failures.Add("read", time.Now()) {
				s.log.Warn("datagrams not read", "err", err)
			}
			if until != 0 {
				return nil
			}
			time.Sleep(errorPause)
		case until != 0:
			if n == 0 || begin.UnixNano() > until {
				return nil
			}
		case n < atOnce && s.pause > 0:
			time.Sleep(s.pause - time.Since(begin))
		}
	}
}

// add takes the datagrams of one system call, and waits while there is no room.
func (s *Server) add(datagrams [][]byte) {
	s.mu.Lock()
	for len(s.pending) >= s.o.MaxPending && s.ctx.Err() == nil {
		s.changed.Wait()
	}
	empty := len(s.pending) == 0
	for _, d := range datagrams {
		s.pending = append(s.pending, d...)
		if len(d) > 0 && d[len(d)-1] != '\n' {
			s.pending = append(s.pending, '\n')
		}
	}
	s.mu.Unlock()
	if empty {
		s.changed.Broadcast()
	}
}

// push pushes what was read, until nothing more will be.
func (s *Server) push() {
	var lines []byte
	for {
		s.mu.Lock()
		for len(s.pending) == 0 && !s.ended {
			s.changed.Wait()
		}
		if cap(lines) > keptPending {
			lines = nil
		}
		lines, s.pending = s.pending, lines[:0]
		s.changed.Broadcast()
		s.mu.Unlock()
		if len(lines) == 0 {
			return
		}
		err := s.o.Lines(lines, func(points []metric.Datapoint) error {
			n := len(points)
			if err := s.o.Push(s.ctx, points); err != nil {
				return err
			}
			s.points.Add(int64(n))
			return nil
		})
		if err != nil && s.failures.Add("push", time.Now()) {
			s.log.Warn("datagrams lost", "err", err)
		}
	}
}

// Stats is a snapshot of a Server. Counts are since the start.
type Stats struct {
	Datagrams  int64 // read
	Datapoints int64 // pushed
	Dropped    int64 // datagrams that the kernel had no room for, where it tells
}

// Stats counts what was received.
func (s *Server) Stats() Stats {
	return Stats{Datagrams: s.datagrams.Load(), Datapoints: s.points.Load(), Dropped: s.dropped()}
}

// dropped asks the kernel, as long as the port is open.
func (s *Server) dropped() int64 {
	if n, ok := s.in.drops(); ok {
		s.kernel.Store(int64(n))
	}
	return s.kernel.Load()
}
