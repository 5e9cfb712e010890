package redis

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"carbon/metric"
)

// server is a real Redis that keeps its data over a restart.
type server struct {
	t    *testing.T
	dir  string
	addr string
	cmd  *exec.Cmd
}

func startServer(t *testing.T, options ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: t.TempDir(), addr: l.Addr().String()}
	l.Close()
	t.Cleanup(func() { s.kill() })
	s.start(options...)
	return s
}

func (s *server) start(options ...string) {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.addr)
	s.cmd = exec.Command("redis-server", append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--appendonly", "yes", "--appendfsync", "always", "--save", ""}, options...)...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) kill() {
	s.cmd.Process.Signal(syscall.SIGKILL)
	s.cmd.Wait()
}

// client connects when Redis is ready.
func (s *server) client() *client {
	s.t.Helper()
	var c *client
	until(s.t, "redis answers", func() bool {
		nc, err := net.Dial("tcp", s.addr)
		if err != nil {
			return false
		}
		c = newClient(nc, 1<<20)
		if _, err := c.do("PING"); err != nil {
			nc.Close()
			return false
		}
		return true
	})
	s.t.Cleanup(func() { c.Close() })
	return c
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// lists returns the elements of lists.
func lists(t *testing.T, c *client, keys ...string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, key := range keys {
		list, err := c.do("LRANGE", key, "0", "-1")
		if err != nil {
			t.Fatal(err)
		}
		for range list.n {
			re, err := c.read()
			if err != nil {
				t.Fatal(err)
			}
			all[key] = append(all[key], re.text)
		}
	}
	return all
}

// sink keeps what is pushed. An element "a 5" is a point of 5; one with "bad" is not
// readable.
type sink struct {
	mu      sync.Mutex
	pushed  []string
	log     []string // pushed and committed
	commits int
	blocked chan struct{} // commits wait until it is closed; nil: they do not
}

func (s *sink) message(element []byte, batch *metric.Batch) (bool, error) {
	name, value, ok := strings.Cut(string(element), " ")
	v, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil {
		return false, nil
	}
	return true, batch.Add("", name, metric.Point{Value: v})
}

func (s *sink) push(_ context.Context, points []metric.Datapoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range points {
		s.pushed = append(s.pushed, fmt.Sprint(p.Name, " ", p.Value))
	}
	return nil
}

func (s *sink) commit(ctx context.Context) error {
	if s.blocked != nil {
		select {
		case <-s.blocked:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = slices.Clone(s.pushed)
	s.commits++
	return nil
}

func (s *sink) kept() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// run serves a Receiver of the list "in" until the test ends.
func (s *sink) run(t *testing.T, addr, id string, change ...func(*Options)) *Receiver {
	t.Helper()
	o := Options{Address: addr, Lists: []string{"in"}, ID: id, Message: s.message, Push: s.push, Commit: s.commit}
	for _, f := range change {
		f(&o)
	}
	w := New(o)
	done := make(chan error, 1)
	go func() { done <- w.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		w.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

func fill(t testing.TB, c *client, list string, from, to int) (want []string) {
	t.Helper()
	for i := from; i < to; i++ {
		element := fmt.Sprintf("metric%d %d", i, i)
		c.send("LPUSH", list, element)
		want = append(want, element)
	}
	if err := c.flush(replyTime); err != nil {
		t.Fatal(err)
	}
	for range to - from {
		if _, err := c.read(); err != nil {
			t.Fatal(err)
		}
	}
	return want
}

func TestElementsAreStoredInOrderAndRemoved(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	want := fill(t, c, "in", 0, 10_000)
	s := &sink{}
	w := s.run(t, redis.addr, "a")
	until(t, "all are kept", func() bool { return len(s.kept()) == len(want) })
	if got := s.kept(); !slices.Equal(got, want) {
		t.Errorf("%d elements, out of order", len(got))
	}
	if s.commits > 50 {
		t.Errorf("%d times waited for the log", s.commits)
	}
	want = append(want, fill(t, c, "in", 10_000, 10_003)...)
	until(t, "more are kept", func() bool { return len(s.kept()) == len(want) })
	w.Shutdown(t.Context())
	if got := lists(t, c, "in", "in:processing:a", "in:rejected"); len(got) > 0 {
		t.Errorf("left over: %v", got)
	}
	if got := w.Stats(); got.Elements != 10_003 || got.Connected > 0 {
		t.Errorf("stats %+v", got)
	}
}

func TestElementsAreRemovedWhenLogged(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	want := fill(t, c, "in", 0, 3000)
	s := &sink{blocked: make(chan struct{})}
	w := s.run(t, redis.addr, "a")
	until(t, "some are pushed", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.pushed) > 0 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Shutdown(ctx); err != context.Canceled { // as if killed
		t.Errorf("error %v", err)
	}
	left := lists(t, c, "in", "in:processing:a")
	if n := len(left["in"]) + len(left["in:processing:a"]); n != len(want) {
		t.Fatalf("%d of %d elements are left", n, len(want))
	}

	// The next start stores them, the oldest first.
	next := &sink{}
	w = next.run(t, redis.addr, "a")
	until(t, "all are kept", func() bool { return len(next.kept()) == len(want) })
	if got := next.kept(); !slices.Equal(got, want) {
		t.Error("out of order")
	}
	if w.Stats().TakenUp == 0 {
		t.Error("nothing was taken up")
	}
	until(t, "removed", func() bool { return len(lists(t, c, "in", "in:processing:a")) == 0 })
}

// TestRedisIsKilledAndRestarted kills Redis several times while elements are stored.
func TestRedisIsKilledAndRestarted(t *testing.T) {
	redis := startServer(t)
	s := &sink{}
	s.run(t, redis.addr, "a")
	all := map[string]bool{}
	for round := range 4 {
		c := redis.client()
		for _, e := range fill(t, c, "in", round*2000, (round+1)*2000) {
			all[e] = true
		}
		redis.kill() // wherever the worker is
		redis.start()
	}
	until(t, "all are kept", func() bool {
		kept := map[string]bool{}
		for _, e := range s.kept() {
			kept[e] = true
		}
		return maps.Equal(kept, all)
	})
	c := redis.client()
	until(t, "removed", func() bool { return len(lists(t, c, "in", "in:processing:a")) == 0 })
}

func TestRedisStartsLater(t *testing.T) {
	redis := startServer(t)
	redis.kill()
	s := &sink{}
	w := s.run(t, redis.addr, "a")
	if w.Stats().Connected > 0 {
		t.Error("connected to nothing")
	}
	redis.start()
	fill(t, redis.client(), "in", 0, 1)
	until(t, "kept", func() bool { return len(s.kept()) == 1 })
}

func TestUnreadableElementsAreRejected(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	for i := range 1500 {
		c.do("LPUSH", "in", fmt.Sprintf("bad%d", i))
		if i%500 == 0 {
			fill(t, c, "in", i, i+1)
			c.do("LPUSH", "in", strings.Repeat("x", 5000)) // over the limit
		}
	}
	s := &sink{}
	w := s.run(t, redis.addr, "a", func(o *Options) { o.MaxMessage = 1000 })
	until(t, "all are taken", func() bool { return w.Stats().Elements == 1506 })
	until(t, "removed", func() bool { return len(lists(t, c, "in", "in:processing:a")) == 0 })
	rejected := lists(t, c, "in:rejected")["in:rejected"]
	if len(rejected) != maxRejected || rejected[0] != "bad1499" || rejected[999] != "bad500" {
		t.Errorf("%d set aside", len(rejected))
	}
	if got := s.kept(); !slices.Equal(got, []string{"metric0 0", "metric500 500", "metric1000 1000"}) {
		t.Errorf("got %q", got)
	}
	if got := w.o.Refused.Counts(); w.Stats().Rejected != 1503 || got[TooLong] != 3 {
		t.Errorf("stats %+v, refused %v", w.Stats(), got)
	}
}

// TestLongElementsAreStoredInParts has elements that do not fit one batch.
func TestLongElementsAreStoredInParts(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	const elements = 60
	space := strings.Repeat("0", 1<<20-100)
	for i := range elements {
		c.do("LPUSH", "in", fmt.Sprintf("metric%d %s%d", i, space, i))
	}
	s := &sink{}
	w := s.run(t, redis.addr, "a")
	until(t, "all are kept", func() bool { return len(s.kept()) >= elements })
	got := s.kept()
	if len(got) != elements || got[0] != "metric0 0" || got[elements-1] != "metric59 59" || w.Stats().TakenUp == 0 {
		t.Errorf("got %q, %+v", got, w.Stats())
	}
}

func TestElementsOfDeadServersAreAdopted(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	// Server b has taken elements and is alive; d is dead.
	c.do("SADD", "in:processing", "b")
	c.do("SETEX", "in:alive:b", "1000", "1")
	fill(t, c, "in:processing:b", 0, 10)
	c.do("SADD", "in:processing", "d")
	want := fill(t, c, "in:processing:d", 10, 20)

	s := &sink{}
	w := New(Options{Address: redis.addr, Lists: []string{"in"}, ID: "a", Message: s.message, Push: s.push, Commit: s.commit}).workers[0]
	connection, err := w.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := w.register(connection); err != nil {
		t.Fatal(err)
	}
	if err := w.newSession(t.Context(), t.Context(), connection).adopt(); err != nil {
		t.Fatal(err)
	}
	if got := s.kept(); !slices.Equal(got, want) {
		t.Errorf("took over %q", got)
	}
	left := lists(t, c, "in:processing:a", "in:processing:b", "in:processing:d")
	if len(left["in:processing:b"]) != 10 || len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
	servers, _ := c.do("SCARD", "in:processing")
	lives, _ := c.do("TTL", "in:alive:a")
	if servers.n != 2 || lives.n < 1 {
		t.Errorf("%d servers; lives for %d s", servers.n, lives.n)
	}
}

func TestUnreliable(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	want := fill(t, c, "in", 0, 3000)
	s := &sink{}
	s.run(t, redis.addr, "a", func(o *Options) { o.Unreliable = true })
	until(t, "all are pushed", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return slices.Equal(s.pushed, want) })
	if keys, _ := c.do("DBSIZE"); keys.n != 0 {
		t.Errorf("%d keys", keys.n)
	}
}

func TestPasswordAndDatabase(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	c.do("SELECT", "3")
	fill(t, c, "in", 0, 1)
	c.do("CONFIG", "SET", "requirepass", "secret")
	wrong := &sink{}
	wrong.run(t, redis.addr, "a", func(o *Options) { o.DB = 3 })
	s := &sink{}
	s.run(t, redis.addr, "b", func(o *Options) { o.DB, o.Password = 3, "secret" })
	until(t, "kept", func() bool { return len(s.kept()) == 1 })
	if len(wrong.kept()) > 0 {
		t.Error("taken without the password")
	}
}

// TestPeersThatAreNotRedis has another protocol answer, or nothing.
func TestPeersThatAreNotRedis(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n$99999999999999\r\n", "+OK\r\n:1\r\n:1\r\n:1\r\n*999999999\r\n", ""} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		asked := make(chan struct{}, 100)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(c, answer)
				select {
				case asked <- struct{}{}:
				default:
				}
				if answer != "" {
					c.Close()
				}
			}
		}()
		s := &sink{}
		w := s.run(t, l.Addr().String(), "a")
		<-asked
		began := time.Now()
		w.Shutdown(t.Context())
		if took := time.Since(began); took > 2*stopTime {
			t.Errorf("%q: ended after %v", answer, took)
		}
		l.Close()
		if got := w.Stats(); got.Elements > 0 {
			t.Errorf("%q: stats %+v", answer, got)
		}
	}
}

// TestKeyThatIsNotAList retries until the key is a list.
func TestKeyThatIsNotAList(t *testing.T) {
	redis := startServer(t)
	c := redis.client()
	c.do("SET", "in", "text")
	s := &sink{}
	s.run(t, redis.addr, "a")
	c.do("DEL", "in")
	fill(t, c, "in", 0, 1)
	until(t, "kept", func() bool { return len(s.kept()) == 1 })
}

func TestReplies(t *testing.T) {
	f := func(text string, want reply, wantErr error) {
		t.Helper()
		c := &client{r: bufio.NewReader(strings.NewReader(text)), limit: 10}
		got, err := c.read()
		if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	f("+OK\r\n", reply{kind: '+', text: "OK"}, nil)
	f("-ERR no\r\n", reply{kind: '-'}, serverError("ERR no"))
	f(":12\r\n", reply{kind: ':', n: 12}, nil)
	f("$3\r\na\r\n\r\n", reply{kind: '$', n: 3, text: "a\r\n"}, nil)
	f("$0\r\n\r\n", reply{kind: '$'}, nil)
	f("$-1\r\n", reply{kind: '$', null: true}, nil)
	f("*-1\r\n", reply{kind: '*', null: true}, nil)
	f("*2\r\n", reply{kind: '*', n: 2}, nil)
	f("$11\r\nhello world\r\n", reply{kind: '$', n: 11, long: true}, nil)
	f("$11\r\nhello", reply{kind: '$', n: 11, long: true}, errors.New("unexpected EOF"))
	f("$9223372036854775807\r\nhello", reply{kind: '$', n: 1<<63 - 1, long: true}, errors.New("unexpected EOF"))
	f("$3\r\nabcd\r\n", reply{kind: '$', n: 3, text: "abc"}, errProtocol)
	f("$-2\r\n", reply{kind: '$', n: -2}, errProtocol)
	f("$x\r\n", reply{kind: '$'}, errProtocol)
	f("HTTP/1.1 400 Bad Request\r\n", reply{kind: 'H'}, errProtocol)
	f("\n", reply{}, errProtocol)
	f(strings.Repeat("+", 100_000), reply{}, errProtocol)
}

// FuzzReplies reads any replies.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("*2\r\n$1\r\na\r\n$-1\r\n"))
	f.Add([]byte("-ERR\r\n:1\r\n+OK\r\n$99999999999\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &client{r: bufio.NewReader(bytes.NewReader(data)), limit: 100}
		for {
			re, err := c.read()
			var e serverError
			if err != nil && !errors.As(err, &e) {
				return
			}
			if len(re.text) > len(data) || re.n < 0 && re.kind != ':' {
				t.Fatalf("%+v", re)
			}
		}
	})
}

// TestVectors sends Redis the commands of the talk's subscriber.
func TestVectors(t *testing.T) {
	redis := startServer(t)
	stream, err := os.ReadFile(filepath.Join("testdata", "talk-redis-lpush.resp"))
	if err != nil {
		t.Fatal(err)
	}
	c := redis.client()
	c.Write(stream)
	s := &sink{}
	var elements []string
	s.run(t, redis.addr, "a", func(o *Options) {
		o.Lists = []string{"incoming"}
		o.Message = func(element []byte, _ *metric.Batch) (bool, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			elements = append(elements, string(element))
			return true, nil
		}
	})
	until(t, "taken", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.commits > 0 && len(elements) == 2 })
	for _, e := range elements {
		if !bytes.Contains(stream, []byte(e)) || e[0] != 0x78 {
			t.Errorf("took %q", e)
		}
	}
}
