package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"carbon/disk"
)

func TestMeasure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, make([]byte, 100_000), 0o644); err != nil {
		t.Fatal(err)
	}
	then := time.Unix(1_700_000_000, 0)
	if err := os.Chtimes(path, then.Add(time.Hour), then); err != nil {
		t.Fatal(err)
	}
	u, err := disk.OS{}.Measure(path)
	if err != nil || u.Size != 100_000 || u.Changed != then.Unix() || u.Read < then.Unix() {
		t.Errorf("Measure = %+v, %v", u, err)
	}
	if err := os.Truncate(path, 1<<30); err != nil {
		t.Fatal(err)
	}
	if u, err := (disk.OS{}).Measure(path); err != nil || u.Size != 1<<30 || u.Allocated > 1<<25 {
		t.Errorf("Measure of a sparse file = %+v, %v", u, err)
	}
	if _, err := (disk.OS{}).Measure(path + "b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Measure of a missing file: %v", err)
	}
}

func TestSpace(t *testing.T) {
	free, total, err := disk.OS{}.Space(t.TempDir())
	if err != nil || free < 0 || free > total || total <= 0 && runtime.GOOS == "linux" {
		t.Errorf("Space = %d of %d bytes, %v", free, total, err)
	}
}
