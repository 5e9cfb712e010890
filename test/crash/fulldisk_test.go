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

// mount puts a small file system of its own on a directory for the test. Who may
// not mount does without the test, but for CI, which may.
func mount(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount a small disk: %v", err)
		}
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// filler is a file that takes all the room there is.
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

// fill takes what room there is now.
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

// leave gives back some of the room.
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

// empty gives the room back.
func (f *filler) empty() {
	f.t.Helper()
	if err := errors.Join(f.file.Close(), os.Remove(f.path)); err != nil {
		f.t.Fatal(err)
	}
}

// crowded is a site on a disk of 64 MB, and senders with ends whose files take 20
// of them and whose log some more. Storing begins a second after the load.
func crowded(t *testing.T) (*site, []*sender, *filler) {
	t.Helper()
	s := newSite(t, "cache.WRITE_DELAY=2s", "cache.WHISPER_SPARSE_CREATE=False", "wal.SEGMENT_SIZE=1048576")
	s.retain("1s:1h")
	senders := lately(fleet(8, 60))
	for _, x := range senders {
		x.last = 60 * 2000
	}
	mount(t, s.Data, "64m")
	return s, senders, newFiller(t, s.path("filler"))
}

// fillByLoad leaves little room on the server's disk and has senders send until
// the server takes nothing more and cannot store what it has. It returns how many
// points were counted flushInterval before the disk was full, and how many in the
// end.
func fillByLoad(t *testing.T, v *server, senders []*sender, f *filler) (l *load, before, received int64) {
	t.Helper()
	f.fill()
	f.leave(1 << 20)
	l = begin(t, v, senders)
	var counted int64
	var when, since time.Time
	v.until("stalls on a full disk", func() bool {
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
		t.Fatal("the disk was not full before all was received")
	}
	return l, before, received
}

// TestFullDisk fills the disk under load and empties it again. The server lives
// and answers, breaks no file, and goes on by itself; nothing it read is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s, senders, f := crowded(t)
	v := s.start()
	l, _, received := fillByLoad(t, v, senders, f)
	if status, _ := v.Get("/health"); status == 0 {
		t.Error("no answer of /health")
	}
	if there := survivorsOf(t, senders, v.rendered); there != received {
		t.Errorf("on a full disk %d points of %d are found", there, received)
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

// TestKillOnAFullDisk kills a server whose disk is full. The next one starts on
// the full disk and, once there is room, has what the first had before the disk
// was full.
func TestKillOnAFullDisk(t *testing.T) {
	t.Parallel()
	s, senders, f := crowded(t)
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
	next := nextFleet(senders)
	for _, x := range next {
		x.last = x.first + 6000
	}
	sendAll(t, v, next)
	v.stop()
	wantAll(t, next, s.stored)
	if now := survivorsOf(t, senders, s.stored); now != there {
		t.Errorf("%d points survived, %d are in the files", there, now)
	}
	s.wantWholeFiles()
}

// TestStopOnAFullDisk stops a server whose disk is full. It ends in time, and
// the next one has all that this one took: the log keeps room for the end.
func TestStopOnAFullDisk(t *testing.T) {
	t.Parallel()
	s, senders, f := crowded(t)
	v := s.start()
	l, _, received := fillByLoad(t, v, senders, f)
	v.terminate()
	select {
	case <-v.Ended():
	case <-time.After(launch.Patience):
		t.Fatal("the server does not end")
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
		t.Errorf("%d points survived, %d are in the files", there, now)
	}
	s.wantWholeFiles()
}
