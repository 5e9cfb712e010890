package whisper

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/storage"
)

func TestRename(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	for i, name := range []string{"a.b.c", "a.x", "m;k=v", "n;k=v"} {
		write(t, s, name, float64(i))
	}
	for _, names := range [][2]string{{"a.b.c", "d.e"}, {"a.x", "a.y;k=v"}, {"m;k=v", "f"}, {"n;k=v", "n;k=w"}} {
		if err := s.Rename(t.Context(), names[0], names[1]); err != nil {
			t.Error(err)
		}
	}
	write(t, s, "a.x", 9) // a new metric; the file that was open has been renamed
	wantFiles(t, filepath.Join(dir, "whisper", "a"), "x.wsp")
	for range 2 {
		wantMissing(t, s, "a.b.c", "m;k=v", "n;k=v")
		wantLeaves(t, s, "**", "a.x", "d.e", "f")
		for name, value := range map[string]float64{"d.e": 0, "a.y;k=v": 1, "f": 2, "n;k=w": 3, "a.x": 9} {
			wantValue(t, s, name, value)
		}
		names, err := s.FindTagged(t.Context(), []string{"k=~."})
		if err != nil || !slices.Equal(names, []string{"a.y;k=v", "n;k=w"}) {
			t.Errorf("FindTagged: %q, %v", names, err)
		}
		s.Close()
		s = openStore(t, dir, Options{})
	}
}

func TestRenameErrors(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	for _, name := range []string{"a", "b", "c.d", "e.f", "m;k=v"} {
		write(t, s, name, 1)
	}
	s.Announce("waiting")
	s.Announce("c.waiting")
	f := func(rename func(from, to string) error, from, to string, want error) {
		t.Helper()
		if err := rename(from, to); err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), from) {
			t.Errorf("rename %s to %s: %v, want %v", from, to, err, want)
		}
	}
	metrics := func(from, to string) error { return s.Rename(t.Context(), from, to) }
	f(metrics, "a", "b", fs.ErrExist)
	f(metrics, "a", "a", fs.ErrExist)
	f(metrics, "a", "m;k=v", fs.ErrExist)
	f(metrics, "a", "waiting", fs.ErrExist)
	f(metrics, "waiting", "g", storage.ErrNotFound)
	f(metrics, "c", "g", storage.ErrNotFound)
	f(metrics, "a", "", nil)
	f(metrics, "a", "g..h", nil)
	f(metrics, "a/b", "g", nil)
	branches := func(from, to string) error { return s.RenameBranch(t.Context(), from, to) }
	f(branches, "c", "e", fs.ErrExist)
	f(branches, "c", "c", fs.ErrExist)
	f(branches, "c", "c.d.e", fs.ErrExist)
	f(branches, "a", "g", storage.ErrNotFound)
	f(branches, "c", "m;k=v", nil)
	f(branches, "c", strings.Repeat("n.", metric.MaxNodes-1)+"n", nil) // metrics below it would have too many nodes
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f(func(from, to string) error { return s.Rename(ctx, from, to) }, "a", "g", context.Canceled)
	wantFiles(t, filepath.Join(dir, "whisper"), append([]string{"_tagged"}, parts(PathOf("m;k=v"), "a.wsp", "b.wsp", "c", "c/d.wsp", "e", "e/f.wsp")...)...)
	wantLeaves(t, s, "**", "a", "b", "c.d", "c.waiting", "e.f", "waiting")
	wantValue(t, s, "c.d", 1)
}

func TestRenameBranch(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	names := []string{"a.b", "a.b.c", "a.b.d.e", "a.b.d.f.g", "x"}
	for i, name := range names {
		write(t, s, name, float64(i))
	}
	s.Announce("a.b.waiting")
	if err := os.MkdirAll(filepath.Join(dir, "whisper", "n", "m", "l"), 0o755); err != nil { // an empty branch
		t.Fatal(err)
	}
	if err := s.RenameBranch(t.Context(), "a.b", "n.m.l"); err != nil {
		t.Fatal(err)
	}
	wantLeaves(t, s, "**", "a.b", "a.b.waiting", "n.m.l.c", "n.m.l.d.e", "n.m.l.d.f.g", "x")
	for i, name := range []string{"a.b", "n.m.l.c", "n.m.l.d.e", "n.m.l.d.f.g", "x"} {
		wantValue(t, s, name, float64(i))
	}
	write(t, s, "a.b.c", 7)
	wantValue(t, s, "n.m.l.c", 1)
	wantValue(t, s, "a.b.c", 7)

	// After a rename, Sync still reaches directories behind a symbolic link.
	elsewhere := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "whisper", "a", "linked")); err != nil {
		t.Fatal(err)
	}
	if err := s.Rescan(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, s, "a.linked.x", 8)
	if err := s.RenameBranch(t.Context(), "a", "z"); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "z.linked.x", 8)
	if err := s.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.RenameBranch(t.Context(), "z.linked", "y"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("RenameBranch of a symbolic link: %v, want ENOTDIR", err)
	}
}

// TestPowerCutDuringRename cuts the power before each operation of a Rename. The points must
// have one of the names, and the new one if Rename returned nil.
func TestPowerCutDuringRename(t *testing.T) {
	for _, names := range [][2]string{{"a.b.c", "d.e.f"}, {"a.b.c", "d.e;k=v"}, {"m;k=v", "d.e.f"}, {"m;k=v", "m;k=w"}} {
		for n, done := 0, false; !done; n++ {
			s, d := openFaultyStore(t, Options{})
			write(t, s, names[0], 1)
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
			err := s.Rename(t.Context(), names[0], names[1])
			done = left >= 0
			d.SetHook(nil)
			if done {
				d.PowerCut()
			}
			s = openStore(t, "/data", Options{FS: d.Mount()})
			series, fetchErr := s.Fetch(t.Context(), storage.Query{Names: names[:], Window: metric.Window{From: testNow - 60, Until: testNow}, Now: testNow})
			if fetchErr != nil || len(series) != 1 || series[0].Values[0] != 1 || err == nil && series[0].Name != names[1] {
				t.Errorf("rename %s to %s, cut at operation %d: %v; then %v, %v", names[0], names[1], n, err, series, fetchErr)
				continue
			}
			if nodes, err := s.Find(t.Context(), series[0].Name, metric.Window{}); err != nil || len(nodes) != 1 {
				t.Errorf("rename %s to %s, cut at operation %d: %s is not found: %v, %v", names[0], names[1], n, series[0].Name, nodes, err)
			}
		}
	}
}

// TestFaultsDuringRename makes each operation of a RenameBranch fail once. All metrics must
// remain, and a second RenameBranch must succeed.
func TestFaultsDuringRename(t *testing.T) {
	for n, done := 0, false; !done; n++ {
		s, d := openFaultyStore(t, Options{})
		write(t, s, "a.b.c", 1)
		write(t, s, "a.b.d", 2)
		left := n
		d.SetHook(func(disktest.Op) error {
			if left--; left == -1 {
				return syscall.EIO
			}
			return nil
		})
		err := s.RenameBranch(t.Context(), "a.b", "x.y.z")
		done = left >= 0
		d.SetHook(nil)
		now := "a.b"
		if exists, _ := s.fileExists("/data/whisper/x/y/z/c.wsp"); exists {
			now = "x.y.z"
		}
		if err == nil && now != "x.y.z" {
			t.Errorf("operation %d fails: RenameBranch returned nil but renamed nothing", n)
		}
		wantLeaves(t, s, "**", now+".c", now+".d")
		wantValue(t, s, now+".c", 1)
		wantValue(t, s, now+".d", 2)
		if now == "a.b" {
			if err := s.RenameBranch(t.Context(), "a.b", "x.y.z"); err != nil {
				t.Errorf("operation %d failed; second RenameBranch: %v", n, err)
			}
			wantLeaves(t, s, "**", "x.y.z.c", "x.y.z.d")
		}
	}
}
