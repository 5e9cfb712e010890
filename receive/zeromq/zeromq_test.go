package zeromq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive"
	"carbon/receive/metricstalk"
	"carbon/receive/plaintext"
	"carbon/receive/receivetest"
	"carbon/receive/zeromq/zmtp"
)

// sink keeps what is pushed and what is refused.
type sink struct {
	mu     sync.Mutex
	points []string // name, value and time
	bad    map[string]int
	full   chan struct{} // pushes wait until it is closed; nil: they do not
}

func (s *sink) push(ctx context.Context, points []metric.Datapoint) error {
	if s.full != nil {
		select {
		case <-s.full:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range points {
		s.points = append(s.points, fmt.Sprint(p.Name, " ", p.Value, " ", p.Time))
	}
	return nil
}

func (s *sink) refuse(reason string, _ []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad == nil {
		s.bad = map[string]int{}
	}
	s.bad[reason]++
}

func (s *sink) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.points)
}

// subscriber returns a Subscriber for messages of metrics_talk.
func (s *sink) subscriber(topics ...string) *Subscriber {
	format := metricstalk.New(metricstalk.Options{Prefix: "demo.", Refuse: s.refuse, Lines: plaintext.New(plaintext.Options{Refuse: s.refuse}).Lines})
	return NewSubscriber(SubscriberOptions{Topics: topics, Refuse: s.refuse, Message: func(frames [][]byte, batch *metric.Batch) error {
		_, err := format.Read(frames[len(frames)-1], batch)
		return err
	}})
}

func connection(t *testing.T) (ours, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// TestVectors replays what publishers and other programs have sent. They do not read
// answers.
func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		var want []string
		for _, e := range v.Expected {
			want = append(want, fmt.Sprint(e[0], " ", e[1], " ", int64(e[2].(float64))))
		}
		ours, theirs := connection(t)
		theirs.Write(v.Data)
		theirs.Close()
		s := &sink{}
		s.subscriber().Serve(t.Context(), receivetest.Conn(ours), func(points []metric.Datapoint) error { return s.push(t.Context(), points) })
		if got := s.all(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", v.ID, got, want)
		}
	}
}

const now = 1_700_000_000

func message(name string) string { return fmt.Sprintf(`[[%q, 1, %d]]`, name, now) }

// frame returns a message of one short frame in ZMTP 1.0.
func frame(text string) string { return string([]byte{byte(len(text) + 1), 0}) + text }

func TestMessagesBeforeAnErrorAreRead(t *testing.T) {
	f := func(stream string, reason string, want ...string) {
		t.Helper()
		ours, theirs := connection(t)
		io.WriteString(theirs, "\x01\x00"+stream)
		theirs.CloseWrite()
		s := &sink{}
		err := s.subscriber().Serve(t.Context(), receivetest.Conn(ours), func(points []metric.Datapoint) error { return s.push(t.Context(), points) })
		if got := s.all(); !slices.Equal(got, want) || !maps.Equal(s.bad, map[string]int{reason: 1}) {
			t.Errorf("%q: got %q, %v, refused %v", stream, got, err, s.bad)
		}
	}
	f(frame(message("a"))+frame(message("b"))+"\x20\x00[[", CutOff, "demo.a 1 1700000000", "demo.b 1 1700000000")
	f(frame(message("a"))+"\x00\x00", zmtp.BadFrame, "demo.a 1 1700000000")
	f(frame(message("a"))+"\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00", zmtp.TooLong, "demo.a 1 1700000000")
	f(frame("nonsense")+frame(message("a")), plaintext.BadFields, "demo.a 1 1700000000")
}

func TestPushErrorsEndTheConnection(t *testing.T) {
	ours, theirs := connection(t)
	io.WriteString(theirs, "\x01\x00"+frame(message("a")))
	full := errors.New("full")
	if err := (&sink{}).subscriber().Serve(t.Context(), receivetest.Conn(ours), func([]metric.Datapoint) error { return full }); err != full {
		t.Errorf("error %v", err)
	}
}

// publisher is a publisher that listens.
type publisher struct {
	*zmtp.Publisher
	t     *testing.T
	l     net.Listener
	conns sync.WaitGroup
	mu    sync.Mutex
	open  []net.Conn
}

func listen(t *testing.T, addr string) *publisher {
	t.Helper()
	p := &publisher{Publisher: zmtp.NewPublisher(0, zmtp.Options{}), t: t}
	var err error
	until(t, "the address is free", func() bool { p.l, err = net.Listen("tcp", addr); return err == nil })
	p.conns.Go(func() {
		for {
			c, err := p.l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.open = append(p.open, c)
			p.mu.Unlock()
			p.conns.Go(func() { p.Serve(c) })
		}
	})
	t.Cleanup(p.close)
	return p
}

func (p *publisher) close() {
	p.l.Close()
	p.mu.Lock()
	for _, c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.conns.Wait()
}

// say publishes a message until the sink has it.
func (p *publisher) say(s *sink, name string) {
	p.t.Helper()
	until(p.t, name+" came", func() bool {
		p.Publish([][]byte{[]byte(message(name))})
		return slices.Contains(s.all(), "demo."+name+" 1 1700000000")
	})
}

// dial runs a receive.Client of an address.
func dial(t *testing.T, s *sink, addr string) (c *receive.Client, ended <-chan error) {
	c = receive.NewClient(receive.ClientOptions{Name: "zmq", Addr: addr, Protocol: s.subscriber("[[\"wanted", "[[\"too").Serve, Push: s.push})
	done := make(chan error, 1)
	go func() { done <- c.Serve(context.Background()) }()
	t.Cleanup(func() { c.Shutdown(context.Background()) })
	return c, done
}

func TestClientReconnects(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	s := &sink{}
	c, _ := dial(t, s, addr) // before it is there
	for _, name := range []string{"wanted1", "too2", "wanted3"} {
		p := listen(t, addr)
		p.say(s, name)
		if c.ActiveConnections() != 1 {
			t.Error("not connected")
		}
		p.Publish([][]byte{[]byte(message("unwanted"))})
		p.close()
	}
	if strings.Contains(fmt.Sprint(s.all()), "unwanted") {
		t.Errorf("got %q", s.all())
	}
}

func TestShutdownReadsWhatAPublisherSent(t *testing.T) {
	p := listen(t, "127.0.0.1:0")
	s := &sink{}
	c, ended := dial(t, s, p.l.Addr().String())
	p.say(s, "wanted")
	before := len(s.all())
	for range 500 {
		p.Publish([][]byte{[]byte(message("too"))})
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	got := strings.Count(fmt.Sprint(s.all()[before:]), "demo.too")
	if got != 500 {
		t.Errorf("%d of 500", got)
	}
}

func TestShutdownWithDoneContextCutsOff(t *testing.T) {
	p := listen(t, "127.0.0.1:0")
	s := &sink{full: make(chan struct{})} // for ever
	c, _ := dial(t, s, p.l.Addr().String())
	until(t, "subscribed", func() bool { return p.Stats().Subscribers == 1 })
	until(t, "sent", func() bool {
		p.Publish([][]byte{[]byte(message("wanted"))})
		return p.Stats().Sent > 0
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Shutdown(ctx); err != context.Canceled {
		t.Errorf("error %v", err)
	}
}

func TestShutdownWithoutServe(t *testing.T) {
	if err := receive.NewClient(receive.ClientOptions{Addr: "127.0.0.1:1"}).Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
