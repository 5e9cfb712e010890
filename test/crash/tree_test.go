//go:build linux

package crash

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// some are senders that send a few seconds of some metrics.
func some(senders, metrics, seconds int) []*sender {
	f := fleet(senders, metrics)
	for _, s := range f {
		s.last = int64(metrics * seconds)
	}
	return f
}

// more goes on with as many seconds.
func more(senders []*sender, seconds int) []*sender {
	f := nextFleet(senders)
	for _, s := range f {
		s.last = s.first + int64(len(s.names)*seconds)
	}
	return f
}

// idle waits until nothing is left to store.
func (v *server) idle() {
	v.t.Helper()
	v.until("stored everything", func() bool {
		figures := v.Counters()
		return figures != nil && figures["carbon_cache_size"] == 0
	})
}

// TestTreeDeletedUnderTheServer removes whisper files and directories while the
// server has them open: it goes on, and what is sent from then on is stored.
func TestTreeDeletedUnderTheServer(t *testing.T) {
	t.Parallel()
	f := func(what string) {
		t.Helper()
		s := newSite(t, "cache.WRITE_DELAY=0")
		v := s.start()
		senders := some(2, 20, 10)
		sendAll(t, v, senders)
		v.idle()
		paths, err := filepath.Glob(s.path(what))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %v", what, paths, err)
		}
		for _, path := range paths {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
		senders = more(senders, 10)
		sendAll(t, v, senders)
		v.idle()
		wantAll(t, senders, v.rendered)
		wantAll(t, senders, s.stored)
		v.stop()
		wantAll(t, senders, s.stored)
		s.wantWholeFiles()
	}
	f("whisper/load/c01/*.wsp")
	f("whisper/*")
	f("whisper")
}

// TestReadOnlyTree starts a server on a tree that nobody may write: it serves
// what is there, keeps what comes, over a kill too, and stores it by itself once
// it may.
func TestReadOnlyTree(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	tree := s.path("whisper")
	mount(t, tree, "64m")
	v := s.start()
	old := some(3, 10, 20)
	sendAll(t, v, old)
	v.stop()
	remount(t, tree, syscall.MS_RDONLY)

	s.Settings = append(s.Settings, "cache.WRITE_DELAY=0")
	v = s.start()
	senders := more(old, 20)
	sendAll(t, v, senders)
	fresh := fleet(6, 10)[3:]
	for _, x := range fresh {
		x.last = 200
	}
	sendAll(t, v, fresh)
	v.until("failed to store", func() bool { return v.Counters()["carbon_errors_total"] > 0 })
	all := append(append(old, senders...), fresh...)
	wantAll(t, all, v.rendered)
	v.Kill()

	v = s.start()
	wantAll(t, all, v.rendered)
	v.until("failed to store", func() bool { return v.Counters()["carbon_errors_total"] > 0 })
	remount(t, tree, 0)
	v.idle()
	wantAll(t, all, s.stored)
	wantAll(t, all, v.rendered)
	v.stop()
	wantAll(t, all, s.stored)
	s.wantWholeFiles()
}

func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}

// TestPlaceTaken has a file where a directory must be: the metrics below wait
// until it is gone, the others are stored.
func TestPlaceTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, "cache.WRITE_DELAY=0")
	if err := os.MkdirAll(s.path("whisper", "load"), 0o755); err != nil {
		t.Fatal(err)
	}
	obstacle := s.path("whisper", "load", "c01")
	if err := os.WriteFile(obstacle, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	v := s.start()
	senders := some(3, 5, 10)
	sendAll(t, v, senders)
	v.until("stored the others", func() bool { return v.Counters()["carbon_committed_points_total"] == 100 })
	wantAll(t, senders, v.rendered)
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	v.idle()
	wantAll(t, senders, s.stored)
	v.stop()
}

// damage is what may have become of a whisper file.
var damage = []struct {
	name string
	do   func(content []byte) []byte
}{
	{"empty", func([]byte) []byte { return nil }},
	{"half a header", func(b []byte) []byte { return b[:20] }},
	{"header only", func(b []byte) []byte { return b[:28] }},
	{"half", func(b []byte) []byte { return b[:len(b)/2] }},
	{"one byte short", func(b []byte) []byte { return b[:len(b)-1] }},
	{"zeros", func(b []byte) []byte { return make([]byte, len(b)) }},
	{"garbage", func(b []byte) []byte { return bytes.Repeat([]byte("garbage!"), 100) }},
	{"other method", func(b []byte) []byte { b[3] = 0xff; return b }},
	{"endless archive", func(b []byte) []byte { b[24], b[25] = 0xff, 0xff; return b }},
}

// TestCorruptFiles damages some whisper files, in the tree of a server that is
// down and under one that runs. Each is set aside as it was and made anew at its
// next point; no other file is touched.
func TestCorruptFiles(t *testing.T) {
	t.Parallel()
	f := func(running bool) {
		t.Helper()
		s := newSite(t, "cache.WRITE_DELAY=0")
		s.retain("1s:1h")
		v := s.start()
		old := lately(some(2, len(damage), 5))
		sendAll(t, v, old)
		v.idle()
		if !running {
			v.stop()
		}
		wounded := old[1]
		contents := map[string][]byte{}
		for m, d := range damage {
			path := s.path("whisper", wspPath(wounded.names[m]))
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			size := len(content)
			content = d.do(content)
			if running && len(content) == size {
				continue // who has a file open need not look at its header again
			}
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			contents[path] = content
		}
		if !running {
			v = s.start()
		}
		if status, body := v.Get("/render?target=load.*.*&format=json"); status != http.StatusOK {
			t.Errorf("render answers %d %s", status, body)
		}
		senders := more(old, 5)
		sendAll(t, v, senders)
		v.idle()
		wantAll(t, senders, v.rendered)
		v.stop()
		wantAll(t, append(senders, old[0]), s.stored)
		s.wantWholeFiles()
		for path, content := range contents {
			aside, err := filepath.Glob(path + ".corrupt-*")
			if err != nil || len(aside) != 1 {
				t.Errorf("%d bytes of %s were set aside as %v (running: %v)", len(content), path, aside, running)
				continue
			}
			kept, err := os.ReadFile(aside[0])
			if err != nil || !bytes.Equal(kept, content) {
				t.Errorf("%s is not what the corrupt file was: %v", aside[0], err)
			}
		}
		if n := strings.Count(v.Log.String(), "corrupt"); n == 0 {
			t.Error("the log has no word of corrupt files")
		}
	}
	f(false)
	f(true)
}
