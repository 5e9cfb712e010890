package disktest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"carbon/disk"
	"carbon/disk/disktest"
)

// session performs random operations on a file system and describes their results.
type session struct {
	rng   *rand.Rand
	fs    disk.FS
	root  string
	files [4]disk.File
}

func (s *session) step() string {
	path := func() string {
		name := s.root
		for range 1 + s.rng.IntN(3) {
			name += "/" + string(rune('a'+s.rng.IntN(3)))
		}
		return name
	}
	i := s.rng.IntN(len(s.files))
	f := s.files[i]
	at := s.rng.Int64N(30_000)
	size := 1 + s.rng.Int64N(30_000)
	switch op := s.rng.IntN(14); {
	case op == 0:
		return s.result("mkdir", s.fs.MkdirAll(path()))
	case op == 1:
		return s.result("rename", s.fs.Rename(path(), path()))
	case op == 2:
		return s.result("remove", s.fs.Remove(path()))
	case op == 3:
		entries, err := s.fs.ReadDir(path())
		var names []string
		for _, e := range entries {
			names = append(names, fmt.Sprint(e.Name(), e.IsDir()))
		}
		slices.Sort(names)
		return s.result("readdir", err, names)
	case op == 4:
		i, err := s.fs.Stat(path())
		if err != nil || i.IsDir() {
			return s.result("stat", err)
		}
		return s.result("stat", err, i.Name(), i.Size(), i.Mode())
	case op == 5:
		return s.result("syncdir", s.fs.SyncDir(path()))
	case op <= 7 || f == nil:
		if f != nil {
			if err := f.Close(); err != nil {
				return s.result("close", err)
			}
		}
		flag := []int{os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_CREATE, os.O_RDWR | os.O_CREATE | os.O_EXCL, os.O_RDWR | os.O_CREATE | os.O_TRUNC}[s.rng.IntN(5)]
		f, err := s.fs.Open(path(), flag)
		if err != nil {
			s.files[i] = nil
			return s.result("open", err)
		}
		s.files[i] = f
		return s.result("open", err, strings.TrimPrefix(f.Name(), s.root))
	case op == 8:
		b := make([]byte, s.rng.IntN(20_000))
		n, err := f.ReadAt(b, at)
		return s.result("read", err, n, b[:n])
	case op == 9:
		return s.result("truncate", f.Truncate(size))
	case op == 10:
		i, err := f.Stat()
		if !i.Regular {
			return s.result("fstat", err)
		}
		return s.result("fstat", err, i.Size, i.Links, i.Regular)
	case op == 11:
		return s.result("sync", f.Sync())
	case op == 12:
		i, _ := f.Stat()
		if !i.Regular {
			return "skipped"
		}
		return s.result("allocate", f.Allocate(size))
	default:
		b := make([]byte, s.rng.IntN(10_000))
		for i := range b {
			b[i] = byte(s.rng.Uint32())
		}
		n, err := f.WriteAt(b, at)
		return s.result("write", err, n)
	}
}

// result describes the result of an operation, without what differs between file
// systems: the root, and the name of the system call that failed.
func (s *session) result(op string, err error, results ...any) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		err = errno
	}
	return strings.ReplaceAll(fmt.Sprint(op, err, results), s.root, "")
}

func TestBehavesAsOS(t *testing.T) {
	for seed := range uint64(10) {
		simulated := &session{rng: rand.New(rand.NewPCG(seed, 0)), fs: disktest.New(disktest.Options{}).Mount(), root: "/root"}
		real := &session{rng: rand.New(rand.NewPCG(seed, 0)), fs: disk.OS{}, root: t.TempDir()}
		if err := simulated.fs.MkdirAll(simulated.root); err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			got, want := simulated.step(), real.step()
			if got != want {
				t.Fatalf("seed %d, step %d:\ngot %.300s\nthe operating system: %.300s", seed, i, got, want)
			}
		}
		for _, f := range real.files {
			if f != nil {
				f.Close()
			}
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, fs disk.FS, name string) disk.File {
	t.Helper()
	f, err := fs.Open(name, os.O_RDWR|os.O_CREATE)
	check(t, err)
	return f
}

func write(t *testing.T, f disk.File, s string, at int64) {
	t.Helper()
	_, err := f.WriteAt([]byte(s), at)
	check(t, err)
}

// content returns the content of a file, and "none" if the file does not exist.
func content(t *testing.T, fsys disk.FS, name string) string {
	t.Helper()
	f, err := fsys.Open(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return "none"
	}
	check(t, err)
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<30))
	check(t, err)
	return string(b)
}

func TestFull(t *testing.T) {
	const blocks = 10
	d := disktest.New(disktest.Options{Capacity: blocks * disktest.BlockSize})
	fs := d.Mount()
	used := func(want int64) {
		t.Helper()
		if got := d.Used(); got != want*disktest.BlockSize {
			t.Errorf("%d bytes used, want %d blocks", got, want)
		}
	}
	used(1)
	f := create(t, fs, "f")
	check(t, f.Truncate(1<<40)) // a hole uses no space
	used(2)
	n, err := f.WriteAt(make([]byte, 20*disktest.BlockSize), 100)
	if want := 8*disktest.BlockSize - 100; n != want || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d bytes written, %v; want %d", n, err, want)
	}
	used(blocks)
	write(t, f, "overwrites allocated blocks", 100)
	if _, err := fs.Open("g", os.O_RDWR|os.O_CREATE); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("new file: %v", err)
	}
	if err := fs.MkdirAll("dir"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("new directory: %v", err)
	}
	check(t, f.Truncate(3*disktest.BlockSize+1))
	used(6)
	if err := f.Allocate(9 * disktest.BlockSize); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("allocate: %v", err)
	}
	used(6)
	check(t, f.Allocate(8*disktest.BlockSize))
	used(blocks)
	write(t, f, "uses allocated space", 7*disktest.BlockSize)
	check(t, fs.Remove("f"))
	used(blocks) // it is still open
	check(t, f.Close())
	used(1)
	d.SetCapacity(disktest.BlockSize)
	if _, err := fs.Open("g", os.O_RDWR|os.O_CREATE); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("new file on a smaller disk: %v", err)
	}
	d.SetCapacity(0)
	create(t, fs, "g")
}

func TestHook(t *testing.T) {
	d := disktest.New(disktest.Options{})
	fs := d.Mount()
	f := create(t, fs, "f")
	var seen []disktest.Op
	fault := error(nil)
	d.SetHook(func(op disktest.Op) error {
		seen = append(seen, op)
		return fault
	})
	fault = syscall.EROFS
	if err := fs.Rename("f", "g"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("rename: %v", err)
	}
	fault = &disktest.Short{Done: 2, Err: syscall.EIO}
	if n, err := f.WriteAt([]byte("hello"), 1); n != 2 || !errors.Is(err, syscall.EIO) {
		t.Errorf("write: %d, %v", n, err)
	}
	if n, err := f.ReadAt(make([]byte, 3), 0); n != 2 || !errors.Is(err, syscall.EIO) {
		t.Errorf("read: %d, %v", n, err)
	}
	d.SetHook(nil)
	if got := content(t, fs, "f"); got != "\x00he" {
		t.Errorf("content after a short write: %q", got)
	}
	want := []disktest.Op{{Name: "rename", Path: "/f", To: "/g"}, {Name: "write", Path: "/f", At: 1, Len: 5}, {Name: "read", Path: "/f", Len: 3}}
	if !slices.Equal(seen, want) {
		t.Errorf("operations %+v, want %+v", seen, want)
	}
	if c := d.Counts(); c.Calls["write"] != 1 || c.Written != 2 || c.Calls["rename"] != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestKill(t *testing.T) {
	torn := make(map[string]int)
	for seed := range uint64(60) {
		d := disktest.New(disktest.Options{Rand: rand.New(rand.NewPCG(seed, 0))})
		fs := d.Mount()
		f := create(t, fs, "f")
		check(t, f.Lock())
		write(t, f, "whole", 0)
		d.SetHook(func(op disktest.Op) error { return disktest.ErrKill })
		if _, err := f.WriteAt([]byte("torn"), 5); !errors.Is(err, disktest.ErrDead) {
			t.Fatalf("write when the process is killed: %v", err)
		}
		d.SetHook(nil)
		if _, err := fs.Stat("f"); !errors.Is(err, disktest.ErrDead) {
			t.Fatalf("stat by a dead process: %v", err)
		}
		if err := f.Close(); !errors.Is(err, disktest.ErrDead) {
			t.Fatalf("close by a dead process: %v", err)
		}
		fs = d.Mount()
		check(t, create(t, fs, "f").Lock())
		torn[content(t, fs, "f")]++
	}
	if len(torn) != 5 {
		t.Errorf("results of a torn write: %v, want 5 different ones", torn)
	}
}

func TestLock(t *testing.T) {
	d := disktest.New(disktest.Options{})
	first, second := create(t, d.Mount(), "f"), create(t, d.Mount(), "f")
	check(t, first.Lock())
	got := make(chan error)
	go func() { got <- second.Lock() }()
	select {
	case err := <-got:
		t.Fatalf("second lock did not wait: %v", err)
	default:
	}
	check(t, first.Close())
	check(t, <-got)
	third := create(t, d.Mount(), "f")
	go func() { got <- third.Lock() }()
	for d.Counts().Calls["lock"] < 3 {
		runtime.Gosched()
	}
	d.Kill()
	if err := <-got; !errors.Is(err, disktest.ErrDead) {
		t.Errorf("lock while the process is killed: %v", err)
	}
}

// outcomes runs act on many disks, cuts the power, and counts the states that
// describe returns afterwards.
func outcomes(t *testing.T, act func(fs disk.FS), describe func(fs disk.FS) string) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for seed := range uint64(200) {
		d := disktest.New(disktest.Options{Rand: rand.New(rand.NewPCG(seed, 0))})
		act(d.Mount())
		d.PowerCut()
		found[describe(d.Mount())]++
	}
	return found
}

func wantOutcomes(t *testing.T, got map[string]int, want ...string) {
	t.Helper()
	slices.Sort(want)
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, want) {
		t.Errorf("after power cuts: %v, want %q", got, want)
	}
}

func TestPowerCutKeepsAnyBlocks(t *testing.T) {
	pages := func(s string) string {
		var b strings.Builder
		for _, c := range s {
			b.Write(bytes.Repeat([]byte(string(c)), disktest.BlockSize))
		}
		return b.String()
	}
	got := outcomes(t, func(fs disk.FS) {
		f := create(t, fs, "f")
		write(t, f, pages("ab"), 0)
		check(t, f.Sync())
		check(t, fs.SyncDir("/"))
		write(t, f, pages("BC"), disktest.BlockSize)
	}, func(fs disk.FS) string {
		b := content(t, fs, "f")
		s := ""
		for i := 0; i < len(b); i += disktest.BlockSize {
			s += string(b[i])
		}
		if len(b)%disktest.BlockSize != 0 {
			return s[:2] + "+"
		}
		return s
	})
	wantOutcomes(t, got, "ab", "aB", "abC", "aBC", "ab\x00", "aB\x00", "ab+", "aB+")
}

func TestPowerCutKeepsAnyDirectoryChanges(t *testing.T) {
	contents := func(names ...string) func(fs disk.FS) string {
		return func(fs disk.FS) string {
			var s []string
			for _, name := range names {
				s = append(s, content(t, fs, name))
			}
			return strings.Join(s, " ")
		}
	}
	file := func(fs disk.FS, name, s string) {
		f := create(t, fs, name)
		write(t, f, s, 0)
		check(t, f.Sync())
	}

	t.Log("a rename survives or does not")
	got := outcomes(t, func(fs disk.FS) {
		check(t, fs.MkdirAll("x"))
		file(fs, "a", "old")
		file(fs, "x/b", "new")
		check(t, fs.SyncAll("/"))
		check(t, fs.Rename("x/b", "a"))
	}, contents("a", "x/b"))
	wantOutcomes(t, got, "old new", "new none")

	t.Log("it survives if either directory was synced")
	for _, dir := range []string{"/", "x"} {
		got = outcomes(t, func(fs disk.FS) {
			check(t, fs.MkdirAll("x"))
			file(fs, "a", "old")
			file(fs, "x/b", "new")
			check(t, fs.SyncDir("/"))
			check(t, fs.Rename("x/b", "a"))
			check(t, fs.SyncDir(dir))
		}, contents("a", "x/b"))
		wantOutcomes(t, got, "new none")
	}

	t.Log("without a sync of the directory, a synced new file may be lost and a removed file may return")
	got = outcomes(t, func(fs disk.FS) {
		file(fs, "a", "a")
		check(t, fs.SyncDir("/"))
		check(t, fs.Remove("a"))
		file(fs, "b", "b")
	}, contents("a", "b"))
	wantOutcomes(t, got, "a b", "a none", "none b", "none none")

	t.Log("a change is lost if a change on which it depends is lost")
	got = outcomes(t, func(fs disk.FS) {
		file(fs, "a", "a")
		check(t, fs.Rename("a", "b"))
		check(t, fs.Rename("b", "c"))
		check(t, fs.MkdirAll("x"))
		file(fs, "x/d", "d")
		check(t, fs.SyncDir("x"))
	}, contents("a", "b", "c", "x/d"))
	wantOutcomes(t, got,
		"none none none none", "a none none none", "none a none none", "none none a none",
		"none none none d", "a none none d", "none a none d", "none none a d")
}

// BenchmarkHistory performs about as many operations as one simulated history.
func BenchmarkHistory(b *testing.B) {
	page := make([]byte, 1000)
	for b.Loop() {
		d := disktest.New(disktest.Options{})
		fs := d.Mount()
		for i := range 20 {
			f, _ := fs.Open(fmt.Sprintf("f%d", i), os.O_RDWR|os.O_CREATE)
			f.Truncate(200_000)
			for k := range int64(50) {
				f.WriteAt(page, k*4000)
			}
			f.Sync()
			f.Close()
		}
		d.PowerCut()
	}
}
