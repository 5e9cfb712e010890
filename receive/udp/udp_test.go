package udp

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive/plaintext"
	"carbon/receive/receivetest"
)

// patience bounds waiting.
const patience = 30 * time.Second

// listener is a Server and what it has pushed.
type listener struct {
	*Server
	t    *testing.T
	stop func()

	mu     sync.Mutex
	points []metric.Datapoint
	hold   chan struct{} // pushes wait for it to be closed; nil: they do not
}

func listen(t *testing.T, hold chan struct{}, maxPending int) *listener {
	t.Helper()
	l := &listener{t: t, hold: hold}
	lines := plaintext.New(plaintext.Options{Now: func() int64 { return receivetest.Now }})
	server, err := Listen("127.0.0.1:0", Options{Name: "udp", Lines: lines.Lines, Push: l.push, MaxPending: maxPending})
	if err != nil {
		t.Fatal(err)
	}
	l.Server = server
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(t.Context()) }()
	l.stop = sync.OnceFunc(func() {
		server.Shutdown(context.Background())
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(l.stop)
	return l
}

func (l *listener) push(ctx context.Context, points []metric.Datapoint) error {
	if l.hold != nil {
		select {
		case <-l.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range points {
		p.Name = strings.Clone(p.Name)
		l.points = append(l.points, p)
	}
	return nil
}

func (l *listener) dial() net.Conn {
	l.t.Helper()
	conn, err := net.Dial("udp", l.Addr().String())
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { conn.Close() })
	return conn
}

func (l *listener) send(conn net.Conn, datagram string) {
	l.t.Helper()
	if _, err := conn.Write([]byte(datagram)); err != nil {
		l.t.Fatal(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in time: ", what)
		}
	}
}

func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		t.Run(v.ID, func(t *testing.T) {
			l := listen(t, nil, 0)
			l.send(l.dial(), string(v.Data))
			until(t, "read", func() bool { return l.Stats().Datagrams == 1 })
			l.stop()
			v.Check(t, l.points)
		})
	}
}

func TestNothingIsLostWhilePushesWait(t *testing.T) {
	hold := make(chan struct{})
	l := listen(t, hold, 0)
	conn := l.dial()
	const n = 20_000
	for i := range n {
		l.send(conn, fmt.Sprintf("m.%d 1 1700000000\nm.%d 2 1700000060", i, i))
		if i%100 == 99 { // no faster than the reader, whatever else the machine does
			until(t, "read", func() bool { return l.Stats().Datagrams+l.Stats().Dropped > int64(i) })
		}
	}
	close(hold)
	l.stop()
	stats := l.Stats()
	if stats.Dropped != 0 || stats.Datagrams != n || stats.Datapoints != 2*n || len(l.points) != 2*n {
		t.Errorf("%+v, %d datapoints", stats, len(l.points))
	}
	if p := l.points[2*n-1]; p.Name != fmt.Sprintf("m.%d", n-1) || p.Value != 2 {
		t.Errorf("the last is %v", p)
	}
}

func TestKernelDropsAreCounted(t *testing.T) {
	hold := make(chan struct{})
	l := listen(t, hold, 1)
	if _, known := l.in.drops(); !known {
		t.Skip("this kernel does not tell")
	}
	l.in.setBuffer(4096)
	conn := l.dial()
	sent := int64(0)
	until(t, "dropped", func() bool {
		for range 100 {
			l.send(conn, "a 1 1700000000")
			sent++
		}
		return l.Stats().Dropped > 0 && l.Stats().Datagrams > 0
	})
	close(hold)
	l.stop()
	if s := l.Stats(); s.Datagrams+s.Dropped != sent || s.Datapoints != s.Datagrams {
		t.Errorf("%+v of %d", s, sent)
	}
}

func TestLongestDatagram(t *testing.T) {
	l := listen(t, nil, 0)
	const line = "metric.name 12.5 1700000000\n"
	n := 65507 / len(line)
	conn := l.dial()
	l.send(conn, strings.Repeat(line, n))
	l.send(conn, "")
	l.send(conn, "\x00\xff")
	until(t, "read", func() bool { return l.Stats().Datagrams > 0 })
	l.stop() // reads what has come
	if len(l.points) != n {
		t.Errorf("%d datapoints, want %d", len(l.points), n)
	}
}

func TestShutdownEndsWhilePushesWait(t *testing.T) {
	l := listen(t, make(chan struct{}), 0) // for ever
	l.send(l.dial(), "a 1 1700000000")
	until(t, "read", func() bool { return l.Stats().Datagrams == 1 })
	l.pushLimit = time.Millisecond
	if err := l.Shutdown(context.Background()); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestShutdownWithDoneContextGivesUp(t *testing.T) {
	l := listen(t, make(chan struct{}), 0) // pushes wait for ever
	l.send(l.dial(), "a 1 1700000000")
	until(t, "read", func() bool { return l.Stats().Datagrams == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Shutdown(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestPackets(t *testing.T) {
	var mu sync.Mutex
	var got []string
	s, err := Listen("127.0.0.1:0", Options{Name: "packets", Packets: func(datagrams [][]byte) {
		mu.Lock()
		defer mu.Unlock()
		for _, d := range datagrams {
			got = append(got, string(d))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	want := []string{"a:1|c", "", "b:2|c\nc:3|c\n"}
	for _, packet := range want { // before it is served, too
		if _, err := conn.Write([]byte(packet)); err != nil {
			t.Fatal(err)
		}
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(t.Context()) }()
	until(t, "read", func() bool { return s.Stats().Datagrams == 3 })
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestShutdownBeforeServe(t *testing.T) {
	s, err := Listen("127.0.0.1:0", Options{Name: "packets", Packets: func([][]byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Serve(t.Context()); err != nil {
		t.Error(err)
	}
	s.Stats()
}
