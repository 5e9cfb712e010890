package whisper

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"carbon/disk"
	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/storage"
)

func remove(t *testing.T, s *Store, want int, names ...string) {
	t.Helper()
	if n, err := s.Delete(t.Context(), names); n != want || err != nil {
		t.Errorf("Delete(%q) = %d, %v; want %d", names, n, err, want)
	}
}

// wantFiles checks the paths of all files and directories in a directory of the real disk.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if path != dir {
			got = append(got, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("in %s: %q, %v; want %q", dir, got, err, want)
	}
}

// wantNone checks that nothing is found under a name, nor read.
func wantMissing(t *testing.T, s *Store, names ...string) {
	t.Helper()
	for _, name := range names {
		wantLeaves(t, s, name)
		got, err := s.Fetch(t.Context(), storage.Query{Names: []string{name}, Window: metric.Window{From: testNow - 60, Until: testNow}, Now: testNow})
		if len(got) != 0 || err != nil {
			t.Errorf("Fetch(%s): %v, %v; want nothing", name, got, err)
		}
	}
}

func TestDelete(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	for _, name := range []string{"a", "a.b.c", "a.b.d.e", "x.y.z", "m;k=v", "n;k=v"} {
		write(t, s, name, 1)
	}
	s.Announce("p.q")
	remove(t, s, 0, "a.b", "nope", "a.b.c.d", "x..y.z", "../whisper/a", "", "nope;k=v")
	remove(t, s, 5, "a.b.d.e", "x.y.z", "a", "m;k=v", "p.q")
	wantFiles(t, filepath.Join(dir, "whisper"), append([]string{"_tagged"}, parts(PathOf("n;k=v"), "a", "a/b", "a/b/c.wsp")...)...)
	for range 2 {
		wantMissing(t, s, "a", "a.b.d.e", "x.y.z", "m;k=v", "p.q")
		wantLeaves(t, s, "**", "a.b.c")
		wantValue(t, s, "a.b.c", 1)
		wantValue(t, s, "n;k=v", 1)
		if names, err := s.FindTagged(t.Context(), []string{"k=v"}); err != nil || !slices.Equal(names, []string{"n;k=v"}) {
			t.Errorf("FindTagged: %q, %v", names, err)
		}
		s.Close()
		s = openStore(t, dir, Options{})
	}

	// Deleted metrics can be created again.
	for _, name := range []string{"a", "m;k=v"} {
		write(t, s, name, 2)
	}
	s = openStore(t, dir, Options{})
	wantValue(t, s, "a", 2)
	wantValue(t, s, "m;k=v", 2)
	wantLeaves(t, s, "m;k=v", "m;k=v")
}

// parts returns the parent directories of path, except the first, then path, then others.
func parts(path string, others ...string) (all []string) {
	for i := range path {
		if path[i] == '/' && strings.Contains(path[:i], "/") {
			all = append(all, path[:i])
		}
	}
	return append(append(all, path), others...)
}

// TestDeleteReadablePath deletes a tagged series whose file has carbon's readable path.
func TestDeleteReadablePath(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	write(t, s, "m;k=v", 1)
	tree := filepath.Join(dir, "whisper")
	if err := os.Rename(filepath.Join(tree, PathOf("m;k=v")), filepath.Join(tree, readablePathOf("m;k=v"))); err != nil {
		t.Fatal(err)
	}
	remove(t, s, 1, "m;k=v")
	wantFiles(t, tree)
	wantMissing(t, s, "m;k=v")
}

// TestDeleteKeepsLinks tests that a symbolic link to an empty directory is not removed.
func TestDeleteKeepsLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	tree := filepath.Join(dir, "whisper")
	if err := errors.Join(os.MkdirAll(tree, 0o755), os.Symlink(elsewhere, filepath.Join(tree, "linked"))); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir, Options{})
	write(t, s, "linked.a.b", 1)
	remove(t, s, 1, "linked.a.b")
	wantFiles(t, tree, "linked")
	wantFiles(t, elsewhere)
}

func TestFaultsDuringDelete(t *testing.T) {
	s, d := openFaultyStore(t, Options{})
	for _, name := range []string{"a.b", "c.d", "m;k=v"} {
		write(t, s, name, 1)
	}
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "remove" && strings.Contains(op.Path, "/c") {
			return syscall.EIO
		}
		return nil
	})
	if n, err := s.Delete(t.Context(), []string{"a.b", "c.d", "m;k=v"}); n != 1 || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "c.d") {
		t.Errorf("Delete = %d, %v", n, err)
	}
	wantMissing(t, s, "a.b")
	wantValue(t, s, "c.d", 1)
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "sync" {
			return syscall.EIO
		}
		return nil
	})
	if n, err := s.Delete(t.Context(), []string{"m;k=v"}); n != 1 || !errors.Is(err, syscall.EIO) {
		t.Errorf("Delete = %d, %v", n, err)
	}
	d.SetHook(nil)
	remove(t, s, 1, "m;k=v", "c.d") // also appends the removal that failed before
	if n, err := s.Delete(t.Context(), []string{"c.d"}); n != 0 || err != nil {
		t.Errorf("Delete = %d, %v", n, err)
	}
	s = openStore(t, "/data", Options{FS: d.Mount()})
	wantMissing(t, s, "a.b", "c.d", "m;k=v")
}

// TestDeleteDuringRescan tests that a Rescan does not add a metric again that was deleted
// after the Rescan had read its directory.
func TestDeleteDuringRescan(t *testing.T) {
	s, d := openFaultyStore(t, Options{})
	for i := range 20 { // before and after the directory m10, in any order
		write(t, s, fmt.Sprintf("m%02d", i), 1)
	}
	write(t, s, "m10.x", 1)
	deleted := false
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "readdir" && strings.HasSuffix(op.Path, "/m10") && !deleted {
			deleted = true
			for i := range 20 {
				remove(t, s, 1, fmt.Sprintf("m%02d", i))
			}
		}
		return nil
	})
	if err := s.Rescan(t.Context()); err != nil || !deleted {
		t.Fatal(err, deleted)
	}
	wantLeaves(t, s, "**", "m10.x")
}

// TestPowerCutDuringDelete cuts the power before each operation of a Delete of tagged series.
// If Delete returned nil, they must not be found after a restart.
func TestPowerCutDuringDelete(t *testing.T) {
	done := false
	for n := 0; !done; n++ {
		s, d := openFaultyStore(t, Options{})
		names := []string{"a;k=v", "b;k=v", "c;k=v"}
		for _, name := range names {
			write(t, s, name, 1)
		}
		if err := s.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		left := n
		d.SetHook(func(disktest.Op) error {
			if left--; left < 0 {
				return disktest.ErrPowerCut
			}
			return nil
		})
		_, err := s.Delete(t.Context(), names[:2])
		done = left >= 0
		d.SetHook(nil)
		if done {
			d.PowerCut()
		}
		s = openStore(t, "/data", Options{FS: d.Mount()})
		wantValue(t, s, "c;k=v", 1)
		if err == nil {
			wantLeaves(t, s, "a;k=v")
			wantLeaves(t, s, "b;k=v")
		}
		if _, err := s.Delete(t.Context(), names[:2]); err != nil {
			t.Error(err)
		}
		wantMissing(t, s, names[:2]...)
	}
}

func TestTaggedLogRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tagged.log")
	var log bytes.Buffer
	l, _ := readLog(t, path, &log)
	add := func(names ...string) {
		t.Helper()
		if err := l.add(names); err != nil {
			t.Fatal(err)
		}
	}
	add("a;k=v", "-a;k=v", "b;k=v", "c;k=v", "d;k=v")
	l.remove("a;k=v")
	l.remove("nope;k=v")
	l.remove("b;k=v")
	add("a;k=v")
	l.remove("c;k=v")
	if err := l.flush(); err != nil {
		t.Fatal(err)
	}
	const want = "a;k=v\n-a;k=v\nb;k=v\nc;k=v\nd;k=v\n- a;k=v\n- b;k=v\na;k=v\n- c;k=v\n"
	if got := string(readFile(t, path)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	l, names := readLog(t, path, &log)
	if slices.Sort(names); !slices.Equal(names, []string{"-a;k=v", "a;k=v", "d;k=v"}) || l.has(hash("b;k=v")) || !l.has(hash("a;k=v")) {
		t.Errorf("read again: %q", names)
	}
	// 6 of the 9 lines were obsolete, so readTaggedLog compacted the log.
	if got := string(readFile(t, path)); got != "a;k=v\n-a;k=v\nd;k=v\n" {
		t.Errorf("compacted: %q", got)
	}
	add("e;k=v")
	if got := string(readFile(t, path)); got != "a;k=v\n-a;k=v\nd;k=v\ne;k=v\n" {
		t.Errorf("appended after the compaction: %q", got)
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", &log)
	}
}

// TestFaultsDuringCompaction cuts the power or makes an operation fail before each operation
// of a compaction. The names must be the same afterwards.
func TestFaultsDuringCompaction(t *testing.T) {
	var content, want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&content, "m%d;k=v\n", i)
		if i%3 > 0 {
			fmt.Fprintf(&content, "- m%d;k=v\n", i)
		} else {
			fmt.Fprintf(&want, "m%d;k=v\n", i)
		}
	}
	for _, fault := range []error{disktest.ErrPowerCut, disktest.ErrKill, syscall.EIO, &disktest.Short{Done: 3, Err: syscall.ENOSPC}} {
		for n, done := 0, false; !done; n++ {
			d := disktest.New(disktest.Options{})
			writeDiskFile(t, d.Mount(), "/tagged.log", content.String()+"torn")
			left := n
			d.SetHook(func(disktest.Op) error {
				if left--; left < 0 && (left == -1 || fault != disktest.ErrPowerCut) {
					return fault
				}
				return nil
			})
			read := func() (names []string, err error) {
				known := make(map[string]bool)
				l, err := readTaggedLog(d.Mount(), "/tagged.log", slog.New(slog.DiscardHandler),
					func(name string) { known[name] = true }, func(name string) { delete(known, name) })
				if err != nil {
					return nil, err
				}
				for name := range known {
					names = append(names, name)
				}
				return names, errors.Join(l.add([]string{"new;k=v"}), l.close())
			}
			_, _ = read()
			done = left >= 0
			d.SetHook(nil)
			if done && fault == disktest.ErrPowerCut {
				d.PowerCut()
			}
			names, err := read()
			names = slices.DeleteFunc(names, func(name string) bool { return name == "new;k=v" })
			if err != nil || len(names) != strings.Count(want.String(), "\n") {
				t.Fatalf("%v at operation %d: %d names, %v", fault, n, len(names), err)
			}
			if got := readDiskFile(t, d.Mount(), "/tagged.log"); got != want.String()+"new;k=v\n" {
				t.Fatalf("%v at operation %d: the log has %d bytes, want %d", fault, n, len(got), want.Len()+8)
			}
		}
	}
}

func writeDiskFile(t *testing.T, fsys disk.FS, path, content string) {
	t.Helper()
	f, err := fsys.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(content), 0)
	if err := errors.Join(err, f.Sync(), f.Close(), fsys.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
}

func readDiskFile(t *testing.T, fsys disk.FS, path string) string {
	t.Helper()
	f, err := fsys.Open(path, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, math.MaxInt64))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
