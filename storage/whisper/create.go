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

// Allocation is how a new file allocates disk space.
type Allocation int

const (
	Sparse    Allocation = iota // as points are written
	Full                        // at creation, by writing zeros
	Fallocate                   // at creation, by fallocate; Full where the file system lacks it
)

// create creates an empty whisper file and its directories, and returns it open.
// There must be no file at path. The file gets its name when it is complete, so a
// process that dies leaves no incomplete file at path.
//
// create does not sync. After a power cut the file may be empty; the Store then sets
// it aside as corrupt, and its points are still in the write-ahead log.
func create(fsys disk.FS, path string, layout metric.Layout, allocation Allocation) (*file, error) {
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
	if err = fill(f, h, allocation); err == nil {
		id, err = f.Stat()
	}
	if err == nil {
		err = fsys.Rename(temp, path)
	}
	if err != nil {
		_ = f.Close()
		_ = fsys.Remove(temp) // if this fails, the next scan of the tree removes it
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	return &file{f: renamed{f, path}, id: id, header: h}, nil
}

// renamed is a file that was renamed after it was opened.
type renamed struct {
	disk.File
	name string
}

func (f renamed) Name() string { return f.name }

// tempName returns a random name that scans recognize as a temporary file.
func tempName() string {
	const digits = "0123456789abcdef"
	name := make([]byte, 0, len(tempPrefix)+16)
	name = append(name, tempPrefix...)
	for r := rand.Uint64(); len(name) < cap(name); r >>= 4 {
		name = append(name, digits[r&15])
	}
	return string(name)
}

// fill writes the header of a new file and sets its length.
func fill(f disk.File, h header, allocation Allocation) error {
	size := h.size()
	if allocation == Fallocate {
		switch err := f.Allocate(size); {
		case errors.Is(err, errors.ErrUnsupported): // as carbon does on systems without fallocate
			allocation = Full
		case err != nil:
			return err
		}
	}
	b := h.bytes()
	if allocation == Full {
		b = append(b, make([]byte, min(size, fillChunk)-int64(len(b)))...)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		return err
	}
	if allocation != Full {
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

// fillChunk is how many bytes fill writes at once.
const fillChunk = 256 << 10

// newHeader returns the header of an empty file with a layout, which it validates.
func newHeader(layout metric.Layout) (header, error) {
	h := header{method: layout.Aggregation, xFilesFactor: float64(float32(layout.XFilesFactor))}
	if _, ok := aggregate.MethodID(layout.Aggregation); !ok {
		return header{}, fmt.Errorf("unknown aggregation method %q", layout.Aggregation)
	}
	h.aggregate, _ = aggregate.Lookup(layout.Aggregation)
	if !(0 <= layout.XFilesFactor && layout.XFilesFactor <= 1) {
		return header{}, fmt.Errorf("xFilesFactor %g is not between 0 and 1", layout.XFilesFactor)
	}
	if err := schema.Validate(layout.Archives); err != nil {
		return header{}, err
	}
	if len(layout.Archives) > maxArchives {
		return header{}, fmt.Errorf("%d archives, more than %d", len(layout.Archives), maxArchives)
	}
	h.archives = placeArchives(layout.Archives)
	return h, nil
}

// placeArchives assigns offsets to the archives of a new file, one after the other.
func placeArchives(archives []metric.Archive) (placed []archive) {
	offset := int64(metadataSize + archiveSize*len(archives))
	for _, a := range archives {
		placed = append(placed, archive{Archive: a, offset: offset})
		offset += a.Points * pointSize
	}
	return placed
}

// bytes returns the header as it is stored in a file.
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

// SetAside renames a corrupt file to NAME.wsp.corrupt-EPOCH and returns the new path.
// If the name is taken, it uses the next free EPOCH. It truncates NAME.wsp if the new
// name would be longer than 255 bytes.
func SetAside(fsys disk.FS, path string, epoch int64) (aside string, err error) {
	dir, name := filepath.Split(path)
	for ; ; epoch++ {
		suffix := fmt.Sprintf(".corrupt-%d", epoch)
		aside = dir + name[:min(len(name), 255-len(suffix))] + suffix
		if err = renameNew(fsys, path, aside); !errors.Is(err, fs.ErrExist) {
			return aside, err
		}
	}
}

// renameNew renames a file. If the new name exists, the error is fs.ErrExist. The check
// is not atomic, because no other program creates files in the tree.
func renameNew(fsys disk.FS, from, to string) error {
	if _, err := fsys.Lstat(to); err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return fsys.Rename(from, to)
}
