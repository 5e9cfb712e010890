package whisper

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/storage"
)

// openFaultyStore opens a store on a simulated disk that can fail.
func openFaultyStore(t *testing.T, o Options) (*Store, *disktest.Disk) {
	t.Helper()
	d := disktest.New(disktest.Options{Rand: rand.New(rand.NewPCG(1, 1))})
	o.FS = d.Mount()
	return openStore(t, "/data", o), d
}

// failOps makes the named operations on files of the tree fail with err.
func failOps(d *disktest.Disk, err error, names ...string) {
	d.SetHook(func(op disktest.Op) error {
		for _, name := range names {
			if op.Name == name && strings.Contains(op.Path+"/", "/whisper/") {
				return err
			}
		}
		return nil
	})
}

// TestSystemCallsPerUpdate limits the number of system calls of an update.
func TestSystemCallsPerUpdate(t *testing.T) {
	now := int64(testNow)
	layout := metric.Layout{Archives: []metric.Archive{{Step: 60, Points: 1440}, {Step: 300, Points: 2016}}, Aggregation: "average", XFilesFactor: 0.5}
	s, d := openFaultyStore(t, Options{Layout: always(layout), Now: func() time.Time { return time.Unix(now, 0) }})
	update := func(points int64) (calls int64) {
		t.Helper()
		now += 60 * points
		u := storage.Update{Name: "a.b"}
		for i := range points {
			u.Points = append(u.Points, metric.Point{Time: now - 60*(points-1-i), Value: 1})
		}
		before := d.Counts()
		if n, err := s.Write(t.Context(), []storage.Update{u}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		after := d.Counts()
		for name, n := range after.Calls {
			calls += n - before.Calls[name]
		}
		return calls
	}
	update(1)
	update(1) // the header is cached from now on
	exceeded := 0
	for range 12 {
		if calls := update(1); calls > 4 {
			exceeded++ // the ring of the fine archive ends within a coarse slot
		}
		if calls := update(10); calls > 8 {
			t.Errorf("an update of ten points takes %d calls", calls)
		}
	}
	if exceeded > 1 {
		t.Errorf("an update of one point takes more than 4 calls %d times", exceeded)
	}
	s.files.drop("a.b")
	if calls := update(1); calls > 8 {
		t.Errorf("an update of one point takes %d calls if the file is not open", calls)
	}
}

// TestFaultsLoseNothing makes each operation fail while a metric is created and while one
// is updated, and then writes the same points again.
func TestFaultsLoseNothing(t *testing.T) {
	for _, op := range []string{"open", "read", "write", "truncate", "rename", "mkdir", "fstat", "allocate", "close"} {
		for _, fault := range []error{syscall.EIO, syscall.ENOSPC, syscall.EROFS, &disktest.Short{Done: 3, Err: syscall.ENOSPC}} {
			s, d := openFaultyStore(t, Options{})
			write(t, s, "old.metric", 1)
			s.files.shrink()
			failOps(d, fault, op)
			stored := make(map[string]bool)
			for _, name := range []string{"old.metric", "new.metric", "old.metric"} {
				u := oneUpdate(name, 2)
				n, err := s.Write(t.Context(), u)
				if (n == 1) != (err == nil) {
					t.Errorf("%s fails with %v: Write = %d, %v", op, fault, n, err)
				}
				stored[name] = n == 1
			}
			d.SetHook(nil)
			for name, ok := range stored {
				if !ok {
					write(t, s, name, 2)
				}
				wantValue(t, s, name, 2)
			}
			if n := s.Stats().CorruptFiles; n != 0 {
				t.Errorf("%s fails with %v: %d corrupt files", op, fault, n)
			}
			entries, err := s.fs.ReadDir("/data/whisper/new")
			if err != nil || len(entries) != 1 {
				t.Errorf("%s fails with %v: directory has %v, %v", op, fault, entries, err)
			}
		}
	}
}

// TestFullDisk fills a disk with metrics, enlarges it, and writes the remaining metrics.
func TestFullDisk(t *testing.T) {
	d := disktest.New(disktest.Options{Rand: rand.New(rand.NewPCG(1, 1)), Capacity: 64 << 10})
	s := openStore(t, "/data", Options{FS: d.Mount()})
	var updates []storage.Update
	for i := range 100 {
		updates = append(updates, oneUpdate(fmt.Sprint("m", i), float64(i))...)
	}
	n, err := s.Write(t.Context(), updates)
	if n == 0 || n == len(updates) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Write = %d, %v", n, err)
	}
	for i := range n {
		wantValue(t, s, fmt.Sprint("m", i), float64(i))
	}
	d.SetCapacity(10 << 20)
	if m, err := s.Write(t.Context(), updates[n:]); m != len(updates)-n || err != nil {
		t.Fatalf("Write = %d, %v", m, err)
	}
	for i := range updates {
		wantValue(t, s, fmt.Sprint("m", i), float64(i))
	}
	if n := s.Stats().CorruptFiles; n != 0 {
		t.Errorf("%d corrupt files", n)
	}
}

// TestOtherProgramRemovesFile removes an open file and its directory.
func TestOtherProgramRemovesFile(t *testing.T) {
	s, _ := openFaultyStore(t, Options{})
	write(t, s, "a.b.c", 1)
	write(t, s, "a.d", 1)
	for _, path := range []string{"/data/whisper/a/b/c.wsp", "/data/whisper/a/b"} {
		if err := s.fs.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s, "a.b.c", 2)
	wantValue(t, s, "a.b.c", 2)
	wantValue(t, s, "a.d", 1)
}

// TestOtherProgramReplacesFile replaces and truncates open files.
func TestOtherProgramReplacesFile(t *testing.T) {
	s, _ := openFaultyStore(t, Options{})
	path := "/data/whisper/a/b.wsp"
	write(t, s, "a.b", 1)
	write(t, s, "c.d", 3)
	if err := s.fs.Rename("/data/whisper/c/d.wsp", path); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "a.b", 3)
	write(t, s, "a.b", 4)
	wantValue(t, s, "a.b", 4)

	// whisper-resize renames the old file to .bak.
	write(t, s, "e.f", 6)
	if err := errors.Join(s.fs.Rename(path, path+".bak"), s.fs.Rename("/data/whisper/e/f.wsp", path)); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "a.b", 6)
	write(t, s, "a.b", 7)
	s.files.drop("a.b")
	wantValue(t, s, "a.b", 7)
	write(t, s, "a.b", 8)
	for _, size := range []int64{s.files.get("a.b").size() - 1, 20, 0} {
		f, err := s.fs.Open(path, os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
			t.Fatal(err)
		}
		before := s.Stats().CorruptFiles
		write(t, s, "a.b", 5)
		wantValue(t, s, "a.b", 5)
		if n := s.Stats().CorruptFiles - before; n != 1 {
			t.Errorf("truncated to %d bytes: %d files set aside", size, n)
		}
	}
}

// TestFallocateNotSupported tests that files are then filled with zeros.
func TestFallocateNotSupported(t *testing.T) {
	s, d := openFaultyStore(t, Options{Allocation: Fallocate})
	failOps(d, syscall.EOPNOTSUPP, "allocate")
	before := d.Used()
	layout := metric.Layout{Archives: []metric.Archive{{Step: 60, Points: 100_000}}, Aggregation: "average"}
	s.o.Layout = always(layout)
	write(t, s, "a", 1)
	wantValue(t, s, "a", 1)
	if used := d.Used() - before; used < 1_200_000 {
		t.Errorf("%d bytes used", used)
	}
}

// TestDirectoryInPlaceOfFile tests that only the metric with that path fails.
func TestDirectoryInPlaceOfFile(t *testing.T) {
	s, _ := openFaultyStore(t, Options{})
	if err := s.fs.MkdirAll("/data/whisper/a.wsp"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Write(t.Context(), oneUpdate("a", 1)); n != 0 || err == nil {
		t.Errorf("Write = %d, %v", n, err)
	}
	write(t, s, "b", 2)
	wantValue(t, s, "b", 2)
}

// TestOutOfDescriptors tests that the store closes cached files when it cannot open more.
func TestOutOfDescriptors(t *testing.T) {
	s, d := openFaultyStore(t, Options{})
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "open" && s.files.open() >= 20 {
			return syscall.EMFILE
		}
		return nil
	})
	for i := range 200 {
		write(t, s, fmt.Sprint("m", i), float64(i))
	}
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprint("m", i))
	}
	series, err := s.Fetch(t.Context(), storage.Query{Names: names, Window: metric.Window{From: testNow - 60, Until: testNow}, Now: testNow})
	if err != nil || len(series) != 200 {
		t.Errorf("%d series, %v", len(series), err)
	}
}

// TestMaxCreatesPerMinute tests that creates beyond the rate are deferred, and that all
// metrics are created in the end.
func TestMaxCreatesPerMinute(t *testing.T) {
	now := time.Unix(testNow, 0)
	s, _ := openFaultyStore(t, Options{MaxCreatesPerMinute: 10, Now: func() time.Time { return now }})
	waiting := make(map[string]time.Time)
	for i := range 50 {
		waiting[fmt.Sprint("m", i)] = now
	}
	for range 300 {
		for name, until := range waiting {
			if now.Before(until) {
				continue
			}
			_, err := s.Write(t.Context(), oneUpdate(name, 1))
			var delay *storage.DelayError
			switch {
			case err == nil:
				delete(waiting, name)
			case errors.As(err, &delay) && delay.Until.After(now):
				waiting[name] = delay.Until
			default:
				t.Fatal(err)
			}
		}
		most := 10 + now.Sub(time.Unix(testNow, 0))/(6*time.Second)
		if n := s.Stats().Creates; n > int64(most) {
			t.Fatalf("%d files created after %v", n, now.Sub(time.Unix(testNow, 0)))
		}
		now = now.Add(time.Second)
	}
	if len(waiting) > 0 {
		t.Errorf("%d creates are still deferred after 5 minutes", len(waiting))
	}
	if n := s.Stats().Errors; n != 0 {
		t.Errorf("%d errors", n)
	}
	for i := range 20 {
		s.BeginShutdown()
		write(t, s, fmt.Sprint("shutdown", i), 1)
	}
}

// TestRescanFindsChangesOfOtherPrograms renames and removes files behind the store's back.
func TestRescanFindsChangesOfOtherPrograms(t *testing.T) {
	s, d := openFaultyStore(t, Options{Snapshot: "/data/index"})
	for _, name := range []string{"a.b", "a.c", "d"} {
		write(t, s, name, 1)
	}
	s.Announce("not.stored.yet")
	if err := s.SaveIndex(); err != nil {
		t.Fatal(err)
	}
	fs := s.fs
	if err := errors.Join(fs.Remove("/data/whisper/a/c.wsp"), fs.MkdirAll("/data/whisper/x"), fs.Rename("/data/whisper/d.wsp", "/data/whisper/x/y.wsp")); err != nil {
		t.Fatal(err)
	}
	if err := s.Rescan(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLeaves(t, s, "**", "a.b", "not.stored.yet", "x.y")

	// After a restart, the index is that of the snapshot until the Rescan.
	failOps(d, syscall.EIO, "readdir")
	again := openStore(t, "/data", Options{Snapshot: "/data/index", FS: fs})
	d.SetHook(nil)
	wantLeaves(t, again, "**", "a.b", "a.c", "d", "not.stored.yet")
	again.Announce("d")
	if err := again.Rescan(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLeaves(t, again, "**", "a.b", "d", "x.y")

	// If a directory cannot be read, the index keeps its metrics.
	failOps(d, syscall.EIO, "readdir")
	if err := again.Rescan(t.Context()); err == nil {
		t.Error("Rescan of an unreadable tree returned no error")
	}
	d.SetHook(nil)
	wantLeaves(t, again, "**", "a.b", "d", "x.y")
}
