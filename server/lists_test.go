package server

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestLists changes a blacklist while the server runs.
func TestLists(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "blacklist.conf")
	if err := os.WriteFile(file, []byte("^bad\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, t.TempDir(), "cache.USE_WHITELIST=True", "cache.WHITELISTS_DIR="+dir)
	now := time.Now().Unix()
	count := func(name string) int {
		points, _ := s.m.cache.Points(name)
		return len(points)
	}
	until := func(ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("not in time")
			}
		}
	}
	conn := s.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "bad.a 1 %d\ngood.a 1 %d\n", now, now)
	until(func() bool { return count("good.a") == 1 })
	if count("bad.a") != 0 {
		t.Error("a name of the blacklist was taken")
	}
	if err := os.WriteFile(file, []byte("^good\n# longer\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	until(func() bool {
		fmt.Fprintf(conn, "bad.a 1 %d\n", now)
		return count("bad.a") > 0
	})
	fmt.Fprintf(conn, "good.b 1 %d\nlast 1 %d\n", now, now)
	until(func() bool { return count("last") == 1 })
	if count("good.b") != 0 {
		t.Error("the list was not read again")
	}
}
