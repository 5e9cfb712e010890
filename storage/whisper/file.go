package whisper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"carbon/disk"
)

// file is an open whisper file.
type file struct {
	f  disk.File
	id disk.Info // when it was opened
	header
}

// openFile opens a file with os.O_RDONLY or os.O_RDWR and reads its header. Errors
// include the path. If the file is not a whisper file, the error is a *CorruptError.
func openFile(fs disk.FS, path string, flag int) (*file, error) {
	f, err := fs.Open(path, flag)
	if err != nil {
		return nil, err
	}
	h, id, err := readFileHeader(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &file{f: f, id: id, header: h}, nil
}

// readFileHeader reads the header of an open file. Errors include the path.
func readFileHeader(f disk.File) (header, disk.Info, error) {
	info, err := f.Stat()
	if err != nil {
		return header{}, info, err
	}
	if !info.Regular {
		return header{}, info, fmt.Errorf("%s: not a regular file", f.Name())
	}
	h, err := readHeader(f, info.Size)
	var damage *CorruptError
	if errors.As(err, &damage) {
		damage.Path = f.Name()
	} else if errors.Is(err, ErrCompressed) {
		err = fmt.Errorf("%s: %w", f.Name(), err)
	}
	return h, info, err
}

func (f *file) close() error { return f.f.Close() }

// view returns a copy for one reader. Bases that the reader loads stay in the copy.
func (f *file) view() *file {
	v := *f
	v.archives = slices.Clone(f.archives)
	return &v
}

// forgetEmpty makes the next access read the bases of empty archives again, because
// another program may have written their first point. Other bases never change.
func (f *file) forgetEmpty() {
	for i := range f.archives {
		if f.archives[i].base == 0 {
			f.archives[i].base = baseUnread
		}
	}
}

// loadBase reads the base of an archive if it has not been read.
func (f *file) loadBase(a *archive) error {
	if a.base != baseUnread {
		return nil
	}
	var b [4]byte
	if err := f.readAt(b[:], a.offset); err != nil {
		return err
	}
	a.base = int64(binary.BigEndian.Uint32(b[:]))
	return nil
}

// readSlots reads consecutive slots into b, beginning with the slot of time t and
// wrapping at the end of the ring. The base must be loaded. len(b) is a multiple of
// pointSize and not larger than the ring.
func (f *file) readSlots(a *archive, t int64, b []byte) error {
	at := a.offset + a.slot(t)*pointSize
	n := min(int64(len(b)), a.end()-at)
	if err := f.readAt(b[:n], at); err != nil {
		return err
	}
	if n == int64(len(b)) {
		return nil
	}
	return f.readAt(b[n:], a.offset)
}

// writeSlots writes consecutive slots from b, as readSlots reads them. The first write
// to an archive sets its base to t, so the slot of t is the first of the ring.
func (f *file) writeSlots(a *archive, t int64, b []byte) error {
	first := a.base == 0
	if first {
		a.base = t
	}
	at := a.offset + a.slot(t)*pointSize
	n := min(int64(len(b)), a.end()-at)
	if _, err := f.f.WriteAt(b[:n], at); err != nil {
		if first {
			a.base = baseUnread
		}
		return err
	}
	if n == int64(len(b)) {
		return nil
	}
	_, err := f.f.WriteAt(b[n:], a.offset)
	return err
}

func (f *file) readAt(b []byte, at int64) error {
	_, err := f.f.ReadAt(b, at)
	if err == io.EOF {
		return &CorruptError{Path: f.f.Name(), Reason: fmt.Sprintf("file ends before offset %d", at+int64(len(b)))}
	}
	return err
}

// putPoint encodes a slot.
func putPoint(b []byte, t int64, v float64) {
	binary.BigEndian.PutUint32(b, uint32(t))
	binary.BigEndian.PutUint64(b[4:], math.Float64bits(v))
}

// getPoint decodes a slot.
func getPoint(b []byte) (t int64, v float64) {
	return int64(binary.BigEndian.Uint32(b)), math.Float64frombits(binary.BigEndian.Uint64(b[4:]))
}

// decodeValues decodes slots into dst, which has one element per slot. The first slot
// must have time t, each other slot the time one step after the slot before. A slot with
// another time is left from an earlier lap of the ring: its value is NaN. decodeValues
// returns the number of values that are present.
func decodeValues(dst []float64, slots []byte, t, step int64) (known int) {
	for i := range dst {
		dst[i] = math.NaN()
		if at, v := getPoint(slots[i*pointSize : (i+1)*pointSize]); at == t {
			dst[i] = v
			known++
		}
		t += step
	}
	return known
}
