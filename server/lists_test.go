package server

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestReloadBlacklist changes blacklist.conf while the server runs.
func TestReloadBlacklist(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "blacklist.conf")
	if err := os.WriteFile(file, []byte("^bad\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, t.TempDir(), "cache.USE_WHITELIST=True", "cache.WHITELISTS_DIR="+dir)
	now := time.Now().Unix()
	count := func(name string) int {
		points, _ := s.cache.Points(name)
		return len(points)
	}
	waitFor := func(ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("timeout")
			}
		}
	}
	conn := s.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "bad.a 1 %d\ngood.a 1 %d\n", now, now)
	waitFor(func() bool { return count("good.a") == 1 })
	if count("bad.a") != 0 {
		t.Error("the server accepted a name that the blacklist matches")
	}
	if err := os.WriteFile(file, []byte("^good\n# longer\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	waitFor(func() bool {
		fmt.Fprintf(conn, "bad.a 1 %d\n", now)
		return count("bad.a") > 0
	})
	fmt.Fprintf(conn, "good.b 1 %d\nlast 1 %d\n", now, now)
	waitFor(func() bool { return count("last") == 1 })
	if count("good.b") != 0 {
		t.Error("the server accepted a name that the new blacklist matches")
	}
}
