package receive

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"carbon/instrumentation"
	"carbon/instrumentation/loglimit"
)

// DefaultMaxConnections is the default of Options.MaxConnections.
const DefaultMaxConnections = 12_000

// Options of a Server. Name, and Format or Protocol are needed.
type Options struct {
	Name string // in the ports file, the log and the names of samples

	// Format reads connections. The server writes nothing to its clients.
	Format Format

	// Protocol serves connections, instead of Format.
	Protocol Protocol

	// Push accepts the datapoints. It may be nil for a Protocol that finds none.
	Push Push

	// Refused counts what the format refuses, for Samples; nil: nothing is counted.
	Refused *Refused

	// TLS encrypts connections; nil: they are not encrypted.
	TLS *tls.Config

	// MaxConnections limits the number of open connections; 0 means
	// DefaultMaxConnections. Further clients wait until a connection ends. A
	// connection takes a file descriptor and some kilobytes.
	MaxConnections int

	// IdleTimeout closes connections that send nothing for this long; 0: never, as
	// in carbon. With a timeout, clients that report rarely must reconnect.
	IdleTimeout time.Duration

	Logger *slog.Logger // nil discards
}

// Server listens on a TCP port and serves a wire format or protocol.
//
// Each connection has a goroutine. While push waits, the goroutine does not read,
// and TCP makes the client wait. An idle connection holds no buffer.
type Server struct {
	o        Options
	log      *slog.Logger
	listener listener
	slots    chan struct{} // holds an element for each connection
	life     *Life

	deadlines deadlines
	limit     time.Duration // serverDrainLimit

	mu      sync.Mutex
	conns   map[*conn]struct{}
	running sync.WaitGroup // connections

	accepted atomic.Int64
	points   atomic.Int64
	failures loglimit.Counter
}

var _ Receiver = (*Server)(nil)

// listener is a net.TCPListener; tests have others.
type listener interface {
	net.Listener
	SetDeadline(time.Time) error
}

// ListenTCP binds a TCP port, such as ":2003" or "127.0.0.1:0". The error is a
// *ListenError with the name.
func ListenTCP(name, addr string) (*net.TCPListener, error) {
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		// carbon's defaults
		Enable: true, Idle: 10 * time.Second, Interval: 30 * time.Second, Count: 2,
	}}
	l, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, &ListenError{Name: name, Err: err}
	}
	return l.(*net.TCPListener), nil
}

// Listen opens a Server on a TCP port. Clients can connect from then on; Serve
// serves them. The error is a *ListenError.
func Listen(addr string, o Options) (*Server, error) {
	l, err := ListenTCP(o.Name, addr)
	if err != nil {
		return nil, err
	}
	return newServer(l, o), nil
}

func newServer(l listener, o Options) *Server {
	if o.MaxConnections <= 0 {
		o.MaxConnections = DefaultMaxConnections
	}
	if o.Protocol == nil {
		o.Protocol = o.Format.protocol
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{
		o:         o,
		log:       o.Logger.With("receiver", o.Name),
		listener:  l,
		slots:     make(chan struct{}, o.MaxConnections),
		life:      NewLife(LifeOptions{Release: l.Close}),
		deadlines: deadlines{idle: o.IdleTimeout},
		limit:     serverDrainLimit,
		conns:     make(map[*conn]struct{}),
	}
}

// Addr returns the address of the listener, with the port that was chosen for 0.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Addrs implements Receiver.
func (s *Server) Addrs() map[string]net.Addr { return map[string]net.Addr{s.o.Name: s.Addr()} }

// Refused returns how much the format has refused, by reason.
func (s *Server) Refused() map[string]int64 { return s.o.Refused.Counts() }

// Stats is a snapshot of a Server. Counts are since the start.
type Stats struct {
	ActiveConnections int64
	Connections       int64 // accepted
	Datapoints        int64 // pushed
	AcceptErrors      int64
	Dropped           int64 // connections that ended with an error of the format or of push
}

// ActiveConnections returns the number of open connections.
func (s *Server) ActiveConnections() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.conns))
}

// Stats returns the current figures.
func (s *Server) Stats() Stats {
	counts := s.failures.Counts()
	return Stats{
		ActiveConnections: s.ActiveConnections(),
		Connections:       s.accepted.Load(),
		Datapoints:        s.points.Load(),
		AcceptErrors:      counts[acceptFailed],
		Dropped:           counts[connectionFailed],
	}
}

// Samples implements Receiver.
func (s *Server) Samples() []instrumentation.Sample {
	stats := s.Stats()
	samples := []instrumentation.Sample{
		instrumentation.Counter(s.o.Name+".datapoints", "Datapoints received.", stats.Datapoints),
		instrumentation.Gauge(s.o.Name+".activeConnections", "Open connections of senders.", float64(stats.ActiveConnections)),
	}
	return append(samples, instrumentation.ByReason(s.o.Name+".refused", "Frames and elements refused, by reason.", s.Refused())...)
}
