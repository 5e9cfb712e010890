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

// shortSenders makes senders that send a number of seconds of a number of metrics.
func shortSenders(senders, metrics, seconds int) []*sender {
	f := newSenders(senders, metrics)
	for _, s := range f {
		s.last = int64(metrics * seconds)
	}
	return f
}

// continued makes senders that send further seconds of the same metrics.
func continued(senders []*sender, seconds int) []*sender {
	f := nextSenders(senders)
	for _, s := range f {
		s.last = s.first + int64(len(s.names)*seconds)
	}
	return f
}

// idle waits until the server has stored all points.
func (v *server) idle() {
	v.t.Helper()
	v.until("stored everything", func() bool {
		figures := v.Counters()
		return figures != nil && figures["carbon_cache_size"] == 0
	})
}

// TestTreeDeletedUnderTheServer removes whisper files and directories while the server
// has them open. The server stores later points in new files.
func TestTreeDeletedUnderTheServer(t *testing.T) {
	t.Parallel()
	f := func(what string) {
		t.Helper()
		s := newSite(t, "cache.WRITE_DELAY=0")
		v := s.start()
		senders := shortSenders(2, 20, 10)
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
		senders = continued(senders, 10)
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

// TestReadOnlyTree starts a server on a read-only tree. It serves the stored points,
// keeps new ones, over a kill too, and stores them by itself once the tree is writable.
func TestReadOnlyTree(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	tree := s.path("whisper")
	mount(t, tree, "64m")
	v := s.start()
	old := shortSenders(3, 10, 20)
	sendAll(t, v, old)
	v.stop()
	remount(t, tree, syscall.MS_RDONLY)

	s.Settings = append(s.Settings, "cache.WRITE_DELAY=0")
	v = s.start()
	senders := continued(old, 20)
	sendAll(t, v, senders)
	fresh := newSenders(6, 10)[3:]
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

// TestFileInPlaceOfDirectory puts a file where a directory must be. The metrics below
// wait until the file is removed; the others are stored.
func TestFileInPlaceOfDirectory(t *testing.T) {
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
	senders := shortSenders(3, 5, 10)
	sendAll(t, v, senders)
	v.until("stored the other metrics", func() bool { return v.Counters()["carbon_committed_points_total"] == 100 })
	wantAll(t, senders, v.rendered)
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	v.idle()
	wantAll(t, senders, s.stored)
	v.stop()
}

// damage are ways to damage a whisper file.
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

// TestCorruptFiles damages whisper files, of a stopped and of a running server. The
// server sets each aside unchanged and creates it anew at its next point. It touches no
// other file.
func TestCorruptFiles(t *testing.T) {
	t.Parallel()
	f := func(running bool) {
		t.Helper()
		s := newSite(t, "cache.WRITE_DELAY=0")
		s.retain("1s:1h")
		v := s.start()
		old := recent(shortSenders(2, len(damage), 5))
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
				continue // the server does not read the header of an open file again
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
		senders := continued(old, 5)
		sendAll(t, v, senders)
		v.idle()
		wantAll(t, senders, v.rendered)
		v.stop()
		wantAll(t, append(senders, old[0]), s.stored)
		s.wantWholeFiles()
		for path, content := range contents {
			aside, err := filepath.Glob(path + ".corrupt-*")
			if err != nil || len(aside) != 1 {
				t.Errorf("%d bytes of %s: set aside as %v, want one file (running: %v)", len(content), path, aside, running)
				continue
			}
			kept, err := os.ReadFile(aside[0])
			if err != nil || !bytes.Equal(kept, content) {
				t.Errorf("%s differs from the corrupt file: %v", aside[0], err)
			}
		}
		if n := strings.Count(v.Log.String(), "corrupt"); n == 0 {
			t.Error("the server did not log corrupt files")
		}
	}
	f(false)
	f(true)
}
