package wal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"carbon/disk"
	"carbon/disk/disktest"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, fs disk.FS, o Options) *Log {
	t.Helper()
	o.FS, o.Dir, o.SegmentSize = fs, "/log", cmp.Or(o.SegmentSize, DefaultSegmentSize)
	l, err := Open(o)
	check(t, err)
	return l
}

// add appends records.
func add(t testing.TB, l *Log, now int64, records ...string) (at int64) {
	t.Helper()
	for _, r := range records {
		var err error
		at, err = l.Append(now, func(_ uint64, b []byte) []byte { return append(b, r...) })
		check(t, err)
	}
	return at
}

// replayed returns the records of earlier runs.
func replayed(t testing.TB, l *Log) ([]string, ReplayStats) {
	t.Helper()
	var records []string
	stats, err := l.Replay(context.Background(), func(_ int64, _ uint64, payload []byte) error {
		records = append(records, string(payload))
		return nil
	})
	check(t, err)
	if int(stats.Records) != len(records) {
		t.Errorf("%d records counted, %d came", stats.Records, len(records))
	}
	return records, stats
}

// kept returns the records that the next run replays.
func kept(t testing.TB, d *disktest.Disk) []string {
	t.Helper()
	records, stats := replayed(t, open(t, d.Mount(), Options{}))
	if stats.Damaged+stats.Torn > 0 {
		t.Errorf("damaged: %v", stats.Damage)
	}
	return records
}

func want(t testing.TB, got []string, want ...string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("%d, want %d; first to differ: %d, %.60q, want %.60q", len(got), len(want), i, got[min(i, len(got)):], want[min(i, len(want)):])
			return
		}
	}
}

// names returns the files in the directory of the log.
func names(t testing.TB, fs disk.FS) (names []string) {
	t.Helper()
	entries, err := fs.ReadDir("/log")
	check(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestRuns(t *testing.T) {
	d := disktest.New(disktest.Options{})
	for run := range 3 {
		l := open(t, d.Mount(), Options{FlushInterval: time.Hour})
		add(t, l, 1, fmt.Sprint("a", run), "", fmt.Sprint("b", run))
		check(t, l.Close())
		check(t, l.Close())
		if _, err := l.Append(1, nil); err != ErrClosed {
			t.Errorf("append to a closed log: %v", err)
		}
		if err := errors.Join(l.Flush(), l.Sync(), l.Remove(1)); !errors.Is(err, ErrClosed) {
			t.Errorf("closed log: %v", err)
		}
	}
	want(t, kept(t, d), "a0", "b0", "a1", "b1", "a2", "b2")
}

func TestEmpty(t *testing.T) {
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{})
	check(t, l.Flush())
	check(t, l.Sync())
	check(t, l.Remove(1<<60))
	check(t, l.Close())
	want(t, names(t, d.Mount()))
	want(t, kept(t, d))
}

// TestStamps checks that stamps never decrease, whatever the clock does, and that no
// two segments share one.
func TestStamps(t *testing.T) {
	d := disktest.New(disktest.Options{})
	var all []int64
	for _, now := range []int64{1000, 500, 1000, 0} {
		l := open(t, d.Mount(), Options{SegmentSize: 200})
		for range 6 {
			all = append(all, add(t, l, now, strings.Repeat("x", 50)))
			now -= 7
		}
		if got := l.Stamp(now); got <= all[len(all)-1] {
			t.Errorf("stamp %d after %d", got, all[len(all)-1])
		} else if next := add(t, l, now-9, "y"); next < got {
			t.Errorf("stamp %d after %d was told", next, got)
		} else {
			all = append(all, next)
		}
		check(t, l.Close())
	}
	if !slices.IsSorted(all) {
		t.Errorf("stamps go back: %v", all)
	}
	last := make(map[uint64]int64)
	l := open(t, d.Mount(), Options{SegmentSize: 200})
	i, segment := 0, uint64(0)
	_, err := l.Replay(t.Context(), func(at int64, s uint64, _ []byte) error {
		if at > all[i] || s != segment && i > 0 && at <= all[i-1] {
			t.Errorf("record %d of segment %d was stamped %d, is %d; before %d", i, s, all[i], at, all[max(i, 1)-1])
		}
		last[s] = at
		i, segment = i+1, s
		return nil
	})
	check(t, err)
	if len(last) < 8 || i != len(all) {
		t.Errorf("%d segments, %d records of %d", len(last), i, len(all))
	}
	if at := add(t, l, 0, "z"); at <= all[len(all)-1] {
		t.Errorf("the next run stamps %d after %d", at, all[len(all)-1])
	}
}

// TestGroupCommit checks that records are written when there are many, when one has
// waited, after a pause, and by Flush.
func TestGroupCommit(t *testing.T) {
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{FlushInterval: 100})
	writes := func(want int64) {
		t.Helper()
		if got := d.Counts().Calls["write"]; got != want || l.Stats().Writes != want {
			t.Errorf("%d writes, %d counted, want %d", got, l.Stats().Writes, want)
		}
	}
	dirty := func(want bool) {
		t.Helper()
		select {
		case <-l.Dirty():
			if !want {
				t.Error("dirty")
			}
		default:
			if want {
				t.Error("not dirty")
			}
		}
	}
	dirty(false)
	add(t, l, 1000, "a") // after a pause there is nothing to gather
	dirty(false)
	writes(1)
	add(t, l, 1020, "b")
	dirty(true)
	add(t, l, 1069, "c")
	dirty(false)
	writes(1)
	add(t, l, 1070, "d")
	writes(2)
	add(t, l, 1080, "e")
	dirty(true)
	check(t, l.Flush())
	check(t, l.Flush())
	writes(3)
	add(t, l, 1080, "f")
	add(t, l, 1079, "g") // hands that came late
	writes(3)
	add(t, l, 900, "h") // the clock was set back
	writes(4)
	for range 7 {
		add(t, l, 900, strings.Repeat("x", 10_000))
	}
	writes(5)
	l.Close()

	l = open(t, d.Mount(), Options{})
	before := l.Stats().Writes
	add(t, l, 1, "at once")
	if got := l.Stats().Writes - before; got != 1 {
		t.Errorf("%d writes without an interval", got)
	}
}

// TestSync checks that an idle log does nothing, and that one sync serves all
// concurrent callers.
func TestSync(t *testing.T) {
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{MaxSize: 8 * 500, FlushInterval: time.Hour})
	for range 10 {
		add(t, l, 1, strings.Repeat("x", 100))
	}
	check(t, l.Sync())
	calls := d.Counts().Calls
	if calls["sync"] < 2 {
		t.Errorf("syncs of many segments: %d", calls["sync"])
	}
	check(t, l.Sync())
	if again := d.Counts().Calls; again["sync"] != calls["sync"] || again["syncdir"] != calls["syncdir"] {
		t.Errorf("syncing again: %v after %v", again, calls)
	}

	add(t, l, 1, "a")
	waiting, release := make(chan bool), make(chan bool)
	var once sync.Once
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "sync" {
			once.Do(func() { waiting <- true; <-release })
		}
		return nil
	})
	try := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	all.Go(func() { try(l.Sync()) })
	<-waiting
	add(t, l, 1, "b", "c") // goes on meanwhile
	started := make(chan bool)
	for range 10 {
		all.Go(func() { started <- true; try(l.Sync()) })
	}
	for range 10 {
		<-started
	}
	close(release)
	all.Wait()
	if got := d.Counts().Calls["sync"] - calls["sync"]; got > 4 {
		t.Errorf("%d syncs for eleven who asked", got)
	}
	d.PowerCut()
	if got := kept(t, d); len(got) != 13 {
		t.Errorf("%d records kept", len(got))
	}
}

func TestRemove(t *testing.T) {
	d := disktest.New(disktest.Options{})
	o := Options{MaxSize: 8 * 200}
	l := open(t, d.Mount(), o)
	for i := range int64(6) { // two in a segment
		add(t, l, 10*i, strings.Repeat(string(rune('a'+i)), 70))
	}
	segments := func(want ...string) {
		t.Helper()
		if got := names(t, d.Mount()); !slices.Equal(got, want) || l.Stats().Segments != len(want) {
			t.Errorf("segments %q, %d counted, want %q", got, l.Stats().Segments, want)
		}
	}
	one, two, three := "0000000001.wal", "0000000002.wal", "0000000003.wal"
	check(t, l.Remove(10))
	segments(one, two, three)
	check(t, l.Remove(11))
	segments(two, three)
	check(t, l.Remove(50))
	segments(three)
	check(t, l.Remove(51)) // also the one it writes to
	segments()
	if l.Size() != 0 {
		t.Errorf("%d bytes in no segment", l.Size())
	}
	check(t, l.Flush())
	check(t, l.Sync())
	add(t, l, 60, "x")
	segments("0000000004.wal")
	d.Kill()

	l = open(t, d.Mount(), o)
	add(t, l, 70, "y")
	check(t, l.Remove(1000)) // not before it was replayed
	segments("0000000004.wal", "0000000005.wal")
	records, _ := replayed(t, l)
	want(t, records, "x")
	check(t, l.Remove(60))
	segments("0000000004.wal", "0000000005.wal")
	check(t, l.Remove(61))
	segments("0000000005.wal")

	d.SetHook(func(op disktest.Op) error {
		if op.Name == "remove" {
			return syscall.EROFS
		}
		return nil
	})
	if err := l.Remove(1000); !errors.Is(err, syscall.EROFS) {
		t.Errorf("removing what cannot be: %v", err)
	}
	add(t, l, 80, "stays together")
	d.SetHook(nil)
	check(t, l.Remove(80))
	segments("0000000005.wal")
	check(t, l.Remove(81))
	segments()
	add(t, l, 80, "z")
	check(t, l.Close())
	want(t, kept(t, d), "z")
}

func TestFull(t *testing.T) {
	d := disktest.New(disktest.Options{})
	o := Options{MaxSize: 16_000, Reserve: DefaultReserve}
	l := open(t, d.Mount(), o)
	var at int64
	n := 0
	appendOne := func() error {
		var err error
		at, err = l.Append(at+1, func(_ uint64, b []byte) []byte { return append(b, make([]byte, 500)...) })
		return err
	}
	last := at
	for ; appendOne() == nil; n++ {
		last = at
	}
	at = last
	if size := l.Size(); size < o.MaxSize || size > o.MaxSize+600 || n < 25 {
		t.Errorf("full after %d records at %d bytes", n, size)
	}
	if err := appendOne(); err != ErrFull {
		t.Errorf("append to a full log: %v", err)
	}
	at = last
	check(t, l.Remove(at/2))
	check(t, appendOne())
	for at = last; appendOne() == nil; last = at {
	}
	l.ReleaseReserve()
	at = last
	for range 1000 / 500 {
		check(t, appendOne())
	}
	check(t, l.Close())
	if l := open(t, d.Mount(), o); l.Size() < o.MaxSize {
		t.Errorf("%d bytes found again", l.Size())
	} else if _, err := l.Append(1, nil); err != ErrFull {
		t.Errorf("append to a log that was full: %v", err)
	}
}

func TestTooLong(t *testing.T) {
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{FlushInterval: time.Hour})
	add(t, l, 1, "a")
	first := l.number
	long := make([]byte, MaxRecord+1)
	if _, err := l.Append(1, func(_ uint64, b []byte) []byte { return append(b, long...) }); err != ErrTooLong {
		t.Errorf("append: %v", err)
	}
	add(t, l, 1, "b", string(long[1:]))
	if l.number == first {
		t.Error("what encode told of the segment is relied upon")
	}
	check(t, l.Close())
	want(t, kept(t, d), "a", "b", string(long[1:]))
}

// TestReserve checks that the last records can be written to a full disk.
func TestReserve(t *testing.T) {
	d := disktest.New(disktest.Options{Capacity: 1 << 20})
	l := open(t, d.Mount(), Options{MaxSize: 4 << 20, FlushInterval: time.Hour, Reserve: DefaultReserve})
	if got := names(t, d.Mount()); !slices.Equal(got, []string{reserveName}) || d.Used() < 256<<10 {
		t.Fatalf("%q, %d bytes", got, d.Used())
	}
	record := strings.Repeat("x", 10_000)
	n := 0
	for {
		if _, err := l.Append(1, func(_ uint64, b []byte) []byte { return append(b, record...) }); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("full disk: %v", err)
			}
			break
		}
		n++
	}
	if err := l.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full disk: %v", err)
	}
	l.ReleaseReserve()
	for range 15 {
		add(t, l, 1, record)
		n++
	}
	check(t, l.Close())
	if got := kept(t, d); len(got) != n {
		t.Errorf("%d records kept of %d", len(got), n)
	}
}

// TestLastReserve checks that the buffer can be written although others have used the
// space that ReleaseReserve released.
func TestLastReserve(t *testing.T) {
	d := disktest.New(disktest.Options{Capacity: 1 << 20})
	fs := d.Mount()
	l := open(t, fs, Options{MaxSize: 4 << 20, FlushInterval: time.Hour, Reserve: DefaultReserve})
	fill := func() {
		t.Helper()
		f, err := fs.Open("/other", os.O_RDWR|os.O_CREATE)
		check(t, err)
		defer f.Close()
		info, err := f.Stat()
		check(t, err)
		for at := info.Size; ; at += disktest.BlockSize {
			if _, err := f.WriteAt(make([]byte, disktest.BlockSize), at); err != nil {
				return
			}
		}
	}
	add(t, l, 1, "a")
	check(t, l.Flush())
	fill()
	add(t, l, 1, strings.Repeat("b", 2*disktest.BlockSize))
	if err := l.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full disk: %v", err)
	}
	l.ReleaseReserve()
	fill()
	check(t, l.Sync())
	if _, err := l.Append(1, func(_ uint64, b []byte) []byte { return append(b, "c"...) }); err != ErrFull {
		t.Errorf("append without a reserve: %v", err)
	}
	check(t, l.Close())
	want(t, kept(t, d), "a", strings.Repeat("b", 2*disktest.BlockSize))
}

// TestNoReserve opens a log on a disk without room for the reserve.
func TestNoReserve(t *testing.T) {
	d := disktest.New(disktest.Options{Capacity: 100 << 10})
	l := open(t, d.Mount(), Options{Reserve: DefaultReserve})
	want(t, names(t, d.Mount()))
	add(t, l, 1, "a")
	l.ReleaseReserve()
	check(t, l.Close())
	want(t, kept(t, d), "a")
}

// TestRemovedDirectory checks that records are durable again after another program has
// removed the directory.
func TestRemovedDirectory(t *testing.T) {
	d := disktest.New(disktest.Options{})
	fs := d.Mount()
	l := open(t, fs, Options{})
	add(t, l, 1, "a")
	check(t, fs.Remove("/log/0000000001.wal"))
	check(t, fs.Remove("/log"))
	if err := l.Sync(); err == nil {
		t.Error("synced into nothing")
	}
	add(t, l, 1, "b")
	_ = l.Sync()
	add(t, l, 1, "c")
	check(t, l.Sync())
	d.PowerCut()
	if got, _ := replayed(t, open(t, d.Mount(), Options{})); len(got) == 0 || got[len(got)-1] != "c" {
		t.Errorf("kept: %q", got)
	}
}

func TestConcurrency(t *testing.T) {
	d := disktest.New(disktest.Options{})
	first := open(t, d.Mount(), Options{})
	add(t, first, 1, "old")
	check(t, first.Close())
	l := open(t, d.Mount(), Options{MaxSize: 400 << 10, FlushInterval: 100})
	const writers, each = 4, 500
	var all sync.WaitGroup
	try := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	var order []string
	for w := range writers {
		all.Go(func() {
			for i := range each {
				r := fmt.Sprintf("%d-%d-%s", w, i, strings.Repeat("x", 100))
				_, err := l.Append(int64(i), func(_ uint64, b []byte) []byte {
					order = append(order, r) // under the lock of the log
					return append(b, r...)
				})
				try(err)
				if i%50 == 0 {
					try(l.Sync())
				}
				if i%20 == 0 {
					try(l.Flush())
					l.Stats()
				}
			}
		})
	}
	all.Go(func() {
		_, err := l.Replay(t.Context(), func(_ int64, _ uint64, payload []byte) error {
			if string(payload) != "old" {
				t.Errorf("replayed %q", payload)
			}
			return nil
		})
		try(err)
	})
	all.Go(func() {
		for i := range int64(100) {
			try(l.Remove(min(i, 2)))
		}
	})
	all.Wait()
	l.ReleaseReserve()
	check(t, l.Close())
	got := kept(t, d)
	if len(got) > 0 && got[0] == "old" {
		got = got[1:]
	}
	if n := len(order) - len(got); n < 0 || n > 20 || !slices.Equal(got, order[n:]) {
		t.Errorf("%d records kept of %d", len(got), len(order))
	}
}

// TestRealDisk uses the file system of the operating system.
func TestRealDisk(t *testing.T) {
	o := Options{Dir: t.TempDir() + "/a/b", SegmentSize: 10_000, MaxSize: 80_000, Reserve: DefaultReserve, FlushInterval: 100}
	var all []string
	for run := range 3 {
		l, err := Open(o)
		check(t, err)
		records, _ := replayed(t, l)
		want(t, records, all...)
		for i := range 100 {
			all = append(all, fmt.Sprintf("%d-%d-%s", run, i, strings.Repeat("x", i)))
			add(t, l, int64(i), all[len(all)-1])
		}
		check(t, l.Sync())
		if run == 1 { // as a process that is killed leaves it, almost
			check(t, l.Flush())
			continue
		}
		check(t, l.Close())
	}
	if info, err := os.Stat(o.Dir + "/" + reserveName); err != nil || info.Size() != 5000 {
		t.Errorf("reserve: %v, %v", info, err)
	}
}
