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

// File is one whisper file for who looks into it or changes it without a Store.
// It follows what other processes write, and is used by one goroutine at a time.
// Archives are numbered from fine to coarse, from 0 on.
type File struct {
	file    *file
	scratch scratch
}

// OpenFile opens a file with os.O_RDONLY or os.O_RDWR. Errors name the path; that
// of a file that is none is a *CorruptError, that of a compressed one is
// ErrCompressed.
func OpenFile(fsys disk.FS, path string, flag int) (*File, error) {
	f, err := openFile(fsys, path, flag)
	if err != nil {
		return nil, err
	}
	return &File{file: f}, nil
}

// CreateFile makes an empty file and returns it open for reading and writing. It
// is an error if there is one already.
func CreateFile(fsys disk.FS, path string, layout metric.Layout, how Allocation) (*File, error) {
	h, err := newHeader(layout)
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	if err := fill(f, h, how); err != nil {
		return nil, errors.Join(err, f.Close(), fsys.Remove(path))
	}
	return &File{file: &file{f: f, header: h}}, nil
}

// FileSize returns how many bytes a file of valid archives has.
func FileSize(archives []metric.Archive) int64 {
	h := header{archives: placed(archives)}
	return h.size()
}

// Name returns the path that the file was opened by.
func (f *File) Name() string { return f.file.f.Name() }

// Layout returns what the header says.
func (f *File) Layout() metric.Layout { return f.file.layout() }

// Extent returns where an archive is in the file, in bytes.
func (f *File) Extent(archive int) (offset, size int64) {
	a := &f.file.archives[archive]
	return a.offset, a.end() - a.offset
}

// Size returns how many bytes the file has.
func (f *File) Size() (int64, error) {
	info, err := f.file.f.Stat()
	return info.Size, err
}

// Slots calls each for all slots of all archives as they stand in the file, old
// laps of a ring included. The time of one that was never written is 0.
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

// Points returns the points that stand where they belong, of each archive and by
// time, however old they are or far in the future.
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

// Fetch returns what the file holds for a window, as whisper.py does: from the
// finest archive that reaches back from now to the window's beginning. ok is false
// if all of the window is in the future or too old.
func (f *File) Fetch(w metric.Window, now int64) (s metric.Series, ok bool, err error) {
	f.file.doubtEmpty()
	return f.file.fetch(w, now)
}

// FetchArchive returns what an archive holds for a window that does not end before
// it begins. Values start one step after From's, the last is that of Until; a
// window of no length is one step long.
func (f *File) FetchArchive(archive int, w metric.Window) (metric.Series, error) {
	f.file.doubtEmpty()
	return f.file.fetchArchive(&f.file.archives[archive], w)
}

// Update stores points, each in the finest archive that reaches back from now to
// it, and rolls them up, as whisper.py does. Of several for one time the last
// counts; those that are too old are left out.
func (f *File) Update(points []metric.Point, now int64) error {
	f.file.doubtEmpty()
	_, err := f.file.update(f.scratch.sorted(points), now, &f.scratch)
	return err
}

// UpdateArchive stores points, ascending, in an archive and rolls them up into the
// coarser ones.
func (f *File) UpdateArchive(archive int, points []metric.Point) error {
	if len(points) == 0 {
		return nil
	}
	f.file.doubtEmpty()
	return f.file.updateArchive(archive, points, &f.scratch)
}

// WriteArchive stores points, ascending, in an archive alone.
func (f *File) WriteArchive(archive int, points []metric.Point) error {
	if len(points) == 0 {
		return nil
	}
	f.file.doubtEmpty()
	return f.file.writePoints(&f.file.archives[archive], points, &f.scratch)
}

// SetAggregation changes how points are rolled up that come from now on.
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

// Lock waits until nobody else holds the file's advisory lock. named is false if
// the file was removed meanwhile, or another has taken its place.
func (f *File) Lock() (named bool, err error) {
	if err := f.file.f.Lock(); err != nil {
		return false, err
	}
	info, err := f.file.f.Stat()
	return info.Links > 0, err
}

// Sync returns when what was written survives a power cut.
func (f *File) Sync() error { return f.file.f.Sync() }

// Close gives back the lock, too.
func (f *File) Close() error { return f.file.close() }

// Verify reads all of a file and returns how many slots it has. A slot with a time
// that cannot be in its archive makes it a *CorruptError.
func Verify(fsys disk.FS, path string) (slots int64, err error) {
	f, err := OpenFile(fsys, path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var wrong error
	err = f.Slots(context.Background(), func(i, slot int, t int64, _ float64) {
		slots++
		if a := &f.file.archives[i]; t != a.align(t) && wrong == nil {
			wrong = &CorruptError{path, fmt.Sprintf("archive %d, slot %d: the time %d is no multiple of %d", i, slot, t, a.Step)}
		}
	})
	return slots, cmp.Or(err, wrong)
}
