package receive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive"
	"carbon/receive/plaintext"
)

// sink keeps what a server pushes.
type sink struct {
	mu     sync.Mutex
	grown  *sync.Cond
	values map[string]float64 // by name
	points int
	shut   chan struct{} // pushes wait until it is closed; nil: they do not
	shutOn chan struct{} // and tell here that they do, if somebody listens
}

func newSink() *sink {
	s := &sink{values: make(map[string]float64)}
	s.grown = sync.NewCond(&s.mu)
	return s
}

func (s *sink) push(ctx context.Context, points []metric.Datapoint) error {
	if s.shut != nil {
		select {
		case s.shutOn <- struct{}{}:
		default:
		}
		select {
		case <-s.shut:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range points {
		s.values[strings.Clone(p.Name)] = p.Value
	}
	s.points += len(points)
	s.grown.Broadcast()
	return nil
}

// wait returns when n points have been pushed.
func (s *sink) wait(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.points < n {
		s.grown.Wait()
	}
}

// all returns the values that were pushed, by name.
func (s *sink) all() map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.values)
}

// logText is a log that can be read while it is written.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start serves plaintext on loopback. The server is shut down when the test ends.
func start(t *testing.T, s *sink, o receive.Options) (server *receive.Server, served <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, l.(*net.TCPListener), 10*time.Second, s, o)
}

func startOn(t *testing.T, l receive.Listener, limit time.Duration, s *sink, o receive.Options) (server *receive.Server, served <-chan error) {
	o.Name = "line"
	o.Push = s.push
	if o.Format == nil {
		o.Format = plaintext.New(plaintext.Options{Refuse: receive.NewRefused(nil).Add}).Read
	}
	server = receive.NewServer(l, limit, o)
	done := make(chan error, 1)
	go func() {
		done <- server.Serve(context.Background())
		close(done)
	}()
	t.Cleanup(func() {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server, done
}

func dial(t testing.TB, s *receive.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t testing.TB, c net.Conn, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(c, format, args...); err != nil {
		t.Fatal(err)
	}
}

// wantClosed checks that the server closes the connection without writing to it.
func wantClosed(t *testing.T, c net.Conn) {
	t.Helper()
	b, err := io.ReadAll(c)
	if len(b) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read %q, %v", b, err)
	}
}

func TestLinesFromManyConnections(t *testing.T) {
	s := newSink()
	server, _ := start(t, s, receive.Options{})
	const clients, lines = 50, 200
	for i := range clients {
		go func() {
			c := dial(t, server)
			for j := range lines {
				send(t, c, "client%d.line%d %d 1700000000\n", i, j, j)
			}
			c.Close()
		}()
	}
	s.wait(clients * lines)
	if got := s.all(); len(got) != clients*lines || got["client49.line199"] != 199 {
		t.Errorf("%d metrics", len(got))
	}
	server.Shutdown(t.Context())
	if got := server.Stats(); got.Connections != clients || got.Datapoints != clients*lines {
		t.Errorf("stats %+v", got)
	}
}

func TestListen(t *testing.T) {
	server, err := receive.Listen("127.0.0.1:0", receive.Options{Name: "line"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receive.Listen(server.Addr().String(), receive.Options{Name: "line"}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second listener: %v", err)
	}
	// It was never served.
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNothingIsWrittenToClients(t *testing.T) {
	s := newSink()
	server, _ := start(t, s, receive.Options{})
	c := dial(t, server)
	send(t, c, "a 1 1700000000\nbad\nb 2 1700000000\nc 3 1700000000") // no newline
	c.(*net.TCPConn).CloseWrite()
	wantClosed(t, c)
	want := map[string]float64{"a": 1, "b": 2, "c": 3}
	if got := s.all(); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestTooLongLineIsRefusedByItself(t *testing.T) {
	var log logText
	s := newSink()
	refused := receive.NewRefused(slog.New(slog.NewTextHandler(&log, nil)))
	server, _ := start(t, s, receive.Options{Refused: refused, Format: plaintext.New(plaintext.Options{Refuse: refused.Add}).Read})
	other := dial(t, server)
	c := dial(t, server)
	send(t, c, "a 1 1700000000\nx nan 1700000000\nbad\nbad\n")
	for range 100 { // 10 MB
		send(t, c, "%s", strings.Repeat("x", 100_000))
	}
	send(t, other, "b 1 1700000000\n")
	send(t, c, "\nc 1 1700000000\n")
	s.wait(3)
	server.Shutdown(t.Context())
	stats := server.Stats()
	want := map[string]int64{plaintext.TooLong: 1, plaintext.NaN: 1, plaintext.BadFields: 2}
	if !maps.Equal(refused.Counts(), want) {
		t.Errorf("refused %v", refused.Counts())
	}
	if stats.ActiveConnections != 0 || stats.Dropped != 0 {
		t.Errorf("stats %+v", stats)
	}
	text := log.String()
	if strings.Count(text, "\n") != 2 || len(text) > 2*receive.Shown || !strings.Contains(text, `input=bad bytes=3`) {
		t.Errorf("logged:\n%s", text)
	}
}

func TestSendersWaitWhilePushesWait(t *testing.T) {
	s := newSink()
	s.shut = make(chan struct{})
	server, _ := start(t, s, receive.Options{})
	c := dial(t, server)
	chunk := []byte(strings.Repeat("a.b.c.d 1 1700000000\n", 10_000))
	sent := 0
	for {
		// The buffers of the socket fill up.
		c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := c.Write(chunk)
		sent += n
		if err != nil {
			break
		}
	}
	close(s.shut)
	c.SetWriteDeadline(time.Time{})
	rest := len(chunk) - sent%len(chunk)
	if _, err := c.Write(chunk[len(chunk)-rest:]); err != nil {
		t.Fatal(err)
	}
	s.wait((sent + rest) / len("a.b.c.d 1 1700000000\n"))
}

func TestShutdownReadsWhatWasWrittenBefore(t *testing.T) {
	s := newSink()
	server, served := start(t, s, receive.Options{})
	const clients, lines = 20, 5000
	for i := range clients {
		c := dial(t, server)
		var text strings.Builder
		for j := range lines {
			fmt.Fprintf(&text, "client%d.line%d %d 1700000000\n", i, j, j)
		}
		send(t, c, "%s", text.String()) // and stays connected
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if s.points != clients*lines {
		t.Errorf("%d of %d points", s.points, clients*lines)
	}
	if stats := server.Stats(); stats.ActiveConnections != 0 || stats.Dropped != 0 {
		t.Errorf("stats %+v", stats)
	}
	if _, err := net.Dial("tcp", server.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

func TestShutdownReadsClientsThatWaitToBeAccepted(t *testing.T) {
	s := newSink()
	server, _ := start(t, s, receive.Options{MaxConnections: 1, IdleTimeout: time.Hour})
	send(t, dial(t, server), "first 1 1700000000\n")
	s.wait(1)
	const waiting = 50
	for i := range waiting {
		send(t, dial(t, server), "client%d 1 1700000000\n", i)
	}
	if got := server.Stats().Connections; got != 1 {
		t.Errorf("%d connections, over the limit", got)
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if s.points != 1+waiting {
		t.Errorf("%d of %d points", s.points, 1+waiting)
	}
}

func TestCancelledContextShutsDown(t *testing.T) {
	s := newSink()
	server, err := receive.Listen("127.0.0.1:0", receive.Options{Push: s.push, Format: plaintext.New(plaintext.Options{}).Read})
	if err != nil {
		t.Fatal(err)
	}
	send(t, dial(t, server), "a 1 1700000000\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Serve(ctx); err != nil {
		t.Error(err)
	}
	if s.points != 1 {
		t.Errorf("%d points", s.points)
	}
}

func TestShutdownLimitsReading(t *testing.T) {
	s := newSink()
	l, err := receive.ListenTCP("line", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, served := startOn(t, l, 100*time.Millisecond, s, receive.Options{})
	c := dial(t, server)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := fmt.Fprintf(c, "a 1 1700000000\n"); err != nil {
				return
			}
		}
	}()
	s.wait(1)
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	<-ended
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestShutdownWithDoneContextCutsOff(t *testing.T) {
	s := newSink()
	s.shut = make(chan struct{}) // for ever
	s.shutOn = make(chan struct{}, 1)
	server, served := start(t, s, receive.Options{})
	send(t, dial(t, server), "a 1 1700000000\n")
	<-s.shutOn
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Shutdown(ctx); err != context.Canceled {
		t.Errorf("error %v", err)
	}
	if err := <-served; err == nil || !strings.Contains(err.Error(), "1 connections cut off") {
		t.Errorf("Serve: %v", err)
	}
}

func TestClientsOverTheLimitWait(t *testing.T) {
	s := newSink()
	server, _ := start(t, s, receive.Options{MaxConnections: 2})
	first, second, third := dial(t, server), dial(t, server), dial(t, server)
	send(t, first, "a 1 1700000000\n")
	send(t, second, "b 1 1700000000\n")
	send(t, third, "c 1 1700000000\n")
	s.wait(2)
	if stats := server.Stats(); stats.ActiveConnections != 2 {
		t.Errorf("stats %+v", stats)
	}
	first.Close()
	s.wait(3)
}

func TestIdleTimeout(t *testing.T) {
	s := newSink()
	server, _ := start(t, s, receive.Options{IdleTimeout: 50 * time.Millisecond})
	c := dial(t, server)
	send(t, c, "a 1 1700000000\n")
	wantClosed(t, c)
	s.wait(1)
}

// poor is a listener whose Accept fails at first.
type poor struct {
	receive.Listener
	fails chan error
}

func (p *poor) Accept() (net.Conn, error) {
	select {
	case err := <-p.fails:
		return nil, err
	default:
		return p.Listener.Accept()
	}
}

func TestAcceptErrorsAreRetried(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &poor{l.(*net.TCPListener), make(chan error, 3)}
	for range 3 {
		p.fails <- &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	var log logText
	s := newSink()
	server, _ := startOn(t, p, 10*time.Second, s, receive.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	send(t, dial(t, server), "a 1 1700000000\n")
	s.wait(1)
	if got := server.Stats().AcceptErrors; got != 3 {
		t.Errorf("%d accept errors", got)
	}
	if n := strings.Count(log.String(), "cannot accept connections"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
}

func TestIdleConnectionsTakeLittleMemory(t *testing.T) {
	const clients = 500
	used := func() uint64 {
		runtime.GC()
		runtime.GC() // pools keep what was put in for one collection
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	s := newSink()
	server, _ := start(t, s, receive.Options{})
	before := used()
	for i := range clients {
		send(t, dial(t, server), "client%d 1 1700000000\nunfinished", i)
	}
	s.wait(clients)
	if per := (int64(used()) - int64(before)) / clients; per > 24<<10 {
		t.Errorf("%d bytes for each connection, both ends", per)
	}
}
