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

// session does random things to a file system and tells what came of each.
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
		return s.say("mkdir", s.fs.MkdirAll(path()))
	case op == 1:
		return s.say("rename", s.fs.Rename(path(), path()))
	case op == 2:
		return s.say("remove", s.fs.Remove(path()))
	case op == 3:
		entries, err := s.fs.ReadDir(path())
		var names []string
		for _, e := range entries {
			names = append(names, fmt.Sprint(e.Name(), e.IsDir()))
		}
		slices.Sort(names)
		return s.say("readdir", err, names)
	case op == 4:
		i, err := s.fs.Stat(path())
		if err != nil || i.IsDir() {
			return s.say("stat", err)
		}
		return s.say("stat", err, i.Name(), i.Size(), i.Mode())
	case op == 5:
		return s.say("syncdir", s.fs.SyncDir(path()))
	case op <= 7 || f == nil:
		if f != nil {
			if err := f.Close(); err != nil {
				return s.say("close", err)
			}
		}
		flag := []int{os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_CREATE, os.O_RDWR | os.O_CREATE | os.O_EXCL, os.O_RDWR | os.O_CREATE | os.O_TRUNC}[s.rng.IntN(5)]
		f, err := s.fs.Open(path(), flag)
		if err != nil {
			s.files[i] = nil
			return s.say("open", err)
		}
		s.files[i] = f
		return s.say("open", err, strings.TrimPrefix(f.Name(), s.root))
	case op == 8:
		b := make([]byte, s.rng.IntN(20_000))
		n, err := f.ReadAt(b, at)
		return s.say("read", err, n, b[:n])
	case op == 9:
		return s.say("truncate", f.Truncate(size))
	case op == 10:
		i, err := f.Stat()
		if !i.Regular {
			return s.say("fstat", err)
		}
		return s.say("fstat", err, i.Size, i.Links, i.Regular)
	case op == 11:
		return s.say("sync", f.Sync())
	case op == 12:
		i, _ := f.Stat()
		if !i.Regular {
			return "nothing"
		}
		return s.say("allocate", f.Allocate(size))
	default:
		b := make([]byte, s.rng.IntN(10_000))
		for i := range b {
			b[i] = byte(s.rng.Uint32())
		}
		n, err := f.WriteAt(b, at)
		return s.say("write", err, n)
	}
}

// say leaves out what differs: the root, and which of its system calls failed.
func (s *session) say(op string, err error, results ...any) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		err = errno
	}
	return strings.ReplaceAll(fmt.Sprint(op, err, results), s.root, "")
}

func TestSameAsMachine(t *testing.T) {
	for seed := range uint64(10) {
		ours := &session{rng: rand.New(rand.NewPCG(seed, 0)), fs: disktest.New(disktest.Options{}).Mount(), root: "/root"}
		machines := &session{rng: rand.New(rand.NewPCG(seed, 0)), fs: disk.OS{}, root: t.TempDir()}
		if err := ours.fs.MkdirAll(ours.root); err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			got, want := ours.step(), machines.step()
			if got != want {
				t.Fatalf("seed %d, step %d:\n%.300s\nthe machine:\n%.300s", seed, i, got, want)
			}
		}
		for _, f := range machines.files {
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

// content reads a file; one that is not there reads as "none".
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
	check(t, f.Truncate(1<<40)) // a hole takes nothing
	used(2)
	n, err := f.WriteAt(make([]byte, 20*disktest.BlockSize), 100)
	if want := 8*disktest.BlockSize - 100; n != want || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d bytes written, %v; want %d", n, err, want)
	}
	used(blocks)
	write(t, f, "over what is there", 100)
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
	write(t, f, "into what was kept", 7*disktest.BlockSize)
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
		t.Errorf("after a short write: %q", got)
	}
	want := []disktest.Op{{Name: "rename", Path: "/f", To: "/g"}, {Name: "write", Path: "/f", At: 1, Len: 5}, {Name: "read", Path: "/f", Len: 3}}
	if !slices.Equal(seen, want) {
		t.Errorf("seen %+v, want %+v", seen, want)
	}
	if c := d.Counts(); c.Calls["write"] != 1 || c.Written != 2 || c.Calls["rename"] != 1 {
		t.Errorf("counted %+v", c)
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
			t.Fatalf("write at the end of the process: %v", err)
		}
		d.SetHook(nil)
		if _, err := fs.Stat("f"); !errors.Is(err, disktest.ErrDead) {
			t.Fatalf("a dead process looks: %v", err)
		}
		if err := f.Close(); !errors.Is(err, disktest.ErrDead) {
			t.Fatalf("a dead process closes: %v", err)
		}
		fs = d.Mount()
		check(t, create(t, fs, "f").Lock())
		torn[content(t, fs, "f")]++
	}
	if len(torn) != 5 {
		t.Errorf("what a write was torn to: %v", torn)
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
		t.Fatalf("locked twice: %v", err)
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
		t.Errorf("waiting when the process dies: %v", err)
	}
}

// outcomes runs a story on many disks, cuts the power, and counts what of it is
// left.
func outcomes(t *testing.T, story func(fs disk.FS), left func(fs disk.FS) string) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for seed := range uint64(200) {
		d := disktest.New(disktest.Options{Rand: rand.New(rand.NewPCG(seed, 0))})
		story(d.Mount())
		d.PowerCut()
		found[left(d.Mount())]++
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

func TestPowerCutAndBlocks(t *testing.T) {
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

func TestPowerCutAndNames(t *testing.T) {
	here := func(names ...string) func(fs disk.FS) string {
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

	t.Log("a rename happens or does not")
	got := outcomes(t, func(fs disk.FS) {
		check(t, fs.MkdirAll("x"))
		file(fs, "a", "old")
		file(fs, "x/b", "new")
		check(t, fs.SyncAll("/"))
		check(t, fs.Rename("x/b", "a"))
	}, here("a", "x/b"))
	wantOutcomes(t, got, "old new", "new none")

	t.Log("and does for certain when either directory is synced")
	for _, dir := range []string{"/", "x"} {
		got = outcomes(t, func(fs disk.FS) {
			check(t, fs.MkdirAll("x"))
			file(fs, "a", "old")
			file(fs, "x/b", "new")
			check(t, fs.SyncDir("/"))
			check(t, fs.Rename("x/b", "a"))
			check(t, fs.SyncDir(dir))
		}, here("a", "x/b"))
		wantOutcomes(t, got, "new none")
	}

	t.Log("a file synced in a directory that is not may be gone, one removed may be there")
	got = outcomes(t, func(fs disk.FS) {
		file(fs, "a", "a")
		check(t, fs.SyncDir("/"))
		check(t, fs.Remove("a"))
		file(fs, "b", "b")
	}, here("a", "b"))
	wantOutcomes(t, got, "a b", "a none", "none b", "none none")

	t.Log("nothing survives what it rests on")
	got = outcomes(t, func(fs disk.FS) {
		file(fs, "a", "a")
		check(t, fs.Rename("a", "b"))
		check(t, fs.Rename("b", "c"))
		check(t, fs.MkdirAll("x"))
		file(fs, "x/d", "d")
		check(t, fs.SyncDir("x"))
	}, here("a", "b", "c", "x/d"))
	wantOutcomes(t, got,
		"none none none none", "a none none none", "none a none none", "none none a none",
		"none none none d", "a none none d", "none a none d", "none none a d")
}

// BenchmarkHistory is the size of a simulated one.
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
