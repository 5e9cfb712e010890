//go:build linux

package crash

import (
	"math/rand/v2"
	"testing"
	"time"
)

// flushInterval is the default of FLUSH_INTERVAL. Points that the server counted that
// long before a kill must survive it.
const flushInterval = 10 * time.Millisecond

// randomDelay is a random time from a fifth of most up to most.
func randomDelay(most time.Duration) time.Duration {
	return most/5 + rand.N(most*4/5)
}

// TestKillUnderLoad kills servers at random moments under full load, many times on one
// data directory, and checks the surviving points each time.
func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	f := func(name string, set ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killRounds(t, newSite(t, set...), rounds(5, 50))
		})
	}
	f("everything waits in the log")
	f("stored at once", "cache.WRITE_DELAY=0")
	f("small log", "cache.WRITE_DELAY=1s", "cache.WRITE_POINTS=20", "wal.SEGMENT_SIZE=262144", "wal.MAX_SIZE=4194304")
}

// killRounds starts, loads and kills n servers on one site.
func killRounds(t *testing.T, s *site, n int) {
	var sent, survived, beyond int64
	var past []*sender // senders of all rounds
	var kept []int64   // how many points of each survived
	senders := newSenders(8, 200)
	for round := range n {
		v := s.start()
		l := begin(t, v, senders)
		time.Sleep(randomDelay(400 * time.Millisecond))
		bound := int64(0)
		if round%5 == 4 {
			l.stop()
			bound = l.sent()
			v.accepts(bound)
			time.Sleep(flushInterval)
			v.Kill()
		} else {
			bound = v.killCounted(randomDelay(200 * time.Millisecond))
		}
		l.close()
		if round%2 == 1 {
			killDuringReplay(s)
		}

		v = s.start()
		there := int64(0)
		for _, x := range senders {
			k := survivors(t, x, v.rendered)
			past, kept = append(past, x), append(kept, k)
			there += k
		}
		sent += l.sent()
		survived += there
		if there < bound {
			t.Errorf("round %d: %d points survived of %d counted %v before the kill", round, there, bound, flushInterval)
			beyond += bound - there
		}
		senders = nextSenders(senders)
		if round == n-1 {
			v.stop()
		} else {
			v.Kill()
		}
	}
	s.wantWholeFiles()
	for i, x := range past {
		if k := survivors(t, x, s.stored); k != kept[i] {
			t.Errorf("%s from %d: %d points in the answers, %d in the file", x.names[0], x.first, kept[i], k)
		}
	}
	if soak {
		t.Logf("%d rounds: %d points sent, %d survived, %d lost beyond the bound", n, sent, survived, beyond)
	}
}

// killCounted polls how many points the server has counted, and kills it. It returns
// the last count that was answered at least flushInterval before the kill.
func (v *server) killCounted(after time.Duration) (received int64) {
	type scrape struct {
		end      time.Time
		received int64
	}
	var scrapes []scrape
	begin := time.Now()
	for time.Since(begin) < after {
		n := v.received()
		scrapes = append(scrapes, scrape{time.Now(), n})
		time.Sleep(time.Millisecond)
	}
	killed := time.Now()
	v.Kill()
	for _, x := range scrapes {
		if killed.Sub(x.end) >= flushInterval {
			received = max(received, x.received)
		}
	}
	return received
}

// killDuringReplay starts a server and kills it within its first moments.
func killDuringReplay(s *site) {
	v := s.launch()
	time.Sleep(randomDelay(60 * time.Millisecond))
	v.Kill()
}
