package whisper

import (
	"fmt"
	"os"

	"carbon/aggregate"
	"carbon/disk"
	"carbon/metric"

	gowhisper "github.com/go-graphite/go-whisper"
)

// ReadCompressed returns the layout of a compressed file, and one series per archive
// that ends at the current time. It returns an error if plain files do not have the
// file's aggregation method.
func ReadCompressed(fsys disk.FS, path string) (l metric.Layout, archives []metric.Series, err error) {
	c, err := openCompressed(fsys, path, os.O_RDONLY)
	if err != nil {
		return l, nil, err
	}
	defer c.Close()
	defer recoverCorrupt(path, &err)
	if method := c.AggregationMethod(); !inBothFormats(method) {
		return l, nil, fmt.Errorf("aggregation method %v: plain files do not have it", method)
	}
	now := gowhisper.Now().Unix()
	for i, a := range c.layout.Archives {
		// A window of exactly the retention is answered from this archive.
		s, _, err := c.fetch(metric.Window{From: now - a.Retention(), Until: now}, now)
		if err != nil {
			return l, nil, fmt.Errorf("archive %d: %w", i, err)
		}
		archives = append(archives, s)
	}
	return c.layout, archives, nil
}

// CompressTo writes a compressed copy of the file to path. Both must be on the
// operating system's file system. It returns an error if compressed files do not have
// the file's aggregation method.
func (f *File) CompressTo(path string) (err error) {
	id, _ := aggregate.MethodID(f.file.method)
	if !inBothFormats(gowhisper.AggregationMethod(id)) {
		return fmt.Errorf("aggregation method %s: compressed files do not have it", f.file.method)
	}
	defer recoverCorrupt(f.Name(), &err)
	w, err := gowhisper.OpenWithOptions(f.Name(), &gowhisper.Options{OpenFileFlag: new(os.O_RDONLY)})
	if err != nil {
		return err
	}
	defer w.Close()
	return w.CompressTo(path)
}

// inBothFormats reports whether a code means the same aggregation method in plain and
// in compressed files.
func inBothFormats(method gowhisper.AggregationMethod) bool {
	name, ok := aggregate.MethodName(uint32(method))
	return ok && compressedMethods[method] == name
}
