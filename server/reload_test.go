package server

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"carbon/config"
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

// TestReloadLogLevel changes [log] LEVEL in carbon.conf and reloads it.
func TestReloadLogLevel(t *testing.T) {
	path := write(t, "")
	load := func() (*config.Config, error) { return config.Load(config.Flags{Config: path}, nil) }
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	log, level := c.NewLogger(io.Discard)
	s := &Server{config: c, reload: load, log: log, level: level}
	if err := s.parseFiles(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("[log]\nLEVEL = debug\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.watcher.Reload()
	if level.Level() != slog.LevelDebug {
		t.Errorf("the level is %v", level.Level())
	}
}
