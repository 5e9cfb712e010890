package whisper

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/storage"
)

// TestSyncDuringWrite tests that after a Sync that runs during a Write, the next Sync still
// syncs the point.
func TestSyncDuringWrite(t *testing.T) {
	s, d := openFaultyStore(t, Options{})
	write(t, s, "a", 1)
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	synced := false
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "write" && !synced {
			synced = true
			if err := s.Sync(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	write(t, s, "a", 2)
	d.SetHook(nil)
	if err := s.Sync(t.Context()); err != nil || !synced {
		t.Fatal(err, synced)
	}
	d.PowerCut()
	s = openStore(t, "/data", Options{FS: d.Mount()})
	wantValue(t, s, "a", 2)
}

// TestSyncDuringDelete tests that after a Sync that runs during a Delete, the next Sync still
// makes the deletion durable.
func TestSyncDuringDelete(t *testing.T) {
	s, d := openFaultyStore(t, Options{})
	write(t, s, "a", 1)
	write(t, s, "b", 1)
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	synced := false
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "remove" && !synced {
			synced = true
			if err := s.Sync(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	remove(t, s, 1, "a")
	d.SetHook(nil)
	if err := s.Sync(t.Context()); err != nil || !synced {
		t.Fatal(err, synced)
	}
	d.PowerCut()
	s = openStore(t, "/data", Options{FS: d.Mount()})
	wantMissing(t, s, "a")
}

// TestCreatesAfterClockGoesBack tests that the limit on creates recovers when the clock is set
// back.
func TestCreatesAfterClockGoesBack(t *testing.T) {
	now := time.Unix(testNow, 0)
	s, _ := openFaultyStore(t, Options{MaxCreatesPerMinute: 2, Now: func() time.Time { return now }})
	write(t, s, "a", 1)
	write(t, s, "b", 1)
	now = now.Add(-24 * time.Hour)
	_, _ = s.Write(t.Context(), oneUpdate("c", 1))
	now = now.Add(2 * time.Minute)
	_, err := s.Write(t.Context(), oneUpdate("c", 1))
	if err != nil {
		t.Errorf("two minutes after the clock went back a day: %v", err)
	}
}

// TestOtherProgramWritesFirstPoint tests that a store keeps the first point of an archive
// that another program (carbon whisper update) has written.
func TestOtherProgramWritesFirstPoint(t *testing.T) {
	layout := metric.Layout{Archives: []metric.Archive{{Step: 60, Points: 60}, {Step: 300, Points: 60}}, Aggregation: "average", XFilesFactor: 0.5}
	now := int64(testNow)
	s, d := openFaultyStore(t, Options{Layout: always(layout), Now: func() time.Time { return time.Unix(now, 0) }})
	put := func(s *Store, at int64, v float64) {
		t.Helper()
		if n, err := s.Write(t.Context(), []storage.Update{{Name: "a", Points: []metric.Point{{Time: at, Value: v}}}}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	put(s, now, 1) // the coarse archive stays empty, and s caches that
	other := openStore(t, "/data", Options{FS: d.Mount(), Layout: always(layout), Now: func() time.Time { return time.Unix(now, 0) }})
	old := now - 2*3600
	old -= old % 300
	put(other, old, 7) // too old for the fine archive
	put(s, old+600, 8)
	got, err := s.Fetch(t.Context(), storage.Query{Names: []string{"a"}, Window: metric.Window{From: old - 300, Until: old + 600}, Now: now})
	if err != nil || len(got) != 1 || !equalValues(got[0].Values, []float64{7, got[0].Values[1], 8}) {
		t.Errorf("%v %v", got, err)
	}
}

// TestSaveIndexAfterReplacement tests that SaveIndex saves an index that has changed but has
// the same length.
func TestSaveIndexAfterReplacement(t *testing.T) {
	s, d := openFaultyStore(t, Options{Snapshot: "/data/index"})
	write(t, s, "a", 1)
	write(t, s, "b", 1)
	if err := s.SaveIndex(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.fs.Rename("/data/whisper/a.wsp", "/data/whisper/c.wsp")); err != nil {
		t.Fatal(err)
	}
	if err := s.Rescan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveIndex(); err != nil {
		t.Fatal(err)
	}
	failOps(d, syscall.EIO, "readdir")
	again := openStore(t, "/data", Options{Snapshot: "/data/index", FS: s.fs})
	wantLeaves(t, again, "**", "b", "c")
}

func TestSyncWritesNewFile(t *testing.T) {
	s, d := openFaultyStore(t, Options{SyncWrites: true})
	write(t, s, "first", 1)
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, s, "a.b", 1)
	d.PowerCut()
	s = openStore(t, "/data", Options{FS: d.Mount()})
	wantValue(t, s, "a.b", 1)
}

// TestRescanKeepsTaggedNames tests a Rescan after a start from a snapshot.
func TestRescanKeepsTaggedNames(t *testing.T) {
	s, _ := openFaultyStore(t, Options{Snapshot: "/data/index"})
	write(t, s, "m;k=v", 1)
	write(t, s, "p", 1)
	if err := errors.Join(s.SaveIndex(), s.Sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	again := openStore(t, "/data", Options{Snapshot: "/data/index", FS: s.fs})
	if err := again.Rescan(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLeaves(t, again, "m;k=v", "m;k=v")
	wantLeaves(t, again, "**", "p")
}

func TestGarbageFilesOnRealDisk(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	for name, content := range map[string]string{"zero": "", "short": "\x00\x00\x00\x01", "garbage": "garbage garbage garbage garbage garbage garbage"} {
		if err := os.WriteFile(dir+"/whisper/"+name+".wsp", []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		write(t, s, name, 3)
		wantValue(t, s, name, 3)
	}
	if err := os.Mkdir(dir+"/whisper/d.wsp", 0o755); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Write(t.Context(), oneUpdate("d", 1)); n != 0 || !errors.Is(err, syscall.EISDIR) {
		t.Error(n, err)
	}
	if n := s.Stats().CorruptFiles; n != 3 {
		t.Error(n)
	}
}

// TestSyncAfterLinkRemoved tests that Sync succeeds after another program has removed a
// symbolic link. Otherwise no segment of the write-ahead log could be removed.
func TestSyncAfterLinkRemoved(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := errors.Join(os.MkdirAll(dir+"/whisper", 0o755), os.Symlink(elsewhere, dir+"/whisper/linked")); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir, Options{})
	write(t, s, "linked.a", 1)
	if err := os.Remove(dir + "/whisper/linked"); err != nil {
		t.Fatal(err)
	}
	write(t, s, "b", 1)
	if err := s.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(s.Rescan(t.Context()), s.Sync(t.Context())); err != nil {
		t.Errorf("after a Rescan: %v", err)
	}
}
