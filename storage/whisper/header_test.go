package whisper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/disk"
	"carbon/metric"

	gowhisper "github.com/go-graphite/go-whisper"
)

var minutes = metric.Layout{
	Archives:     []metric.Archive{{Step: 60, Points: 10}, {Step: 300, Points: 20}},
	Aggregation:  "average",
	XFilesFactor: 0.5,
}

func newFile(t testing.TB, layout metric.Layout) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a", "b.wsp")
	if err := createFile(path, layout, Sparse); err != nil {
		t.Fatal(err)
	}
	return path
}

func createFile(path string, layout metric.Layout, allocation Allocation) error {
	f, err := create(disk.OS{}, path, layout, allocation)
	if err != nil {
		return err
	}
	return f.close()
}

func TestCreate(t *testing.T) {
	for _, method := range []string{"average", "sum", "last", "max", "min", "avg_zero", "absmax", "absmin"} {
		layout := minutes
		layout.Aggregation = method
		f := open(t, newFile(t, layout))
		if got := f.layout(); got.Aggregation != method || got.XFilesFactor != 0.5 || !slices.Equal(got.Archives, layout.Archives) {
			t.Errorf("layout %+v, want %+v", got, layout)
		}
	}
}

func TestCreateAllocation(t *testing.T) {
	dir := t.TempDir()
	sparse, full, allocated := filepath.Join(dir, "sparse.wsp"), filepath.Join(dir, "full.wsp"), filepath.Join(dir, "allocated.wsp")
	if err := errors.Join(createFile(sparse, minutes, Sparse), createFile(full, minutes, Full), createFile(allocated, minutes, Fallocate)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(readFile(t, sparse), readFile(t, full)) || !bytes.Equal(readFile(t, sparse), readFile(t, allocated)) {
		t.Error("the contents depend on the allocation")
	}
}

func TestCreateErrors(t *testing.T) {
	f := func(change func(l *metric.Layout)) {
		t.Helper()
		layout := minutes
		layout.Archives = slices.Clone(minutes.Archives)
		change(&layout)
		dir := t.TempDir()
		if err := createFile(filepath.Join(dir, "a.wsp"), layout, Sparse); err == nil {
			t.Errorf("%+v: no error", layout)
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 0 {
			t.Errorf("%+v: files left behind: %v", layout, entries)
		}
	}
	f(func(l *metric.Layout) { l.Archives = nil })
	f(func(l *metric.Layout) { l.Archives[0].Step = 0 })
	f(func(l *metric.Layout) { l.Archives[1].Points = -1 })
	f(func(l *metric.Layout) { l.Archives[0], l.Archives[1] = l.Archives[1], l.Archives[0] })
	f(func(l *metric.Layout) { l.Archives[1].Step = 90 })
	f(func(l *metric.Layout) { l.Archives[1].Points = 2 })
	f(func(l *metric.Layout) { l.Archives[1] = metric.Archive{Step: 660, Points: 100} })
	f(func(l *metric.Layout) { l.Archives[1].Points = math.MaxUint32 })
	f(func(l *metric.Layout) { l.Archives[1] = metric.Archive{Step: math.MaxInt64, Points: math.MaxInt64} })
	f(func(l *metric.Layout) { l.Aggregation = "median" })
	f(func(l *metric.Layout) { l.Aggregation = "" })
	f(func(l *metric.Layout) { l.XFilesFactor = 1.5 })
	f(func(l *metric.Layout) { l.XFilesFactor = math.NaN() })
}

func TestCorruptFiles(t *testing.T) {
	good := readFile(t, newFile(t, minutes))
	f := func(change func(b []byte) []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "a.wsp")
		if err := os.WriteFile(path, change(slices.Clone(good)), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := openFile(disk.OS{}, path, os.O_RDONLY)
		var e *CorruptError
		if !errors.As(err, &e) || e.Path != path || e.Reason == "" {
			t.Errorf("error %v, want a *CorruptError", err)
		}
	}
	set := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[at:], v)
			return b
		}
	}
	for n := range len(good) {
		f(func(b []byte) []byte { return b[:n] })
	}
	f(func(b []byte) []byte { return make([]byte, len(b)) })
	f(set(0, 0))
	f(set(0, 9))
	f(set(4, 1))
	f(set(8, math.Float32bits(1.01)))
	f(set(8, math.Float32bits(-0.1)))
	f(set(8, math.Float32bits(float32(math.NaN()))))
	f(set(12, 0))
	f(set(12, 3))
	f(set(12, math.MaxUint32))
	f(set(16, 39))
	f(set(16, 41)) // overlaps the next archive
	f(set(20, 0))
	f(set(20, 7))
	f(set(24, 0))
	f(set(24, 11))
	f(set(24, math.MaxUint32))
	f(set(28, 100_000))
	f(set(32, 60))
}

func TestOpenCompressedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.wsp")
	r := gowhisper.NewRetention(60, 1440)
	w, err := gowhisper.CreateWithOptions(path, gowhisper.Retentions{&r}, gowhisper.Average, 0, &gowhisper.Options{Compressed: true})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	_, err = openFile(disk.OS{}, path, os.O_RDWR)
	if !errors.Is(err, ErrCompressed) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want ErrCompressed with the path", err)
	}
}

// Our files and go-whisper's are identical, and both fetch the same from them, where
// go-whisper agrees with whisper.py: points in order, no duplicates, xFilesFactor 0.5,
// methods 1 to 5.
func TestGoWhisper(t *testing.T) {
	const now = 1_700_000_000
	before := gowhisper.Now
	defer func() { gowhisper.Now = before }()
	for _, method := range []string{"average", "sum", "last", "max", "min"} {
		layout := minutes
		layout.Aggregation = method
		ours, theirs := newFile(t, layout), newFile(t, layout)
		var s scratch
		for at := int64(now - 3000); at < now; at += 60 {
			v := float64(at % 7001)
			update(t, ours, []metric.Point{{Time: at, Value: v}}, at, &s)
			gowhisper.Now = fixedClock(at)
			w, err := gowhisper.Open(theirs)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.Update(v, int(at)), w.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(readFile(t, ours), readFile(t, theirs)) {
			t.Errorf("%s: the files differ", method)
		}
		gowhisper.Now = fixedClock(now)
		w, err := gowhisper.Open(ours)
		if err != nil {
			t.Fatal(err)
		}
		for _, age := range []int64{60, 300, 600, 601, 3000, 6000} {
			want, err := w.Fetch(int(now-age), now)
			if err != nil {
				t.Fatal(err)
			}
			got, ok, err := open(t, ours).fetch(metric.Window{From: now - age, Until: now}, now)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if got.Start != int64(want.FromTime()) || got.Step != int64(want.Step()) || !equalValues(got.Values, want.Values()) {
				t.Errorf("%s: fetch of the last %d seconds: %v, want %v", method, age, got, want)
			}
		}
		w.Close()
	}
}

func fixedClock(now int64) func() time.Time {
	return func() time.Time { return time.Unix(now, 0) }
}

func equalValues(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(a, b float64) bool { return a == b || a != a && b != b })
}

// FuzzFile checks that any file which passes the header checks can be read and updated
// without changing its size.
func FuzzFile(f *testing.F) {
	good := readFile(f, "testdata/rollup/wsp/stale.wsp")
	f.Add(good, int64(1_796_000_000))
	f.Add(good[:len(good)-1], int64(0))
	f.Add([]byte{}, int64(-1))
	f.Add([]byte("whisper_compressed"), int64(0))
	for _, at := range []int{0, 4, 8, 12, 16, 20, 24, 28, 32, 36} {
		b := slices.Clone(good)
		binary.BigEndian.PutUint32(b[at:], 1)
		f.Add(b, int64(1_796_000_000))
	}
	path := filepath.Join(f.TempDir(), "fuzz.wsp")
	f.Fuzz(func(t *testing.T, data []byte, now int64) {
		if _, err := readHeader(bytes.NewReader(data), int64(len(data))); err != nil {
			return
		}
		now &= math.MaxUint32
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		w, err := openFile(disk.OS{}, path, os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		var s scratch
		points := s.sorted([]metric.Point{{Time: now, Value: 1}, {Time: now - 1000, Value: 2}, {Time: now + 1000, Value: 3}})
		if _, err := w.update(points, now, &s); err != nil {
			t.Fatal(err)
		}
		for _, window := range []metric.Window{{From: now - 500, Until: now}, {From: now - 100_000, Until: now - 1000}} {
			if _, _, err := w.fetch(window, now); err != nil {
				t.Fatal(err)
			}
		}
		if after := readFile(t, path); len(after) != len(data) {
			t.Errorf("the size changed from %d to %d bytes", len(data), len(after))
		}
	})
}
