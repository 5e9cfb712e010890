package whisper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"carbon/aggregate"
	"carbon/disk"
	"carbon/metric"
	"carbon/storage/schema"
)

// Allocation is how a new file takes its room on the disk.
type Allocation int

const (
	Sparse    Allocation = iota // as it fills
	Full                        // written in full when it is created
	Fallocate                   // kept by the file system; Full where it cannot
)

// create makes an empty whisper file, and the directories above it, and returns
// it open. The file appears under its name when it is complete: a process that
// dies leaves none that is half a file. (After a power cut it may be empty,
// because nothing is synced here; then it is set aside like any corrupt file, and
// what it held is still in the log.) There is no file of the name.
func create(fsys disk.FS, path string, layout metric.Layout, how Allocation) (*file, error) {
	h, err := newHeader(layout)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	dir := filepath.Dir(path)
	temp := dir + "/" + tempName()
	const flag = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := fsys.Open(temp, flag)
	if errors.Is(err, fs.ErrNotExist) {
		if err = fsys.MkdirAll(dir); err == nil {
			f, err = fsys.Open(temp, flag)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	var id disk.Info
	if err = fill(f, h, how); err == nil {
		id, err = f.Stat()
	}
	if err == nil {
		err = fsys.Rename(temp, path)
	}
	if err != nil {
		_ = f.Close()
		_ = fsys.Remove(temp) // what is left after all is removed when the tree is looked through
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	return &file{f: renamed{f, path}, id: id, header: h}, nil
}

// renamed is a file that has got another name since it was opened.
type renamed struct {
	disk.File
	name string
}

func (f renamed) Name() string { return f.name }

func tempName() string {
	const digits = "0123456789abcdef"
	name := make([]byte, 0, len(tempPrefix)+16)
	name = append(name, tempPrefix...)
	for r := rand.Uint64(); len(name) < cap(name); r >>= 4 {
		name = append(name, digits[r&15])
	}
	return string(name)
}

// fill gives a new file its header and its length.
func fill(f disk.File, h header, how Allocation) error {
	size := h.size()
	if how == Fallocate {
		switch err := f.Allocate(size); {
		case errors.Is(err, errors.ErrUnsupported): // as carbon does where there is no such call
			how = Full
		case err != nil:
			return err
		}
	}
	b := h.bytes()
	if how == Full {
		b = append(b, make([]byte, min(size, fullChunk)-int64(len(b)))...)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		return err
	}
	if how != Full {
		return f.Truncate(size)
	}
	clear(b)
	for at := int64(len(b)); at < size; at += int64(len(b)) {
		if _, err := f.WriteAt(b[:min(int64(len(b)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}

// fullChunk is how many bytes are written at once.
const fullChunk = 256 << 10

// newHeader is the header of an empty file.
func newHeader(layout metric.Layout) (header, error) {
	h := header{method: layout.Aggregation, xFilesFactor: float64(float32(layout.XFilesFactor))}
	if _, ok := aggregate.MethodID(layout.Aggregation); !ok {
		return header{}, fmt.Errorf("aggregation method %q", layout.Aggregation)
	}
	h.aggregate, _ = aggregate.Lookup(layout.Aggregation)
	if !(0 <= layout.XFilesFactor && layout.XFilesFactor <= 1) {
		return header{}, fmt.Errorf("xFilesFactor %g", layout.XFilesFactor)
	}
	if err := schema.Validate(layout.Archives); err != nil {
		return header{}, err
	}
	if len(layout.Archives) > maxArchives {
		return header{}, fmt.Errorf("%d archives", len(layout.Archives))
	}
	h.archives = placed(layout.Archives)
	return h, nil
}

// placed returns archives one behind the other in an empty file.
func placed(archives []metric.Archive) (all []archive) {
	offset := int64(metadataSize + archiveSize*len(archives))
	for _, a := range archives {
		all = append(all, archive{Archive: a, offset: offset})
		offset += a.Points * pointSize
	}
	return all
}

// bytes returns the header as it stands in a file.
func (h *header) bytes() []byte {
	method, _ := aggregate.MethodID(h.method)
	b := make([]byte, 0, metadataSize+archiveSize*len(h.archives))
	b = binary.BigEndian.AppendUint32(b, method)
	b = binary.BigEndian.AppendUint32(b, uint32(h.maxRetention()))
	b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(h.xFilesFactor)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(h.archives)))
	for _, a := range h.archives {
		b = binary.BigEndian.AppendUint32(b, uint32(a.offset))
		b = binary.BigEndian.AppendUint32(b, uint32(a.Step))
		b = binary.BigEndian.AppendUint32(b, uint32(a.Points))
	}
	return b
}

// SetAside renames a corrupt file to NAME.wsp.corrupt-EPOCH and returns that
// path. Of a very long name the end is lost.
func SetAside(fsys disk.FS, path string, epoch int64) (aside string, err error) {
	dir, name := filepath.Split(path)
	for ; ; epoch++ { // the name may be taken
		suffix := fmt.Sprintf(".corrupt-%d", epoch)
		aside = dir + name[:min(len(name), 255-len(suffix))] + suffix
		if err = renameNew(fsys, path, aside); !errors.Is(err, fs.ErrExist) {
			return aside, err
		}
	}
}

// renameNew renames a file unless there is one of the new name. Nobody else
// writes to the tree, so looking first is enough.
func renameNew(fsys disk.FS, from, to string) error {
	if _, err := fsys.Lstat(to); err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return fsys.Rename(from, to)
}
