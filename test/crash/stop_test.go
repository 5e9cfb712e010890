//go:build linux

package crash

import (
	"testing"
	"time"
)

// TestSIGTERMUnderLoadLosesNothing stops servers right after the last byte of many
// senders that keep their connections open. Every line that the kernel accepted is in
// the files afterwards.
func TestSIGTERMUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	senders := newSenders(8, 50)
	n, sent := rounds(2, 20), int64(0)
	for range n {
		v := s.start()
		l := begin(t, v, senders)
		time.Sleep(randomDelay(300 * time.Millisecond))
		l.stop()
		v.stop()
		wantAll(t, senders, s.stored)
		l.close()
		sent += l.sent()
		senders = nextSenders(senders)
	}
	s.wantWholeFiles()
	if soak {
		t.Logf("%d rounds: %d points sent", n, sent)
	}
}

// TestSIGTERMCutsEndlessSenders stops a server while the senders continue. Everything
// written before the signal is stored, and a prefix of the rest.
func TestSIGTERMCutsEndlessSenders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.start()
	senders := newSenders(4, 50)
	for _, x := range senders {
		x.pause = 5 * time.Millisecond
	}
	l := begin(t, v, senders)
	time.Sleep(randomDelay(300 * time.Millisecond))
	before := make([]int64, len(senders))
	for i, x := range senders {
		before[i] = x.sent.Load()
	}
	v.stop()
	l.close()
	for i, x := range senders {
		if n := survivors(t, x, s.stored); n < before[i] {
			t.Errorf("%s: %d points sent before the signal, %d survived", x.names[0], before[i], n)
		}
	}
}
