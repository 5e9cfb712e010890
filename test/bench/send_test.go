package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// receiver accepts connections and returns what each sent, in the order of acceptance.
func receiver(t *testing.T) (addr string, received chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	received = make(chan string)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				content, _ := io.ReadAll(conn)
				conn.Close()
				received <- string(content)
			}()
		}
	}()
	return l.Addr().String(), received
}

func testSending(t *testing.T, w *workload, p pace) {
	t.Helper()
	addr, received := receiver(t)
	s, err := dial(addr, w, p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	drained := make(chan error, 1)
	go func() {
		err := errors.Join(s.run(t.Context(), 0, 1), s.run(t.Context(), 1, w.rounds))
		drained <- errors.Join(err, s.drain(time.Minute))
	}()
	want := map[string]bool{}
	for c := range w.connections {
		from, until := w.share(c)
		want[naive(w, from, until, 0, w.rounds)] = true
	}
	for range w.connections {
		if text := <-received; !want[text] {
			t.Errorf("not the lines of a connection: %d bytes %.200q", len(text), text)
		} else {
			delete(want, text)
		}
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if got := sum(s.sent()); got != int64(w.points()) {
		t.Errorf("%d lines counted, %d sent", got, w.points())
	}
}

func TestSendFast(t *testing.T) {
	testSending(t, &workload{metrics: 700, rounds: 9, start: 1_700_000_000, step: 10, connections: 3}, pace{})
}

func TestSendManyRoundsInOneMessage(t *testing.T) {
	testSending(t, &workload{metrics: 3, rounds: 2500, start: 1_700_000_000, step: 10, connections: 2}, pace{})
}

func TestSendPaced(t *testing.T) {
	for _, metrics := range []int{3, 100, 500} { // fewer and more than sendings
		testSending(t, &workload{metrics: metrics, rounds: 3, start: 1_700_000_000, step: 10, connections: 2}, pace{begin: time.Now(), interval: time.Millisecond})
	}
}

// After halt the sender has counted exactly the lines that the server finds, even if
// the server did not read meanwhile.
func TestHalt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := &workload{metrics: 1000, rounds: 10_000, start: 1_700_000_000, step: 10, connections: 1}
	s, err := dial(l.Addr().String(), w, pace{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ended := make(chan error, 1)
	go func() { ended <- s.run(t.Context(), 0, w.rounds) }()
	first := make([]byte, 100)
	if _, err := io.ReadFull(conn, first); err != nil { // the sender is running
		t.Fatal(err)
	}
	s.halt()
	if err := <-ended; !errors.Is(err, errStopped) {
		t.Fatalf("run: %v", err)
	}
	s.close()
	rest, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	text := string(first) + string(rest)
	if lines := int64(strings.Count(text, "\n")); lines != sum(s.sent()) || lines == 0 {
		t.Errorf("%d lines arrived, %d counted", lines, sum(s.sent()))
	}
}

func TestWholeLines(t *testing.T) {
	ends := []int{10, 20, 35}
	for at, want := range map[int]int{0: 0, 9: 0, 10: 1, 19: 1, 20: 2, 34: 2, 35: 3} {
		if got := wholeLines(ends, at); got != want {
			t.Errorf("up to byte %d: %d lines, want %d", at, got, want)
		}
	}
}

func TestWatch(t *testing.T) {
	at := time.Unix(1000, 0)
	c := watch{times: []time.Time{at, at.Add(5 * time.Millisecond), at.Add(9 * time.Millisecond)}, counts: []int64{10, 20, 30}}
	for after, want := range map[time.Duration]int64{-1: 0, 0: 10, 6 * time.Millisecond: 20, time.Second: 30} {
		if got := c.before(at.Add(after)); got != want {
			t.Errorf("%v: %d, want %d", after, got, want)
		}
	}
}
