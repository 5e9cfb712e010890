// Package udp receives datagrams, of lines or of packets.
//
// Senders of datagrams cannot be made to wait: the kernel drops what the server does
// not read in time. One goroutine therefore only reads, many datagrams with one
// system call, into a buffer from which another goroutine pushes. It stops reading
// only when the buffer is full. The server reports how many datagrams the kernel has
// dropped.
package udp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"carbon/instrumentation"
	"carbon/instrumentation/loglimit"
	"carbon/metric"
	"carbon/receive"
)

// DefaultMaxPending is the default of Options.MaxPending.
const DefaultMaxPending = 32 << 20

// Options of a Server. Name is needed, and either Lines and Push, or Packets.
type Options struct {
	Name string // in the ports file, the log and the names of samples

	// Lines makes datapoints of lines, each of which ends in LF, and pushes them in
	// order. It returns the error of push.
	Lines func(lines []byte, push func([]metric.Datapoint) error) error

	// Push accepts the datapoints of Lines.
	Push receive.Push

	// Packets takes datagrams as they were received, instead of Lines. It should not
	// wait, and it does not keep their memory.
	Packets func(datagrams [][]byte)

	// Refused counts what Lines refuses, for Samples; nil: nothing is counted.
	Refused *receive.Refused

	// MaxPending limits the bytes that wait to be pushed; 0 means DefaultMaxPending.
	MaxPending int

	Logger *slog.Logger // nil discards
}

const (
	// keptPending is the size in bytes that the buffer of what waits keeps.
	keptPending = 4 << 20

	// kernelBuffer is the size in bytes that the server asks the kernel for.
	kernelBuffer = 32 << 20

	// pause is the least time between two reads, so that each reads many datagrams:
	// to be woken for each datagram costs several times what reading it does. The
	// server pauses if the kernel has a buffer of at least pauseBuffer.
	pause       = 10 * time.Millisecond
	pauseBuffer = 8 << 20

	// errorPause is the pause after an error of reading.
	errorPause = 10 * time.Millisecond

	// maxDatagram is the longest possible datagram.
	maxDatagram = 64 << 10

	// At shutdown the server reads until nothing has come for drainQuiet, for at
	// most drainLimit.
	drainQuiet = 50 * time.Millisecond
	drainLimit = 2 * time.Second

	// pushLimit bounds the pushing of what was read at shutdown.
	pushLimit = 8 * time.Second
)

// Server listens on a UDP port.
type Server struct {
	o    Options
	log  *slog.Logger
	addr net.Addr
	in   *reader
	life *receive.Life

	pause     time.Duration // between reads; 0: none
	pushLimit time.Duration

	mu      sync.Mutex
	changed sync.Cond // pending or ended has changed
	pending []byte    // lines to be pushed
	ended   bool      // nothing will be added to pending

	closing atomic.Int64 // until when the server reads, unix nanoseconds; 0: it is not closing

	datagrams atomic.Int64
	points    atomic.Int64
	kernel    atomic.Int64 // drops that the kernel reported last
	failures  loglimit.Counter
}

var _ receive.Receiver = (*Server)(nil)

// Listen binds a UDP port, such as ":2003" or "127.0.0.1:0". Serve also reads what
// comes before it is called. The error is a *receive.ListenError.
func Listen(addr string, o Options) (*Server, error) {
	where, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, &receive.ListenError{Name: o.Name, Err: err}
	}
	conn, err := net.ListenUDP("udp", where)
	if err != nil {
		return nil, &receive.ListenError{Name: o.Name, Err: err}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxPending <= 0 {
		o.MaxPending = DefaultMaxPending
	}
	s := &Server{o: o, log: o.Logger.With("receiver", o.Name), addr: conn.LocalAddr(), pushLimit: pushLimit}
	s.changed.L = &s.mu
	if s.in, err = newReader(conn); err != nil {
		conn.Close()
		return nil, &receive.ListenError{Name: o.Name, Err: err}
	}
	s.life = receive.NewLife(receive.LifeOptions{Release: s.in.close})
	if s.in.setBuffer(kernelBuffer) >= pauseBuffer {
		s.pause = pause
	}
	return s, nil
}

// Addr returns the address of the listener, with the port that was chosen for 0.
func (s *Server) Addr() net.Addr { return s.addr }

// Addrs implements receive.Receiver.
func (s *Server) Addrs() map[string]net.Addr { return map[string]net.Addr{s.o.Name: s.addr} }

// Serve implements receive.Receiver. At shutdown it reads what the kernel holds, and
// returns after at most 10 s.
func (s *Server) Serve(ctx context.Context) error {
	return s.life.Serve(ctx, func(stopping, pushing context.Context) error {
		defer context.AfterFunc(stopping, s.beginClosing)()
		pushing, abort := context.WithCancel(pushing)
		defer abort()
		var pusher sync.WaitGroup
		pusher.Go(func() { s.push(pushing) })
		s.read(pushing)
		s.dropped()
		s.in.close()
		s.mu.Lock()
		s.ended = true
		s.changed.Broadcast()
		s.mu.Unlock()
		limit := time.AfterFunc(s.pushLimit, abort)
		defer limit.Stop()
		pusher.Wait()
		return nil
	})
}

// Shutdown implements receive.Receiver.
func (s *Server) Shutdown(ctx context.Context) error { return s.life.Shutdown(ctx) }

func (s *Server) beginClosing() {
	if s.closing.CompareAndSwap(0, time.Now().Add(drainLimit).UnixNano()) {
		s.in.interrupt()
	}
}

// read reads datagrams until the server is closing and nothing more comes.
func (s *Server) read(pushing context.Context) {
	take := s.o.Packets
	if take == nil {
		take = func(datagrams [][]byte) { s.add(pushing, datagrams) }
	}
	for {
		begin := time.Now()
		wait, until := time.Duration(-1), s.closing.Load()
		if until != 0 {
			wait = drainQuiet
		}
		n, err := s.in.read(wait, take)
		s.datagrams.Add(int64(n))
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			if s.failures.Add("read", time.Now()) {
				s.log.Warn("cannot read datagrams; retrying", "err", err)
			}
			if until != 0 {
				return
			}
			time.Sleep(errorPause)
		case until != 0:
			if n == 0 || begin.UnixNano() > until {
				return
			}
		case n < atOnce && s.pause > 0:
			time.Sleep(s.pause - time.Since(begin))
		}
	}
}

// add appends datagrams to pending. It waits while there is no room.
func (s *Server) add(pushing context.Context, datagrams [][]byte) {
	s.mu.Lock()
	for len(s.pending) >= s.o.MaxPending && pushing.Err() == nil {
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

// push pushes what is pending, until ended.
func (s *Server) push(pushing context.Context) {
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
			if err := s.o.Push(pushing, points); err != nil {
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
	Dropped    int64 // datagrams that the kernel has dropped; 0 where it does not report them
}

// Stats returns the current figures.
func (s *Server) Stats() Stats {
	return Stats{Datagrams: s.datagrams.Load(), Datapoints: s.points.Load(), Dropped: s.dropped()}
}

// Samples implements receive.Receiver.
func (s *Server) Samples() []instrumentation.Sample {
	stats := s.Stats()
	samples := []instrumentation.Sample{
		instrumentation.Counter(s.o.Name+".datapoints", "Datapoints received.", stats.Datapoints),
		instrumentation.Counter(s.o.Name+".datagrams", "Datagrams received.", stats.Datagrams),
		instrumentation.Counter(s.o.Name+".dropped", DroppedHelp, stats.Dropped),
	}
	return append(samples, instrumentation.ByReason(s.o.Name+".refused", "Lines refused, by reason.", s.o.Refused.Counts())...)
}

// DroppedHelp describes a sample of Stats.Dropped.
const DroppedHelp = "Datagrams that the kernel dropped because the server did not read them in time."

// dropped asks the kernel for its count while the port is open.
func (s *Server) dropped() int64 {
	if n, ok := s.in.drops(); ok {
		s.kernel.Store(int64(n))
	}
	return s.kernel.Load()
}
