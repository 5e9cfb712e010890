//go:build linux

package crash

import (
	"errors"
	"io"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"carbon/test/launch"
)

// mount mounts a small file system on a directory until the test ends. Without the
// right to mount it skips the test; with CI=true it fails.
func mount(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount a small disk: %v", err)
		}
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// filler is a file that fills a disk.
type filler struct {
	t    *testing.T
	path string
	file *os.File
}

func newFiller(t *testing.T, path string) *filler {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &filler{t, path, file}
}

// fill grows the file until the disk is full.
func (f *filler) fill() {
	f.t.Helper()
	for size := 1 << 20; size >= 1; {
		_, err := f.file.Write(make([]byte, size))
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 16
		case err != nil:
			f.t.Fatal(err)
		}
	}
}

// leave frees some bytes of the disk.
func (f *filler) leave(bytes int64) {
	f.t.Helper()
	at, err := f.file.Seek(-bytes, io.SeekEnd)
	if err == nil {
		err = f.file.Truncate(at)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// empty removes the file.
func (f *filler) empty() {
	f.t.Helper()
	if err := errors.Join(f.file.Close(), os.Remove(f.path)); err != nil {
		f.t.Fatal(err)
	}
}

// smallSite is a site on a disk of 64 MB, with senders whose whisper files take 20 MB
// and whose log takes some more. The server begins to store after two seconds.
func smallSite(t *testing.T) (*site, []*sender, *filler) {
	t.Helper()
	s := newSite(t, "cache.WRITE_DELAY=2s", "cache.WHISPER_SPARSE_CREATE=False", "wal.SEGMENT_SIZE=1048576")
	s.retain("1s:1h")
	senders := recent(newSenders(8, 60))
	for _, x := range senders {
		x.last = 60 * 2000
	}
	mount(t, s.Data, "64m")
	return s, senders, newFiller(t, s.path("filler"))
}

// fillByLoad leaves 1 MB on the server's disk and sends until the server accepts no
// more points and cannot store those it has. It returns how many points the server
// had counted flushInterval before the disk was full, and how many at the end.
func fillByLoad(t *testing.T, v *server, senders []*sender, f *filler) (l *load, before, received int64) {
	t.Helper()
	f.fill()
	f.leave(1 << 20)
	l = begin(t, v, senders)
	var counted int64
	var when, since time.Time
	v.until("stalled on a full disk", func() bool {
		figures := v.Counters()
		n := int64(figures[receivedPoints])
		if figures["carbon_wal_write_errors_total"] > 0 {
			f.fill()
		} else if time.Since(when) > flushInterval {
			before, counted, when = counted, n, time.Now()
		}
		if n != received || figures["carbon_wal_write_errors_total"] == 0 || figures["carbon_errors_total"] == 0 {
			received, since = n, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond
	})
	if all := int64(len(senders)) * senders[0].last; received >= all {
		t.Fatal("the server accepted all points before the disk was full")
	}
	return l, before, received
}

// TestFullDisk fills the disk under load and frees it again. Meanwhile the server
// runs, answers and damages no file; afterwards it continues by itself. No accepted
// point is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s, senders, f := smallSite(t)
	v := s.start()
	l, _, received := fillByLoad(t, v, senders, f)
	if status, _ := v.Get("/health"); status == 0 {
		t.Error("/health does not answer")
	}
	if there := survivorsOf(t, senders, v.rendered); there != received {
		t.Errorf("on a full disk: %d points in the answers, want %d", there, received)
	}
	s.wantWholeFiles()

	f.empty()
	l.finish(t)
	v.accepts(l.sent())
	wantAll(t, senders, v.rendered)
	v.until("stored everything", func() bool { return v.Counters()["carbon_cache_size"] == 0 })
	if status, _ := v.Get("/health"); status != http.StatusOK {
		t.Errorf("/health answers %d", status)
	}
	v.stop()
	wantAll(t, senders, s.stored)
	if files := s.wantWholeFiles(); files != 8*60 {
		t.Errorf("%d files", files)
	}
	l.close()
}

// TestKillOnAFullDisk kills a server whose disk is full. The next one starts on the
// full disk and has the points that the first had accepted before the disk was full.
func TestKillOnAFullDisk(t *testing.T) {
	t.Parallel()
	s, senders, f := smallSite(t)
	v := s.start()
	l, before, _ := fillByLoad(t, v, senders, f)
	v.Kill()
	l.close()
	f.fill()
	s.wantWholeFiles()

	v = s.start()
	there := survivorsOf(t, senders, v.rendered)
	if there < before {
		t.Errorf("%d points survived of %d that were counted before the disk was full", there, before)
	}
	f.empty()
	next := nextSenders(senders)
	for _, x := range next {
		x.last = x.first + 6000
	}
	sendAll(t, v, next)
	v.stop()
	wantAll(t, next, s.stored)
	if now := survivorsOf(t, senders, s.stored); now != there {
		t.Errorf("%d points in the answers, %d in the files", there, now)
	}
	s.wantWholeFiles()
}

// TestStopOnAFullDisk stops a server whose disk is full. It ends in time, and the next
// one has every point it accepted: the log reserves disk space for its last records.
func TestStopOnAFullDisk(t *testing.T) {
	t.Parallel()
	s, senders, f := smallSite(t)
	v := s.start()
	l, _, received := fillByLoad(t, v, senders, f)
	v.terminate()
	select {
	case <-v.Ended():
	case <-time.After(launch.Patience):
		t.Fatal("the server did not end")
	}
	l.close()
	f.empty()

	v = s.start()
	there := survivorsOf(t, senders, v.rendered)
	if there < received {
		t.Errorf("%d points survived of %d", there, received)
	}
	v.stop()
	if now := survivorsOf(t, senders, s.stored); now != there {
		t.Errorf("%d points in the answers, %d in the files", there, now)
	}
	s.wantWholeFiles()
}
