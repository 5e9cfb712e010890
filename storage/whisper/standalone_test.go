package whisper

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carbon/disk"
	"carbon/disk/disktest"
	"carbon/metric"
)

// createStandalone creates a file that is closed when the test ends.
func createStandalone(t testing.TB, fsys disk.FS, path string, layout metric.Layout) *File {
	t.Helper()
	f, err := CreateFile(fsys, path, layout, Full)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestCreateFileExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wsp")
	createStandalone(t, disk.OS{}, path, minutes)
	before := readFile(t, path)
	if int64(len(before)) != FileSize(minutes.Archives) {
		t.Errorf("%d bytes, want %d", len(before), FileSize(minutes.Archives))
	}
	if _, err := CreateFile(disk.OS{}, path, minutes, Sparse); !errors.Is(err, os.ErrExist) {
		t.Errorf("error %v, want os.ErrExist", err)
	}
	if !slices.Equal(readFile(t, path), before) {
		t.Error("the file was changed")
	}
}

func TestCreateFileOnFullDisk(t *testing.T) {
	d := disktest.New(disktest.Options{})
	d.SetCapacity(disktest.BlockSize)
	fsys := d.Mount()
	if _, err := CreateFile(fsys, "/a.wsp", metric.Layout{Archives: []metric.Archive{{Step: 1, Points: 10_000}}, Aggregation: "sum"}, Full); err == nil {
		t.Error("no error")
	}
	if entries, err := fsys.ReadDir("/"); err != nil || len(entries) > 0 {
		t.Errorf("files left behind: %v, %v", entries, err)
	}
}

// A File sees the first points that another process writes after it was opened.
func TestFileSeesOtherWriters(t *testing.T) {
	const now = 1_700_000_040
	path := filepath.Join(t.TempDir(), "a.wsp")
	f := createStandalone(t, disk.OS{}, path, minutes)
	other, err := OpenFile(disk.OS{}, path, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	window := metric.Window{From: now - 120, Until: now}
	if s, ok, err := f.Fetch(window, now); err != nil || !ok || s.Values[0] == s.Values[0] {
		t.Fatalf("fetch of an empty file: %v, %v, %v", s, ok, err)
	}
	if err := other.Update([]metric.Point{{Time: now - 60, Value: 1}}, now); err != nil {
		t.Fatal(err)
	}
	if s, _, err := f.Fetch(window, now); err != nil || s.Values[0] != 1 {
		t.Errorf("fetched %v, %v", s, err)
	}
	if err := f.Update([]metric.Point{{Time: now, Value: 2}}, now); err != nil {
		t.Fatal(err)
	}
	points, err := f.Points()
	if want := []metric.Point{{Time: now - 60, Value: 1}, {Time: now, Value: 2}}; err != nil || !slices.Equal(points[0], want) {
		t.Errorf("points %v, %v; want %v", points, err, want)
	}
}

func TestSetAggregation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wsp")
	f := createStandalone(t, disk.OS{}, path, minutes)
	before := readFile(t, path)
	for _, wrong := range []struct {
		method       string
		xFilesFactor float64
	}{{"median", 0.5}, {"max", 2}} {
		if err := f.SetAggregation(wrong.method, wrong.xFilesFactor); err == nil {
			t.Errorf("%v: no error", wrong)
		}
	}
	if !slices.Equal(readFile(t, path), before) {
		t.Error("the file was changed")
	}
	if err := f.SetAggregation("max", 0.25); err != nil {
		t.Fatal(err)
	}
	changed := open(t, path).layout()
	if changed.Aggregation != "max" || changed.XFilesFactor != 0.25 || !slices.Equal(changed.Archives, minutes.Archives) {
		t.Errorf("layout %+v", changed)
	}
	if after := readFile(t, path); !slices.Equal(after[metadataSize:], before[metadataSize:]) {
		t.Error("more than the header was changed")
	}
}

func TestVerifyMisalignedTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wsp")
	f := createStandalone(t, disk.OS{}, path, minutes)
	if slots, err := Verify(disk.OS{}, path); err != nil || slots != 30 {
		t.Errorf("%d slots, %v; want 30", slots, err)
	}
	slot := make([]byte, pointSize)
	putPoint(slot, 1_700_000_001, 1)
	offset, size := f.Extent(1)
	if _, err := f.file.f.WriteAt(slot, offset+size-pointSize); err != nil {
		t.Fatal(err)
	}
	_, err := Verify(disk.OS{}, path)
	if damage, ok := errors.AsType[*CorruptError](err); !ok || damage.Path != path || !strings.Contains(damage.Reason, "archive 1, slot 19") {
		t.Errorf("error %v, want a *CorruptError for archive 1, slot 19", err)
	}
}

// FuzzStandalone opens any bytes as a file. It checks that nothing panics, that the
// layout fits in the file, and that points are aligned and sorted.
func FuzzStandalone(f *testing.F) {
	const now = 1_700_000_000
	path := filepath.Join(f.TempDir(), "a.wsp")
	createStandalone(f, disk.OS{}, path, minutes)
	whole := readFile(f, path)
	f.Add(whole)
	f.Add(whole[:50])
	f.Add([]byte{})
	f.Add([]byte("whisper_compressed and so on"))
	f.Add([]byte(strings.Repeat("\xff", 200)))
	f.Fuzz(func(t *testing.T, b []byte) {
		fsys := disktest.New(disktest.Options{}).Mount()
		writeDiskFile(t, fsys, "/a.wsp", string(b))
		file, err := OpenFile(fsys, "/a.wsp", os.O_RDWR)
		if err != nil {
			if _, ok := errors.AsType[*CorruptError](err); !ok && !errors.Is(err, ErrCompressed) {
				t.Fatal(err)
			}
			return
		}
		defer file.Close()
		if FileSize(file.Layout().Archives) > int64(len(b)) {
			t.Fatalf("layout %v in a file of %d bytes", file.Layout(), len(b))
		}
		if _, err := Verify(fsys, "/a.wsp"); err != nil {
			if _, ok := errors.AsType[*CorruptError](err); !ok {
				t.Fatal(err)
			}
		}
		if err := file.Update([]metric.Point{{Time: now, Value: 1}}, now); err != nil {
			t.Fatal(err)
		}
		all, err := file.Points()
		if err != nil {
			t.Fatal(err)
		}
		for i, points := range all {
			for n, p := range points {
				if p.Time%file.Layout().Archives[i].Step != 0 || n > 0 && points[n-1].Time >= p.Time {
					t.Fatalf("archive %d: points not aligned or not sorted: %v", i, points)
				}
			}
		}
	})
}
