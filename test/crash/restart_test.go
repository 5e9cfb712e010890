//go:build linux

package crash

import (
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
)

// TestRestartsUnderSenders restarts servers on one port, after SIGKILL and SIGTERM in
// turn, while clients keep sending and reconnect. A prefix of each connection survives,
// also of those made during replay.
func TestRestartsUnderSenders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.listening()
	line := v.Line()
	s.Flags = []string{"--line", line}
	var clients sync.WaitGroup
	stop := make(chan struct{})
	chains := make([][]*sender, 4)
	for i, x := range newSenders(len(chains), 30) {
		x.pause = 2 * time.Millisecond // after SIGTERM the server reads for up to 10 s
		clients.Go(func() { chains[i] = reconnect(line, x, stop) })
	}
	for round := range rounds(3, 20) {
		time.Sleep(randomDelay(300 * time.Millisecond))
		if round%2 == 0 {
			v.Kill()
		} else {
			v.terminate()
			v.wantEnd()
		}
		v = s.listening()
	}
	close(stop)
	clients.Wait()
	v.healthy()
	var kept []int64
	for _, chain := range chains {
		for _, x := range chain {
			kept = append(kept, survivors(t, x, v.rendered))
		}
	}
	v.stop()
	connections, sent, survived := 0, int64(0), int64(0)
	for _, chain := range chains {
		for _, x := range chain {
			n := survivors(t, x, s.stored)
			if n != kept[connections] {
				t.Errorf("%s from %d: %d points in the answers, %d in the file", x.names[0], x.first, kept[connections], n)
			}
			connections++
			sent += x.sent.Load()
			survived += n
		}
	}
	if soak {
		t.Logf("%d connections: %d points sent, %d survived", connections, sent, survived)
	}
}

// reconnect runs a client that connects again whenever its connection breaks, with a
// new sequence on each connection. It returns the senders of all connections.
func reconnect(addr string, s *sender, stop <-chan struct{}) (chain []*sender) {
	for {
		select {
		case <-stop:
			return chain
		default:
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		s.run(conn, stop)
		conn.Close()
		chain = append(chain, s)
		s = s.next()
	}
}

// TestNewerPointsWinOverTheLog sends points for the same seconds that the server is
// replaying. The new points win.
func TestNewerPointsWinOverTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, "cache.WRITE_POINTS=1000000")
	v := s.start()
	old := shortSenders(4, 50, 6000)
	sendAll(t, v, old)
	time.Sleep(flushInterval)
	v.Kill()

	v = s.listening()
	newer := newSenders(4, 50)
	for i, x := range newer {
		x.base = old[i].base - 10_000_000/50 // the same seconds with values 10,000,000 higher
		x.first = 10_000_000
		x.last = x.first + 6000*50
	}
	status, _ := v.Get("/health")
	sendAll(t, v, newer)
	v.healthy()
	wantAll(t, newer, v.rendered)
	v.stop()
	wantAll(t, newer, s.stored)
	if soak {
		t.Logf("/health was %d when newer points were sent", status)
	}
}

// TestNamesOutliveAKill deletes everything in the data directory except the tree, the
// log and tagged.log. The next server finds all series, also by tags.
func TestNamesOutliveAKill(t *testing.T) {
	t.Parallel()
	f := func(set ...string) {
		t.Helper()
		s := newSite(t, set...)
		v := s.start()
		senders := newSenders(4, 50)
		for i, x := range senders {
			x.names, x.last = taggedNames(i, 50), 500
		}
		sendAll(t, v, senders)
		if len(set) > 0 {
			v.idle()
		}
		time.Sleep(flushInterval)
		v.Kill()
		entries, err := os.ReadDir(s.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			switch e.Name() {
			case "whisper", "wal", "tagged.log":
			default:
				if err := os.RemoveAll(s.path(e.Name())); err != nil {
					t.Fatal(err)
				}
			}
		}
		v = s.start()
		wantAll(t, senders, v.rendered)
		names, err := v.tagged("name=load", "m=m007")
		if err != nil || len(names) != 4 {
			t.Errorf("%v, %v", names, err)
		}
		v.stop()
		wantAll(t, senders, s.stored)
	}
	f()
	f("cache.WRITE_DELAY=0")
}

// TestHealthDuringReplay checks that a server answers from the start, and that /health
// is 503 until the log is replayed.
func TestHealthDuringReplay(t *testing.T) {
	t.Parallel()
	s := newSite(t, "cache.WRITE_POINTS=1000000")
	v := s.start()
	senders := shortSenders(4, 50, 6000)
	sendAll(t, v, senders)
	time.Sleep(flushInterval)
	v.Kill()
	v = s.listening()
	for {
		status, _ := v.Get("/health")
		if status == http.StatusOK {
			break
		}
		if status != http.StatusServiceUnavailable {
			t.Fatalf("/health answers %d", status)
		}
		if status, body := v.Get("/render?target=load.c01.m001&format=json"); status != http.StatusOK {
			t.Fatalf("render answers %d %s", status, body)
		}
	}
	wantAll(t, senders, v.rendered)
}
