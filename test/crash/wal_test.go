//go:build linux

package crash

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// segmentSize is the SEGMENT_SIZE of a killedSite.
const segmentSize = 131072

// killedSite is a site whose points are only in its log, in several segments.
func killedSite(t *testing.T) (*site, []*sender) {
	t.Helper()
	s := newSite(t, fmt.Sprint("wal.SEGMENT_SIZE=", segmentSize), "cache.WRITE_POINTS=1000000")
	v := s.start()
	senders := newSenders(4, 20)
	for _, x := range senders {
		x.last = 30_000
	}
	sendAll(t, v, senders)
	time.Sleep(2 * flushInterval)
	v.Kill()
	if n := len(s.segments()); n < 3 {
		t.Fatalf("%d segments", n)
	}
	return s, senders
}

// segments are the paths of the log's segments, in order.
func (s *site) segments() []string {
	s.t.Helper()
	entries, err := os.ReadDir(s.path("wal"))
	if err != nil {
		s.t.Fatal(err)
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".wal") {
			paths = append(paths, s.path("wal", e.Name()))
		}
	}
	return paths
}

// copy makes a site with the same data.
func (s *site) copy() *site {
	s.t.Helper()
	c := newSite(s.t, s.Settings...)
	if err := os.CopyFS(c.Data, os.DirFS(s.Data)); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// edit replaces the content of a file.
func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// missing starts a server and counts the points of senders that it does not have. Its
// answers and, after it stopped, its files must agree, and hold only what was sent.
func (s *site) missing(senders []*sender) (n int) {
	s.t.Helper()
	v := s.start()
	var expected []string
	for _, x := range senders {
		there := scan(s.t, x, v.rendered)
		for _, is := range there {
			if !is {
				n++
			}
		}
		for _, name := range x.names {
			expected = append(expected, wspPath(name))
		}
	}
	v.stop()
	stored := 0
	for _, x := range senders {
		for _, is := range scan(s.t, x, s.stored) {
			if !is {
				stored++
			}
		}
	}
	if stored != n {
		s.t.Errorf("missing points: %d in the answers, %d in the files", n, stored)
	}
	err := filepath.WalkDir(s.path("whisper"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if name, _ := filepath.Rel(s.path("whisper"), path); strings.HasSuffix(name, ".wsp") && !slices.Contains(expected, name) {
			s.t.Errorf("%s is the file of no metric that was sent", name)
		}
		return nil
	})
	if err != nil {
		s.t.Error(err)
	}
	return n
}

// TestDamagedLog flips single bytes of a log. The server starts, logs the damage, and
// has all points that the damage does not affect.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	original, senders := killedSite(t)
	for range rounds(3, 40) {
		s := original.copy()
		segments := s.segments()
		segment := segments[rand.N(len(segments))]
		where := 0
		edit(t, segment, func(b []byte) []byte {
			where = rand.N(len(b))
			b[where] ^= byte(1 + rand.N(255))
			return b
		})
		missing := s.missing(senders)
		if missing > 0 && !strings.Contains(s.last.Log.String(), "damage") {
			t.Errorf("%d points are missing, and the server did not log damage", missing)
		}
		// A record may define the numbers of series that the rest of its segment
		// uses. A point takes at least three bytes.
		if bound := segmentSize / 3; missing > bound {
			t.Errorf("byte %d of %s: %d points are missing", where, filepath.Base(segment), missing)
		}
	}
}

// TestTornLog truncates the last segment at random places: a prefix of every connection
// survives. Or it appends zeros and half records, as a crash may leave: all survives.
func TestTornLog(t *testing.T) {
	t.Parallel()
	original, senders := killedSite(t)
	f := func(whole bool, change func([]byte) []byte) {
		t.Helper()
		s := original.copy()
		segments := s.segments()
		edit(t, segments[len(segments)-1], change)
		v := s.start()
		for _, x := range senders {
			if n := survivors(t, x, v.rendered); whole && n < x.sent.Load() {
				t.Errorf("%s…: %d points of %d", x.names[0], n, x.sent.Load())
			}
		}
		v.stop()
		s.wantWholeFiles()
	}
	for range rounds(2, 30) {
		f(false, func(b []byte) []byte { return b[:rand.N(len(b))] })
	}
	f(true, func(b []byte) []byte { return append(b, make([]byte, 1+rand.N(5000))...) })
	f(true, func(b []byte) []byte { return append(b, "half a record"...) })
}

// TestStrayFilesInTheLog puts files into the log's directory that are not segments.
func TestStrayFilesInTheLog(t *testing.T) {
	t.Parallel()
	s, senders := killedSite(t)
	segments := s.segments()
	last := segments[len(segments)-1]
	for _, name := range []string{"README", "x.tmp", ".hidden", filepath.Base(last) + ".orig"} {
		if err := os.WriteFile(s.path("wal", name), []byte("not a segment"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.missing(senders); n > 0 {
		t.Errorf("%d points are missing", n)
	}
}

// TestLogMovedAway replaces the log's directory by a file under load, and then puts the
// directory back. The server waits meanwhile and then continues. Nothing is lost, not
// even by a kill.
func TestLogMovedAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, "wal.SEGMENT_SIZE=65536", "cache.WRITE_POINTS=1000000")
	v := s.start()
	senders := newSenders(4, 80)
	for _, x := range senders {
		x.last = 400_000 // more than can arrive before the directory is moved
	}
	l := begin(t, v, senders)
	v.until("accepted the first points", func() bool { return v.received() > 20_000 })
	if err := os.Rename(s.path("wal"), s.path("away")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("wal"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	v.until("failed to write its log", func() bool { return v.Counters()["carbon_wal_write_errors_total"] > 0 })
	if there, received := survivorsOf(t, senders, v.rendered), v.received(); there > received {
		t.Errorf("%d points in the answers, %d accepted", there, received)
	}
	if err := os.Remove(s.path("wal")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path("away"), s.path("wal")); err != nil {
		t.Fatal(err)
	}
	l.finish(t)
	v.accepts(l.sent())
	time.Sleep(flushInterval)
	v.Kill()
	l.close()
	v = s.start()
	wantAll(t, senders, v.rendered)
}

// TestLogDeleted deletes the log under the server. The server still stores the points
// from memory. Points sent after a restart survive a kill.
func TestLogDeleted(t *testing.T) {
	t.Parallel()
	s := newSite(t, "wal.SEGMENT_SIZE=65536")
	v := s.start()
	senders := shortSenders(4, 20, 1500)
	sendAll(t, v, senders)
	if err := os.RemoveAll(s.path("wal")); err != nil {
		t.Fatal(err)
	}
	later := continued(senders, 1500)
	sendAll(t, v, later)
	wantAll(t, append(later, senders...), v.rendered)
	v.stop()
	wantAll(t, append(later, senders...), s.stored)

	v = s.start()
	last := continued(later, 100)
	sendAll(t, v, last)
	time.Sleep(flushInterval)
	v.Kill()
	v = s.start()
	wantAll(t, last, v.rendered)
}

// TestLogOnASmallDisk puts the log on a disk smaller than MAX_SIZE. When the disk is
// full the server stores points at once, long before WRITE_DELAY, so that the senders
// wait only for that.
func TestLogOnASmallDisk(t *testing.T) {
	t.Parallel()
	s := newSite(t, "wal.SEGMENT_SIZE=262144")
	mount(t, s.path("wal"), "1m")
	v := s.start()
	senders := shortSenders(4, 1000, 200)
	l := begin(t, v, senders)
	l.finish(t)
	v.accepts(l.sent())
	wantAll(t, senders, v.rendered)
	time.Sleep(flushInterval)
	v.Kill()
	l.close()
	v = s.start()
	wantAll(t, senders, v.rendered)
	v.stop()
	wantAll(t, senders, s.stored)
}
