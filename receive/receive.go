// Package receive listens for metrics: TCP connections whose bytes a wire format
// makes datapoints of.
//
// A Server never writes to a client. It reads each connection in a goroutine of
// its own; while what it pushes to is full, it stops reading, and TCP makes the
// senders wait. An idle connection costs a goroutine and holds no buffer.
package receive

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"carbon/instrumentation/tally"
	"carbon/metric"
)

// Format is a wire format: it reads r until it ends and pushes the datapoints it
// finds. Names in them may alias a read buffer: push keeps neither them nor the
// slice, whose elements it may change. A format returns nil when r ends with
// io.EOF, and the error of r or push, or that r cannot be read on.
//
// The reader it is given has a method Wait() error, which returns when there is
// something to read, or with the error that Read would give. It is a net.Conn, for
// protocols that answer.
type Format func(r io.Reader, push func([]metric.Datapoint) error) error

// Push takes datapoints in, as ingest.Pipeline does.
type Push func(ctx context.Context, points []metric.Datapoint) error

// Options of a Server. Format and Push are needed; for the rest zero means the
// default.
type Options struct {
	Name   string // for the log, as "line"
	Format Format
	Push   Push
	Logger *slog.Logger // nil discards

	// Refused is what the format tells of what it cannot read, for Stats; nil
	// means that nobody counts it.
	Refused *Refused

	// TLS encrypts connections; nil: it does not.
	TLS *tls.Config

	// MaxConnections limits the number of open connections; 0 means
	// DefaultMaxConnections. Further clients wait until a connection ends. A
	// connection takes a file descriptor and some kilobytes.
	MaxConnections int

	// IdleTimeout closes connections that send nothing for so long; 0 means
	// never, as in carbon. With it, senders that report rarely must reconnect.
	IdleTimeout time.Duration
}

// DefaultMaxConnections is the default of Options.MaxConnections.
const DefaultMaxConnections = 12_000

const (
	// drainQuiet is how long a connection must have been empty at shutdown, and
	// drainLimit how long all of them may take.
	drainQuiet = 200 * time.Millisecond
	drainLimit = 10 * time.Second

	// pendingQuiet is how long no client must have been waiting to be accepted at
	// shutdown, and pendingLimit how long accepting them may take.
	pendingQuiet = 20 * time.Millisecond
	pendingLimit = time.Second
)

// Server listens on one address for one wire format.
type Server struct {
	o        Options
	log      *slog.Logger
	listener listener
	slots    chan struct{} // one taken for each connection

	mu      sync.Mutex
	conns   map[*conn]struct{}
	serving bool
	running sync.WaitGroup // connections

	// The way to the end: drainUntil is set, then closing closed; when time is up
	// or Shutdown has no more patience, what is left is aborted; at the end served
	// is closed.
	drainUntil     atomic.Int64 // unix nanoseconds; 0 before
	closing        chan struct{}
	impatient      chan struct{}
	served         chan struct{}
	close, hurryUp sync.Once
	limit          time.Duration // drainLimit

	accepted atomic.Int64
	points   atomic.Int64
	failures tally.Tally
}

// listener is what a net.TCPListener is here; tests have others.
type listener interface {
	net.Listener
	SetDeadline(time.Time) error
}

// Listen opens a port: ":2003", "127.0.0.1:0", … Clients may connect from then
// on; they are served by Serve.
func Listen(addr string, o Options) (*Server, error) {
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		// Carbon's defaults.
		Enable: true, Idle: 10 * time.Second, Interval: 30 * time.Second, Count: 2,
	}}
	l, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return newServer(l.(*net.TCPListener), o), nil
}

func newServer(l listener, o Options) *Server {
	if o.MaxConnections <= 0 {
		o.MaxConnections = DefaultMaxConnections
	}
	s := &Server{
		o:         o,
		log:       o.Logger,
		listener:  l,
		slots:     make(chan struct{}, o.MaxConnections),
		conns:     make(map[*conn]struct{}),
		closing:   make(chan struct{}),
		impatient: make(chan struct{}),
		served:    make(chan struct{}),
		limit:     drainLimit,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.log = s.log.With("receiver", o.Name)
	return s
}

// Addr is the address listened on, with the port chosen for 0.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Stats is a snapshot of a Server. Counts are since the start.
type Stats struct {
	ActiveConnections int64
	Connections       int64            // accepted
	Datapoints        int64            // pushed
	Refused           map[string]int64 // what the format could not read, by reason
	AcceptErrors      int64
	Dropped           int64 // connections ended by an error of their bytes or of push
}

// Stats counts what was received.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	active := len(s.conns)
	s.mu.Unlock()
	counts := s.failures.Counts()
	return Stats{
		ActiveConnections: int64(active),
		Connections:       s.accepted.Load(),
		Datapoints:        s.points.Load(),
		Refused:           s.o.Refused.Counts(),
		AcceptErrors:      counts[acceptFailed],
		Dropped:           counts[connectionFailed],
	}
}
