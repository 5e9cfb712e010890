package whisper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"carbon/disk"
	"carbon/metric"
)

// File is a whisper file that is used without a Store. It sees what other processes
// write to the file. It is not safe for concurrent use. Archives are numbered from 0,
// the finest first.
type File struct {
	file    *file
	scratch scratch
}

// OpenFile opens a file with os.O_RDONLY or os.O_RDWR. Errors include the path. The
// error is a *CorruptError if the file is not a whisper file, and wraps ErrCompressed if
// it is a compressed one.
func OpenFile(fsys disk.FS, path string, flag int) (*File, error) {
	f, err := openFile(fsys, path, flag)
	if err != nil {
		return nil, err
	}
	return &File{file: f}, nil
}

// CreateFile creates an empty file and opens it for reading and writing. If the file
// exists, the error is os.ErrExist.
func CreateFile(fsys disk.FS, path string, layout metric.Layout, allocation Allocation) (*File, error) {
	h, err := newHeader(layout)
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	if err := fill(f, h, allocation); err != nil {
		return nil, errors.Join(err, f.Close(), fsys.Remove(path))
	}
	return &File{file: &file{f: f, header: h}}, nil
}

// FileSize returns the size in bytes of a file with the archives, which must be valid.
func FileSize(archives []metric.Archive) int64 {
	h := header{archives: placeArchives(archives)}
	return h.size()
}

// Name returns the path with which the file was opened.
func (f *File) Name() string { return f.file.f.Name() }

// Layout returns the layout in the header.
func (f *File) Layout() metric.Layout { return f.file.layout() }

// Extent returns the offset and the size of an archive in the file, in bytes.
func (f *File) Extent(archive int) (offset, size int64) {
	a := &f.file.archives[archive]
	return a.offset, a.end() - a.offset
}

// Size returns the size of the file in bytes.
func (f *File) Size() (int64, error) {
	info, err := f.file.f.Stat()
	return info.Size, err
}

// Slots calls each for every slot of every archive, in file order. Slots left from
// earlier laps of a ring are included. The time of a slot that was never written is 0.
func (f *File) Slots(ctx context.Context, each func(archive, slot int, t int64, v float64)) error {
	b := make([]byte, chunk*pointSize)
	for i := range f.file.archives {
		a := &f.file.archives[i]
		for slot := int64(0); slot < a.Points; {
			if err := ctx.Err(); err != nil {
				return err
			}
			slots := b[:min(chunk, a.Points-slot)*pointSize]
			if err := f.file.readAt(slots, a.offset+slot*pointSize); err != nil {
				return err
			}
			for ; len(slots) > 0; slots = slots[pointSize:] {
				t, v := getPoint(slots)
				if slot == 0 {
					a.base = t
				}
				each(i, int(slot), t, v)
				slot++
			}
		}
	}
	return nil
}

// Points returns the points of each archive, sorted by time, whatever their age. It
// leaves out points that are not in the slot of their time, and NaN values.
func (f *File) Points() ([][]metric.Point, error) {
	points := make([][]metric.Point, len(f.file.archives))
	err := f.Slots(context.Background(), func(i, slot int, t int64, v float64) {
		a := &f.file.archives[i]
		if t != 0 && t == a.align(t) && v == v && a.slot(t) == int64(slot) {
			points[i] = append(points[i], metric.Point{Time: t, Value: v})
		}
	})
	for i := range points {
		slices.SortFunc(points[i], func(a, b metric.Point) int { return cmp.Compare(a.Time, b.Time) })
	}
	return points, err
}

// Fetch returns the values in a window, as whisper.py does: from the finest archive
// whose retention, counted back from now, covers w.From. ok is false if the window is
// entirely in the future or too old.
func (f *File) Fetch(w metric.Window, now int64) (s metric.Series, ok bool, err error) {
	f.file.forgetEmpty()
	return f.file.fetch(w, now)
}

// FetchArchive returns the values of an archive in a window. w.From must not be after
// w.Until. The first value is for the step after the one that contains w.From, and the
// last for the step that contains w.Until; if both are in the same step, there is one
// value.
func (f *File) FetchArchive(archive int, w metric.Window) (metric.Series, error) {
	f.file.forgetEmpty()
	return f.file.fetchArchive(&f.file.archives[archive], w)
}

// Update stores points and rolls them up, as whisper.py does. Each point goes to the
// finest archive whose retention, counted back from now, covers it. If several points
// have the same time, the last one is stored. Update drops points older than the longest
// retention.
func (f *File) Update(points []metric.Point, now int64) error {
	f.file.forgetEmpty()
	_, err := f.file.update(f.scratch.sorted(points), now, &f.scratch)
	return err
}

// UpdateArchive stores points in an archive and rolls them up into the coarser ones. The
// points must be sorted by time.
func (f *File) UpdateArchive(archive int, points []metric.Point) error {
	if len(points) == 0 {
		return nil
	}
	f.file.forgetEmpty()
	return f.file.updateArchive(archive, points, &f.scratch)
}

// WriteArchive stores points in an archive and does not roll them up. The points must be
// sorted by time.
func (f *File) WriteArchive(archive int, points []metric.Point) error {
	if len(points) == 0 {
		return nil
	}
	f.file.forgetEmpty()
	return f.file.writePoints(&f.file.archives[archive], points, &f.scratch)
}

// SetAggregation changes the aggregation method and xFilesFactor of later rollups.
func (f *File) SetAggregation(method string, xFilesFactor float64) error {
	l := f.file.layout()
	l.Aggregation, l.XFilesFactor = method, xFilesFactor
	h, err := newHeader(l)
	if err != nil {
		return err
	}
	h.archives = f.file.archives
	if _, err := f.file.f.WriteAt(h.bytes(), 0); err != nil {
		return err
	}
	f.file.header = h
	return nil
}

// Lock waits for the file's advisory lock and takes it. linked is false if the file has
// been removed or replaced since it was opened.
func (f *File) Lock() (linked bool, err error) {
	if err := f.file.f.Lock(); err != nil {
		return false, err
	}
	info, err := f.file.f.Stat()
	return info.Links > 0, err
}

// Sync makes earlier writes durable: they survive a power cut.
func (f *File) Sync() error { return f.file.f.Sync() }

// Close closes the file and releases its lock.
func (f *File) Close() error { return f.file.close() }

// Verify reads a whole file and returns its number of slots. If the time of a slot is not
// a multiple of its archive's step, the error is a *CorruptError.
func Verify(fsys disk.FS, path string) (slots int64, err error) {
	f, err := OpenFile(fsys, path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var misaligned error
	err = f.Slots(context.Background(), func(i, slot int, t int64, _ float64) {
		slots++
		if a := &f.file.archives[i]; t != a.align(t) && misaligned == nil {
			misaligned = &CorruptError{path, fmt.Sprintf("archive %d, slot %d: time %d is not a multiple of the step %d", i, slot, t, a.Step)}
		}
	})
	return slots, cmp.Or(err, misaligned)
}
