package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"carbon/disk"
)

func TestOS(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	var d disk.FS = disk.OS{}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(d.MkdirAll(dir))
	path := filepath.Join(dir, "f")
	if _, err := d.Open(path, os.O_RDWR); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open a missing file: %v", err)
	}
	f, err := d.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	check(err)
	if _, err := d.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create an existing file with O_EXCL: %v", err)
	}
	check(f.Lock())
	check(f.Unlock())
	check(f.Allocate(100))
	_, err = f.WriteAt([]byte("hello"), 98)
	check(err)
	b := make([]byte, 6)
	if n, err := f.ReadAt(b, 98); n != 5 || err != io.EOF || string(b[:n]) != "hello" {
		t.Errorf("read %q, %v", b[:n], err)
	}
	check(f.Truncate(99))
	check(f.Sync())
	info, err := f.Stat()
	if err != nil || info.Size != 99 || info.Links != 1 || !info.Regular {
		t.Errorf("stat %+v, %v", info, err)
	}
	if same, err := d.Info(path); err != nil || same != info {
		t.Errorf("info %+v, %v, want %+v", same, err, info)
	}
	check(d.Rename(path, path+"2"))
	check(d.SyncDir(dir))
	check(d.SyncAll(dir))
	entries, err := d.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "f2" {
		t.Errorf("entries of the directory: %v, %v", entries, err)
	}
	check(d.Remove(path + "2"))
	if info, err := f.Stat(); err != nil || info.Links != 0 {
		t.Errorf("stat of a removed file: %+v, %v", info, err)
	}
	check(f.Close())
}
