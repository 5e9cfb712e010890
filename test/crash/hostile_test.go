//go:build linux

package crash

import (
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHostileSenders runs misbehaving clients beside good ones. Every point of the
// good ones arrives, and the bad ones create no files.
func TestHostileSenders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.start()
	good := newSenders(2, 20)
	for _, x := range good {
		x.last = 20_000
	}
	l := begin(t, v, good)

	now := time.Now().Unix()
	bad := []string{
		strings.Repeat("d.", 2000) + "e 1 " + fmt.Sprint(now),
		fmt.Sprintf("bad.utf8\xff\xfe 1 %d", now),
		fmt.Sprintf("nul\x00byte 1 %d", now),
		fmt.Sprintf("control\x07byte 1 %d", now),
		fmt.Sprintf("../../../../outside 1 %d", now),
		fmt.Sprintf("/outside 1 %d", now),
		fmt.Sprintf("a/../../outside 1 %d", now),
		fmt.Sprintf("%s 1 %d", strings.Repeat("n", 300), now),
		fmt.Sprintf("no.number nan %d", now),
		fmt.Sprintf("no.value abc %d", now),
		fmt.Sprintf("milli.seconds 1 %d123", now),
		"no.time 1 nan", "negative.time 1 -100", "endless.time 1 inf",
		"", " ", "one", "one two", "one 2 3 4", "\x80\x02]q\x00(X\x01\x00\x00\x00a",
	}
	var text strings.Builder
	for i, line := range bad {
		fmt.Fprintf(&text, "%s\nbeside.g%02d %d %d\n", line, i, i, now)
	}
	fmt.Fprintf(&text, "endless.value inf %d\n", now)
	sendText(t, v, text.String())

	half := dial(t, v) // half a line, then silence
	write(t, half, fmt.Sprintf("half.before 1 %d\nhalf.li", now))
	slow := dial(t, v)
	for _, c := range []byte(fmt.Sprintf("slow.sender 1 %d\n", now)) {
		write(t, slow, string(c))
	}
	flood(t, v, now)

	l.finish(t)
	v.accepts(l.sent() + int64(len(bad)) + 5) // endless.value, half.before, slow.sender, before.flood, behind.flood
	wantAll(t, good, v.rendered)
	figures := v.Counters()
	for _, reason := range []string{"timestamp out of range", "invalid utf-8", "not three fields", "line too long", "timestamp in milliseconds"} {
		if figures[fmt.Sprintf("carbon_lines_bad_total{reason=%q}", reason)] < 1 {
			t.Errorf("%q is not counted", reason)
		}
	}
	if !strings.Contains(v.Log.String(), "timestamp in milliseconds") {
		t.Error("the log has no hint for timestamps in milliseconds")
	}
	v.stop()
	files := s.wantWholeFiles()
	if want := 2*20 + len(bad) + 5; files != want {
		t.Errorf("%d files, want %d", files, want)
	}
	for _, name := range []string{"outside", "outside.wsp"} {
		for _, dir := range []string{s.Data, s.Dir, filepath.Dir(s.Dir)} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				t.Errorf("%s was created in %s", name, dir)
			}
		}
	}
	if n := s.directories(); n > 12 {
		t.Errorf("%d directories", n)
	}
	l.close()
}

// flood sends 10 MB without a newline. The server closes the connection.
func flood(t *testing.T, v *server, now int64) {
	t.Helper()
	conn := dial(t, v)
	write(t, conn, fmt.Sprintf("before.flood 1 %d\n", now))
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 10 {
		write(t, conn, string(chunk))
	}
	write(t, conn, fmt.Sprintf("\nbehind.flood 1 %d\n", now))
}

func dial(t *testing.T, v *server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", v.Line())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// directories counts the directories of the whisper tree, without those of tagged
// series, whose number depends on hashes.
func (s *site) directories() (n int) {
	s.t.Helper()
	err := filepath.WalkDir(s.path("whisper"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			if d.Name() == "_tagged" {
				return fs.SkipDir
			}
			n++
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
