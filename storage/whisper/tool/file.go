package tool

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"slices"

	"carbon/aggregate"
	"carbon/disk"
	"carbon/metric"
)

// pointSize is how many bytes a slot has: time uint32, value float64.
const pointSize = 12

// file is an open whisper file. Of each archive it knows the time in the first
// slot, the base, which says where the others are; 0 is never written.
type file struct {
	header
	path  string
	f     disk.File
	size  int64
	bases []int64
}

// openFile opens a file with os.O_RDONLY or os.O_RDWR. Errors name the path; one
// that is no whisper file is a *corruptError.
func openFile(fsys disk.FS, path string, flag int) (*file, error) {
	f, err := fsys.Open(path, flag)
	if err != nil {
		return nil, err
	}
	opened, err := newFile(path, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return opened, nil
}

func newFile(path string, f disk.File) (*file, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	opened := &file{path: path, f: f, size: info.Size}
	if opened.header, err = readHeader(path, f, info); err != nil {
		return nil, err
	}
	for i := range opened.layout.Archives {
		var b [4]byte
		if _, err := f.ReadAt(b[:], opened.offset(i)); err != nil {
			return nil, err
		}
		opened.bases = append(opened.bases, int64(binary.BigEndian.Uint32(b[:])))
	}
	return opened, nil
}

func (f *file) close() error { return f.f.Close() }
func (f *file) sync() error  { return f.f.Sync() }

// lock waits for the lock of the file, and tells how many names it has then: 0 if
// another file has taken its place.
func (f *file) lock() (links uint64, err error) {
	if err := f.f.Lock(); err != nil {
		return 0, err
	}
	info, err := f.f.Stat()
	return info.Links, err
}

// slot returns which slot of an archive a time is kept in.
func (f *file) slot(i int, t int64) int64 {
	a := f.layout.Archives[i]
	n := floor(t-f.bases[i], a.Step) / a.Step
	return (n%a.Points + a.Points) % a.Points
}

// slots calls each for all slots of all archives, in the order of the file.
func (f *file) slots(ctx context.Context, each func(archive, slot int, t int64, v float64)) error {
	buf := make([]byte, 4096*pointSize)
	for i, a := range f.layout.Archives {
		for done := int64(0); done < a.Points; {
			if err := ctx.Err(); err != nil {
				return err
			}
			b := buf[:min(int64(len(buf)), (a.Points-done)*pointSize)]
			if _, err := f.f.ReadAt(b, f.offset(i)+done*pointSize); err != nil {
				return err
			}
			for ; len(b) > 0; b = b[pointSize:] {
				t, v := getPoint(b)
				each(i, int(done), t, v)
				done++
			}
		}
	}
	return nil
}

func getPoint(b []byte) (t int64, v float64) {
	return int64(binary.BigEndian.Uint32(b)), math.Float64frombits(binary.BigEndian.Uint64(b[4:]))
}

// content returns the points that can be read, and such of the future, also where
// another process wrote the first ones.
func (f *file) content(now int64) (content, error) {
	c := content{f.layout, make([][]metric.Point, len(f.layout.Archives))}
	err := f.slots(context.Background(), func(i, slot int, t int64, v float64) {
		a := f.layout.Archives[i]
		if slot == 0 {
			f.bases[i] = t
		}
		if t != 0 && t%a.Step == 0 && v == v && t >= oldest(a, now) && f.slot(i, t) == int64(slot) {
			c.points[i] = append(c.points[i], metric.Point{Time: t, Value: v})
		}
	})
	for i := range c.points {
		slices.SortFunc(c.points[i], func(a, b metric.Point) int { return cmp.Compare(a.Time, b.Time) })
	}
	return c, err
}

// newest returns the time of the newest point in any archive, 0 if there is none.
func (f *file) newest() (newest int64, err error) {
	err = f.slots(context.Background(), func(_, _ int, t int64, _ float64) { newest = max(newest, t) })
	return newest, err
}

// write puts points, ascending, into an archive, and makes no rollups. Of several
// in one slot the last counts.
func (f *file) write(i int, points []metric.Point) error {
	a := f.layout.Archives[i]
	var run []byte // slots one after the other
	at := int64(0) // offset of the first
	for n, p := range points {
		t := floor(p.Time, a.Step)
		if n+1 < len(points) && floor(points[n+1].Time, a.Step) == t {
			continue
		}
		if f.bases[i] == 0 {
			f.bases[i] = t
		}
		here := f.offset(i) + f.slot(i, t)*pointSize
		if len(run) > 0 && here != at+int64(len(run)) {
			if _, err := f.f.WriteAt(run, at); err != nil {
				return err
			}
			run = run[:0]
		}
		if len(run) == 0 {
			at = here
		}
		run = binary.BigEndian.AppendUint32(run, uint32(t))
		run = binary.BigEndian.AppendUint64(run, math.Float64bits(p.Value))
	}
	if len(run) == 0 {
		return nil
	}
	_, err := f.f.WriteAt(run, at)
	return err
}

// updateArchive writes points, ascending, into an archive and rolls them up into
// the coarser ones, as whisper.py does.
func (f *file) updateArchive(i int, points []metric.Point) error {
	if len(points) == 0 {
		return nil
	}
	if err := f.write(i, points); err != nil {
		return err
	}
	method, _ := aggregate.Lookup(f.layout.Aggregation)
	for j := i + 1; j < len(f.layout.Archives); j++ {
		coarse := f.layout.Archives[j]
		var rolled []metric.Point
		next := int64(math.MinInt64)
		for _, p := range points {
			t := floor(p.Time, coarse.Step)
			if t < next {
				continue
			}
			next = t + coarse.Step
			values, err := f.values(j-1, t, int(coarse.Step/f.layout.Archives[j-1].Step))
			if err != nil {
				return err
			}
			if n := aggregate.Count(values); n > 0 && n/float64(len(values)) >= f.layout.XFilesFactor {
				rolled = append(rolled, metric.Point{Time: t, Value: method(values)})
			}
		}
		if err := f.write(j, rolled); err != nil || len(rolled) == 0 {
			return err
		}
	}
	return nil
}

// update stores points, each in the finest archive that reaches back to it, as
// whisper.py does, and returns how many were not too old.
func (f *file) update(points []metric.Point, now int64) (stored int, err error) {
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b metric.Point) int { return cmp.Compare(a.Time, b.Time) })
	for i, a := range f.layout.Archives {
		fit := since(points, now-a.Retention())
		points = points[:len(points)-len(fit)]
		if err := f.updateArchive(i, fit); err != nil {
			return stored, err
		}
		stored += len(fit)
	}
	return stored, nil
}

// values reads n values of an archive from t on; NaN is none.
func (f *file) values(i int, t int64, n int) ([]float64, error) {
	a := f.layout.Archives[i]
	values := make([]float64, 0, n)
	buf := make([]byte, min(int64(n), a.Points, 4096)*pointSize)
	for len(values) < n {
		slot := f.slot(i, t)
		b := buf[:min(int64(len(buf)), (a.Points-slot)*pointSize, int64(n-len(values))*pointSize)]
		if _, err := f.f.ReadAt(b, f.offset(i)+slot*pointSize); err != nil {
			return nil, err
		}
		for ; len(b) > 0; b = b[pointSize:] {
			at, v := getPoint(b)
			if at != t || f.bases[i] == 0 {
				v = math.NaN()
			}
			values = append(values, v)
			t += a.Step
		}
	}
	return values, nil
}

// fetch returns what the file holds for a window, from the finest archive that
// reaches back to its beginning. ok is false if all of it is in the future or too
// old.
func (f *file) fetch(w metric.Window, now int64) (s metric.Series, ok bool, err error) {
	reach := now - f.maxRetention()
	if w.From > now || w.Until < reach {
		return s, false, nil
	}
	w = metric.Window{From: max(w.From, reach), Until: min(w.Until, now)}
	i := slices.IndexFunc(f.layout.Archives, func(a metric.Archive) bool { return a.Retention() >= now-w.From })
	s, err = f.fetchArchive(i, w)
	return s, err == nil, err
}

// fetchArchive returns what an archive holds for a window. One of no length is
// one step long, as in whisper.py.
func (f *file) fetchArchive(i int, w metric.Window) (s metric.Series, err error) {
	step := f.layout.Archives[i].Step
	s = metric.Series{Start: floor(w.From, step) + step, Step: step}
	n := max(1, (floor(w.Until, step)+step-s.Start)/step)
	s.Values, err = f.values(i, s.Start, int(n))
	return s, err
}

// verifyFile reads all of a file and returns how many slots it has.
func verifyFile(fsys disk.FS, path string) (points int64, err error) {
	f, err := openFile(fsys, path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer f.close()
	var wrong error
	err = f.slots(context.Background(), func(i, slot int, t int64, _ float64) {
		points++
		if t%f.layout.Archives[i].Step != 0 && wrong == nil {
			wrong = corrupt(path, "archive %d, slot %d: the time %d is no multiple of %d", i, slot, t, f.layout.Archives[i].Step)
		}
	})
	return points, cmp.Or(err, wrong)
}
