// Package carbonlink answers what graphite-web asks carbon-cache: which points of
// a metric are not stored yet, and how a metric is rolled up.
//
// Requests and answers are pickled dictionaries, each with its length in four bytes
// before it, on connections that stay open. A request that cannot be read, or asks
// for nothing known, is answered by a dictionary with an "error".
package carbonlink

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"carbon/codec/pickle"
	"carbon/metric"
	"carbon/receive/frame"
)

// Cache has the points that are not stored yet.
type Cache interface {
	Points(name string) (points []metric.Point, ok bool)
}

// Metadata is what is kept of a metric besides its points.
type Metadata interface {
	Aggregation(ctx context.Context, name string) (method string, err error)
	SetAggregation(ctx context.Context, name, method string) (old string, err error)
}

// Options of a Server. Cache and Metadata are needed; for the rest zero means the
// default.
type Options struct {
	Cache    Cache
	Metadata Metadata
	Logger   *slog.Logger // nil discards

	// MaxConnections is how many clients there may be; 0 means 1000. Others are
	// turned away.
	MaxConnections int
}

const (
	defaultMaxConnections = 1000

	// maxAnswer is how long an answer may become, in bytes.
	maxAnswer = 64 << 20

	// writeLimit is how long a client may take to read an answer.
	writeLimit = 30 * time.Second
)

// Server listens on one address.
type Server struct {
	o        Options
	log      *slog.Logger
	listener net.Listener
	frames   *frame.Reader

	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	closed  bool
	running sync.WaitGroup

	queries, errors atomic.Int64
}

// Listen opens a port. Clients are answered by Serve.
func Listen(addr string, o Options) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, log: o.Logger, listener: l, frames: frame.New(frame.Options{}), conns: make(map[net.Conn]struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.o.MaxConnections <= 0 {
		s.o.MaxConnections = defaultMaxConnections
	}
	return s, nil
}

// Addr is the address listened on, with the port chosen for 0.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Stats is a snapshot of a Server. Counts are since the start.
type Stats struct{ Queries, Errors int64 }

// Stats counts what was asked.
func (s *Server) Stats() Stats { return Stats{s.queries.Load(), s.errors.Load()} }

// Serve answers until ctx is cancelled or Shutdown is called.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.Shutdown(context.Background()) })
	defer stop()
	defer s.running.Wait()
	for {
		c, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			s.log.Warn("client not accepted", "receiver", "carbonlink", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		if !s.add(c) {
			c.Close()
			continue
		}
		s.running.Go(func() {
			defer s.remove(c)
			s.talk(ctx, c)
		})
	}
}

// Shutdown closes the port and all connections.
func (s *Server) Shutdown(context.Context) error {
	err := s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= s.o.MaxConnections {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) remove(c net.Conn) {
	c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// talk answers one client.
func (s *Server) talk(ctx context.Context, c net.Conn) {
	var d pickle.Decoder
	err := s.frames.Read(c, func(frame []byte) error {
		s.queries.Add(1)
		var out bytes.Buffer
		out.Write(make([]byte, 4)) // its length
		if err := s.answer(ctx, &out, &d, frame, isLocal(c)); err != nil {
			s.errors.Add(1)
			out.Truncate(4)
			refuse(&out, err)
		}
		b := out.Bytes()
		binary.BigEndian.PutUint32(b, uint32(len(b)-4))
		c.SetWriteDeadline(time.Now().Add(writeLimit))
		_, err := c.Write(b)
		return err
	})
	if err != nil && !errors.Is(err, net.ErrClosed) {
		s.log.Debug("connection ended", "receiver", "carbonlink", "addr", c.RemoteAddr(), "err", err)
	}
}

// isLocal tells whether a client is on this machine.
func isLocal(c net.Conn) bool {
	addr, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

func refuse(w io.Writer, err error) {
	p := pickle.NewWriter(w)
	p.Map(1)
	p.String("error")
	p.String(err.Error())
	p.EndMap()
	p.Close() // to memory
}
