package whisper

import (
	"fmt"
	"os"

	"carbon/aggregate"
	"carbon/disk"
	"carbon/metric"

	gowhisper "github.com/go-graphite/go-whisper"
)

// ReadCompressed returns what a compressed file holds, archive by archive, counted
// from the machine's clock. It is an error if plain files have no such aggregation
// method.
func ReadCompressed(fsys disk.FS, path string) (l metric.Layout, archives []metric.Series, err error) {
	c, err := openCompressed(fsys, path, os.O_RDONLY)
	if err != nil {
		return l, nil, err
	}
	defer c.Close()
	defer recovered(path, &err)
	if method := c.AggregationMethod(); !inBothFormats(method) {
		return l, nil, fmt.Errorf("plain files have no aggregation method %v", method)
	}
	now := gowhisper.Now().Unix()
	for i, a := range c.layout.Archives {
		// Just as far back as this archive reaches, so that it answers.
		s, _, err := c.fetch(metric.Window{From: now - a.Retention(), Until: now}, now)
		if err != nil {
			return l, nil, fmt.Errorf("archive %d: %w", i, err)
		}
		archives = append(archives, s)
	}
	return c.layout, archives, nil
}

// CompressTo makes a compressed file at a path of the machine's file system, which
// this file must be on, too. It is an error if they have no such aggregation
// method.
func (f *File) CompressTo(path string) (err error) {
	id, _ := aggregate.MethodID(f.file.method)
	if !inBothFormats(gowhisper.AggregationMethod(id)) {
		return fmt.Errorf("aggregation method %s means something else in compressed files", f.file.method)
	}
	defer recovered(f.Name(), &err)
	w, err := gowhisper.OpenWithOptions(f.Name(), &gowhisper.Options{OpenFileFlag: new(os.O_RDONLY)})
	if err != nil {
		return err
	}
	defer w.Close()
	return w.CompressTo(path)
}

// inBothFormats tells whether a method is the same in plain and compressed files.
func inBothFormats(method gowhisper.AggregationMethod) bool {
	name, ok := aggregate.MethodName(uint32(method))
	return ok && compressedMethods[method] == name
}
