package whisper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"carbon/aggregate"
	"carbon/metric"

	gowhisper "github.com/go-graphite/go-whisper"
)

// create makes an empty whisper file, and the directories above it. The file
// appears under its name when it is complete: a process that dies leaves none
// that is half a file. (After a power cut it may be empty, because nothing is
// synced here; then it is set aside like any corrupt file, and what it held is
// still in the log.)
func create(path string, layout metric.Layout, sparse bool) error {
	fail := func(err error) error { return fmt.Errorf("create %s: %w", path, err) }
	method, ok := aggregate.MethodID(layout.Aggregation)
	if !ok {
		return fail(fmt.Errorf("aggregation method %q", layout.Aggregation))
	}
	if !(0 <= layout.XFilesFactor && layout.XFilesFactor <= 1) {
		return fail(fmt.Errorf("xFilesFactor %g", layout.XFilesFactor))
	}
	if err := checkArchives(layout.Archives); err != nil {
		return fail(err)
	}
	if len(layout.Archives) > maxArchives {
		return fail(fmt.Errorf("%d archives", len(layout.Archives)))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fail(err)
	}
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%016x", tempPrefix, rand.Uint64()))
	err := createAt(temp, method, layout, sparse)
	if err == nil {
		err = renameNew(temp, path)
	}
	if err != nil {
		os.Remove(temp) // what is left after all is removed when the tree is opened
		return fail(err)
	}
	return nil
}

// tryCreate writes what create would, and removes it.
func tryCreate(path string, layout metric.Layout, sparse bool) error {
	dir := filepath.Dir(path)
	err := os.MkdirAll(dir, 0o755)
	var f *os.File
	if err == nil {
		f, err = os.CreateTemp(dir, tempPrefix)
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	size := int64(metadataSize + archiveSize*len(layout.Archives))
	for _, a := range layout.Archives {
		size += a.Points * pointSize
	}
	const page = 4096
	step := int64(page)
	if sparse {
		step = size // its first and its last byte
	}
	for at := int64(0); err == nil && at < size; at += step {
		_, err = f.WriteAt([]byte{0}, at)
	}
	if err == nil {
		_, err = f.WriteAt([]byte{0}, size-1)
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	return nil
}

// createAt lets go-whisper make the file. It knows the methods 1 to 5 only: 6
// to 8 mean something else to it, so their number is put in afterwards.
func createAt(path string, method uint32, layout metric.Layout, sparse bool) error {
	var retentions gowhisper.Retentions
	for _, a := range layout.Archives {
		r := gowhisper.NewRetention(int(a.Step), int(a.Points))
		retentions = append(retentions, &r)
	}
	as := gowhisper.AggregationMethod(method)
	if as > gowhisper.Min {
		as = gowhisper.Average
	}
	w, err := gowhisper.CreateWithOptions(path, retentions, as, float32(layout.XFilesFactor), &gowhisper.Options{Sparse: sparse})
	if err != nil {
		return err
	}
	if as != gowhisper.AggregationMethod(method) {
		_, err = w.File().WriteAt(binary.BigEndian.AppendUint32(nil, method), 0)
	}
	return errors.Join(err, w.Close())
}

// setAside renames a corrupt file to NAME.wsp.corrupt-EPOCH and returns that
// path. Of a very long name the end is lost.
func setAside(path string, epoch int64) (aside string, err error) {
	dir, name := filepath.Split(path)
	for ; ; epoch++ { // the name may be taken
		suffix := fmt.Sprintf(".corrupt-%d", epoch)
		aside = dir + name[:min(len(name), 255-len(suffix))] + suffix
		if err = renameNew(path, aside); !errors.Is(err, fs.ErrExist) {
			return aside, err
		}
	}
}

// renameNew renames a file unless there is one of the new name. Nobody else
// writes to the tree, so looking first is enough.
func renameNew(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
