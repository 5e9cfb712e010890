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
	id disk.Info // as it was opened
	header
}

// openFile opens a file with os.O_RDONLY or os.O_RDWR and reads its header.
// Errors name the path; a file that is none is a *CorruptError.
func openFile(fs disk.FS, path string, flag int) (*file, error) {
	f, err := fs.Open(path, flag)
	if err != nil {
		return nil, err
	}
	h, id, err := headerOf(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &file{f: f, id: id, header: h}, nil
}

func headerOf(f disk.File) (header, disk.Info, error) {
	info, err := f.Stat()
	if err != nil {
		return header{}, info, err
	}
	if !info.Regular {
		return header{}, info, fmt.Errorf("%s: not a file", f.Name())
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

// view returns the file as one reader has it: what that learns of it stays there.
func (f *file) view() *file {
	v := *f
	v.archives = slices.Clone(f.archives)
	return &v
}

// doubtEmpty makes the bases of empty archives be read again: another program may
// have put a point there since. A base that is set stays.
func (f *file) doubtEmpty() {
	for i := range f.archives {
		if f.archives[i].base == 0 {
			f.archives[i].base = unread
		}
	}
}

// loadBase reads the base of an archive unless it is known.
func (f *file) loadBase(a *archive) error {
	if a.base != unread {
		return nil
	}
	var b [4]byte
	if err := f.readAt(b[:], a.offset); err != nil {
		return err
	}
	a.base = int64(binary.BigEndian.Uint32(b[:]))
	return nil
}

// readSlots reads slots one after the other, from that of time t on and around
// the end of the ring. The base must be loaded. len(b) is a multiple of
// pointSize and at most the ring.
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

// writeSlots is the reverse of readSlots. The first write to an archive sets
// its base: the slot of t is the ring's first then.
func (f *file) writeSlots(a *archive, t int64, b []byte) error {
	first := a.base == 0
	if first {
		a.base = t
	}
	at := a.offset + a.slot(t)*pointSize
	n := min(int64(len(b)), a.end()-at)
	if _, err := f.f.WriteAt(b[:n], at); err != nil {
		if first {
			a.base = unread
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
		return &CorruptError{Path: f.f.Name(), Reason: fmt.Sprintf("ends before %d", at+int64(len(b)))}
	}
	return err
}

func putPoint(b []byte, t int64, v float64) {
	binary.BigEndian.PutUint32(b, uint32(t))
	binary.BigEndian.PutUint64(b[4:], math.Float64bits(v))
}

func getPoint(b []byte) (t int64, v float64) {
	return int64(binary.BigEndian.Uint32(b)), math.Float64frombits(binary.BigEndian.Uint64(b[4:]))
}

// values takes from slots the values whose time is the expected one: t, then
// one step later for each. What an older lap of the ring left is no value. It
// returns how many there are. dst has a place per slot.
func values(dst []float64, slots []byte, t, step int64) (known int) {
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
