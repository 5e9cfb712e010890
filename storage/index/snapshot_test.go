package index

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"carbon/disk"
)

func leafNames(t *testing.T, x *Index) (names []string) {
	t.Helper()
	nodes, err := x.Find("**")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Leaf {
			names = append(names, n.Path)
		}
	}
	return names
}

func TestSaveLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	x := New()
	for _, count := range []int{0, 1, 30_000} { // 30,000 names need several blocks
		for i := range count {
			x.Add(fmt.Sprintf("servers.host-%d.cpu.%d", i%97, i))
		}
		x.Add("servers.host.a")
		x.Add("m;k=v")
		x.Announce("servers.new")
		if err := x.Save(disk.OS{}, path); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(disk.OS{}, path)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := leafNames(t, loaded), leafNames(t, x); !slices.Equal(got, want) || loaded.Len() != len(want) {
			t.Errorf("%d names, Len %d; want %d", len(got), loaded.Len(), len(want))
		}
	}
	if _, err := os.Stat(path + ".tmp"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("temporary file still exists: %v", err)
	}
}

// A rescan of a loaded index removes names that are neither stored nor announced.
func TestRescanAfterLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	if err := filled("a.gone", "a.stored", "a.announced", "b.gone.too").Save(disk.OS{}, path); err != nil {
		t.Fatal(err)
	}
	x, err := Load(disk.OS{}, path)
	if err != nil {
		t.Fatal(err)
	}
	x.Announce("a.announced")
	x.Announce("a.new")
	for range 3 * maxRescan { // the numbers of rescans wrap around
		x.BeginRescan()
		x.Add("a.stored")
		x.EndRescan()
		if got := leafNames(t, x); !slices.Equal(got, []string{"a.announced", "a.new", "a.stored"}) {
			t.Fatalf("names after the rescan: %q", got)
		}
	}
	x.BeginRescan() // this rescan is given up
	x.Add("a.announced")
	x.BeginRescan()
	x.Add("a.stored")
	if removed := x.EndRescan(); !slices.Equal(removed, []string{"a.announced"}) {
		t.Errorf("removed: %q", removed)
	}
}

func TestLoadDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	x := New()
	for i := range 30 {
		x.Add(fmt.Sprintf("a.b%d.c%d", i%5, i))
	}
	if err := x.Save(disk.OS{}, path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		var e *CorruptError
		if x, err := Load(disk.OS{}, path); !errors.As(err, &e) || x != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range whole {
		check(fmt.Sprintf("truncated to %d bytes", i), whole[:i])
		data := slices.Clone(whole)
		data[i] ^= 1 << (i % 8)
		check(fmt.Sprintf("byte %d changed", i), data)
	}
	check("data after the end", append(slices.Clone(whole), 0))
	if _, err := Load(disk.OS{}, path+".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a missing file: %v", err)
	}
}

// If the disk fails, the previous snapshot stays.
func TestSaveFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	if err := filled("a.b").Save(disk.OS{}, path); err != nil {
		t.Fatal(err)
	}
	for _, failing := range []string{"write", "sync", "rename"} {
		if err := filled("c.d").Save(failingFS{at: failing}, path); !errors.Is(err, errDisk) {
			t.Errorf("%s fails: %v", failing, err)
		}
		if x, err := Load(disk.OS{}, path); err != nil || !x.Has("a.b") || x.Len() != 1 {
			t.Errorf("after %s failed: %v", failing, err)
		}
		if _, err := os.Stat(path + ".tmp"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %s failed, the temporary file exists: %v", failing, err)
		}
	}
}

var errDisk = errors.New("disk failure")

type failingFS struct {
	disk.OS
	at string
}

func (f failingFS) Open(name string, flag int) (disk.File, error) {
	file, err := f.OS.Open(name, flag)
	return failingFile{file, f.at}, err
}

func (f failingFS) Rename(from, to string) error {
	if f.at == "rename" {
		return errDisk
	}
	return f.OS.Rename(from, to)
}

type failingFile struct {
	disk.File
	at string
}

func (f failingFile) WriteAt(b []byte, at int64) (int, error) {
	if f.at == "write" {
		return 0, errDisk
	}
	return f.File.WriteAt(b, at)
}

func (f failingFile) Sync() error {
	if f.at == "sync" {
		return errDisk
	}
	return f.File.Sync()
}

// Load of arbitrary bytes returns a consistent index or a *CorruptError.
func FuzzLoad(f *testing.F) {
	path := filepath.Join(f.TempDir(), "index")
	for _, x := range []*Index{New(), filled("a.b", "a.b.c", "a.bc.d", "é.ü")} {
		if err := x.Save(disk.OS{}, path); err != nil {
			f.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(magic + "\x05\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x03a..\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "index")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		x, err := Load(disk.OS{}, path)
		var e *CorruptError
		if err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		}
		if err == nil && len(leafNames(t, x)) != x.Len() {
			t.Errorf("%d names, Len %d", len(leafNames(t, x)), x.Len())
		}
	})
}

// FuzzRecords fuzzes the records alone, without the checksum that a fuzzer cannot match.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x00\x03a.b\x02\x01c"), uint32(2))
	f.Add([]byte("\x00\x03a.b\x03\x02.c\x01\x02.d"), uint32(3))
	f.Add([]byte("\x00\x01a\x00\x01a"), uint32(2))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01a"), uint32(1))
	f.Fuzz(func(t *testing.T, block []byte, records uint32) {
		l := loader{x: New(), nodes: []uint32{root}}
		if reason := l.add(block, records); reason == "" {
			if n := len(leafNames(t, l.x)); n != int(records) || l.x.Len() != n {
				t.Errorf("%d names, Len %d, of %d records", n, l.x.Len(), records)
			}
		}
	})
}
