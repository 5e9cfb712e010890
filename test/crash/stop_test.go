//go:build linux

package crash

import (
	"testing"
	"time"
)

// TestSIGTERMUnderLoadLosesNothing stops servers behind the last byte of many
// senders, which keep their connections: everything the kernel took is there
// afterwards, in the files.
func TestSIGTERMUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	senders := fleet(8, 50)
	n, sent := rounds(2, 20), int64(0)
	for range n {
		v := s.start()
		l := begin(t, v, senders)
		time.Sleep(moment(300 * time.Millisecond))
		l.stop()
		v.stop()
		wantAll(t, senders, s.stored)
		l.close()
		sent += l.sent()
		senders = nextFleet(senders)
	}
	s.wantWholeFiles()
	if soak {
		t.Logf("%d rounds: %d points sent", n, sent)
	}
}

// TestSIGTERMCutsEndlessSenders stops a server while nobody else stops: what was
// written before the signal is there, and of the rest a prefix.
func TestSIGTERMCutsEndlessSenders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.start()
	senders := fleet(4, 50)
	for _, x := range senders {
		x.pause = 5 * time.Millisecond
	}
	l := begin(t, v, senders)
	time.Sleep(moment(300 * time.Millisecond))
	before := make([]int64, len(senders))
	for i, x := range senders {
		before[i] = x.sent.Load()
	}
	v.stop()
	l.close()
	for i, x := range senders {
		if n := survivors(t, x, s.stored); n < before[i] {
			t.Errorf("%s: of %d points sent before the signal %d are there", x.names[0], before[i], n)
		}
	}
}
