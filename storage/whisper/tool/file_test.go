package tool

import (
	"os"
	"path/filepath"
	"testing"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/whisper"
)

// FuzzReadCompressed reads any bytes behind the first of a compressed file: an
// error at worst.
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
