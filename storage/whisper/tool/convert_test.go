package tool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/whisper"
)

// TestConvert compresses a tree, expands it again and compares the points. go-whisper
// uses the clock of the machine, so the retentions are long enough for both clocks.
func TestConvert(t *testing.T) {
	dir := t.TempDir()
	path := mkdir(t, filepath.Join(dir, "plain", "a", "b.wsp"))
	createFileAt(t, disk.OS{}, path, layout(t, "sum", 0, "1h:20y", "1d:40y"), minutes(10000, func(i int) float64 { return float64(i % 100) }))
	stamp := time.Unix(now, 0)
	if err := os.Chtimes(path, stamp, stamp); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--compress", filepath.Join(dir, "plain"), filepath.Join(dir, "small")},
		{"--compress", filepath.Join(dir, "small"), filepath.Join(dir, "copy")},
		{filepath.Join(dir, "copy"), filepath.Join(dir, "again")},
	} {
		if stdout, stderr, code := runTool(t, "", append([]string{"convert"}, args...)...); code != 0 {
			t.Fatalf("%v: %s%s", args, stdout, stderr)
		}
	}
	small, err := os.Stat(filepath.Join(dir, "small", "a", "b.wsp"))
	if err != nil || small.Size() > 1<<20 || !small.ModTime().Equal(stamp) {
		t.Errorf("%v, %v", small, err)
	}
	if _, stderr, code := runTool(t, "", "info", filepath.Join(dir, "small", "a", "b.wsp")); code != 1 || !strings.Contains(stderr, "compressed") {
		t.Errorf("code %d, %s", code, stderr)
	}
	before, after := contentOf(t, disk.OS{}, path), contentOf(t, disk.OS{}, filepath.Join(dir, "again", "a", "b.wsp"))
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("content changed from\n%v\nto\n%v", before, after)
	}
	if _, stderr, code := runTool(t, "", "convert", path, filepath.Join(dir, "again", "a", "b.wsp")); code != 1 || !strings.Contains(stderr, "exists") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

// TestConvertErrors converts files that go-whisper cannot read, or would misread.
func TestConvertErrors(t *testing.T) {
	dir := t.TempDir()
	f := func(path, reason string, args ...string) {
		t.Helper()
		to := filepath.Join(dir, "new.wsp")
		_, stderr, code := runTool(t, "", append([]string{"convert", path, to}, args...)...)
		if code != 1 || !strings.Contains(stderr, path) || !strings.Contains(stderr, reason) {
			t.Errorf("code %d, %s", code, stderr)
		}
		if entries, err := filepath.Glob(to + "*"); err != nil || entries != nil {
			t.Errorf("files after the error: %v, %v", entries, err)
		}
	}
	absmax := filepath.Join(dir, "absmax.wsp")
	createFileAt(t, disk.OS{}, absmax, layout(t, "absmax", 0, "1h:20y"), nil)
	f(absmax, "absmax", "--compress")
	broken := filepath.Join(dir, "broken.wsp")
	write(t, broken, "whisper_compressed"+strings.Repeat("\xff", 200))
	f(broken, "")
}

// FuzzReadCompressed reads compressed files with arbitrary bytes after the magic
// string. They must not cause a panic.
func FuzzReadCompressed(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.wsp")
	env := &Env{FS: disk.OS{}}
	plain, err := whisper.CreateFile(env.FS, path, metric.Layout{Archives: []metric.Archive{{Step: 60, Points: 100}}, Aggregation: "sum"}, whisper.Full)
	if err != nil {
		f.Fatal(err)
	}
	defer plain.Close()
	small := filepath.Join(f.TempDir(), "small.wsp")
	if err := compressTo(env, plain, small, now); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(small)
	if err != nil {
		f.Fatal(err)
	}
	const magic = "whisper_compressed"
	f.Add(whole[len(magic):])
	f.Add(whole[len(magic):100])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "a.wsp")
		if err := os.WriteFile(path, append([]byte(magic), b...), 0o644); err != nil {
			t.Fatal(err)
		}
		if c, err := readCompressed(disk.OS{}, path); err == nil && len(c.points) != len(c.layout.Archives) {
			t.Fatalf("%v", c)
		}
	})
}
