//go:build linux

package crash

import (
	"net/http"
	"testing"
)

// TestFewDescriptors limits a server to far fewer open files than it has metrics and
// clients. Everything takes longer, and nothing is lost.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	s := newSite(t, "cache.WRITE_DELAY=0")
	s.OpenFiles = 64
	v := s.start()
	senders := newSenders(80, 6)
	for _, x := range senders {
		x.last = 600
	}
	l := begin(t, v, senders) // most wait to be accepted
	l.finish(t)
	answered := 0
	for _, conn := range l.conns {
		hangUp(t, conn)
		if status, _ := v.Get("/health"); status == http.StatusOK {
			answered++
		}
	}
	if answered == 0 {
		t.Error("/health did not answer while descriptors were short")
	}
	v.accepts(l.sent())
	wantAll(t, senders, v.rendered)
	v.stop()
	wantAll(t, senders, s.stored)
	s.wantWholeFiles()
}
