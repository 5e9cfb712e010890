package tool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carbon/disk"
	"carbon/disk/disktest"
	"carbon/metric"
)

// FuzzOpen reads any bytes as a file: no panic, and no more memory than they are
// worth.
func FuzzOpen(f *testing.F) {
	l := metric.Layout{Archives: []metric.Archive{{Step: 10, Points: 6}, {Step: 60, Points: 5}}, Aggregation: "sum", XFilesFactor: 0.5}
	whole := append(appendHeader(nil, l), make([]byte, 11*pointSize)...)
	f.Add(whole)
	f.Add(whole[:50])
	f.Add([]byte{})
	f.Add([]byte("whisper_compressed and so on"))
	f.Add([]byte(strings.Repeat("\xff", 200)))
	f.Fuzz(func(t *testing.T, b []byte) {
		fsys := disktest.New(disktest.Options{}).Mount()
		out, err := fsys.Open("/a.wsp", os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		out.Close()
		file, err := openFile(fsys, "/a.wsp", os.O_RDWR)
		if err != nil {
			if _, ok := corruption(err); !ok && !isCompressed(err) {
				t.Fatal(err)
			}
			return
		}
		defer file.close()
		if fileSize(file.layout.Archives) > int64(len(b)) {
			t.Fatalf("%v in %d bytes", file.layout, len(b))
		}
		if _, err := verifyFile(fsys, "/a.wsp"); err != nil {
			if _, ok := corruption(err); !ok {
				t.Fatal(err)
			}
		}
		if _, err := file.update([]metric.Point{{Time: now, Value: 1}}, now); err != nil {
			t.Fatal(err)
		}
		c, err := file.content(now)
		if err != nil {
			t.Fatal(err)
		}
		for i, points := range c.points {
			for n, p := range points {
				if p.Time%c.layout.Archives[i].Step != 0 || n > 0 && points[n-1].Time >= p.Time {
					t.Fatalf("archive %d: %v", i, points)
				}
			}
		}
	})
}

// FuzzReadCompressed reads any bytes behind the first of a compressed file: an
// error at worst.
func FuzzReadCompressed(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.wsp")
	if err := createFile(disk.OS{}, path, metric.Layout{Archives: []metric.Archive{{Step: 60, Points: 100}}, Aggregation: "sum"}, allocation{}); err != nil {
		f.Fatal(err)
	}
	env := &Env{FS: disk.OS{}}
	plain, err := openFile(env.FS, path, os.O_RDONLY)
	if err != nil {
		f.Fatal(err)
	}
	defer plain.close()
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
