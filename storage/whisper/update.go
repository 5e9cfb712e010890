package whisper

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"carbon/metric"
)

// scratchPool holds unused *scratch values.
var scratchPool = sync.Pool{New: func() any { return new(scratch) }}

// scratch holds buffers that updates and fetches reuse.
type scratch struct {
	points []metric.Point
	packed []byte
	slots  []byte
	values []float64
}

// sorted returns points sorted by time and without duplicates. If several points have
// the same time, it keeps the last one in the slice. The result is valid until the next
// call, and may be points itself.
func (s *scratch) sorted(points []metric.Point) []metric.Point {
	ascending := true
	for i := 1; i < len(points); i++ {
		if points[i-1].Time >= points[i].Time {
			ascending = false
			break
		}
	}
	if ascending {
		return points
	}
	s.points = append(s.points[:0], points...)
	slices.SortStableFunc(s.points, func(a, b metric.Point) int { return cmp.Compare(a.Time, b.Time) })
	kept := s.points[:0]
	for i, p := range s.points {
		if i+1 < len(s.points) && s.points[i+1].Time == p.Time {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// update stores points and rolls them up into the coarser archives, exactly as
// whisper.py's update_many does. Each point goes to the finest archive whose retention,
// counted back from now, covers it. points must be sorted by time and have no
// duplicates. stored is the number of points in range: not older than the longest
// retention, and with a time that fits in 32 bits.
func (f *file) update(points []metric.Point, now int64, s *scratch) (stored int, err error) {
	for len(points) > 0 && points[0].Time < 0 {
		points = points[1:]
	}
	for len(points) > 0 && points[len(points)-1].Time > math.MaxUint32 {
		points = points[:len(points)-1]
	}
	// Newest points first, so that every rollup includes the newest fine points.
	for i := range f.archives {
		first, _ := slices.BinarySearchFunc(points, now-f.archives[i].Retention(), func(p metric.Point, t int64) int {
			return cmp.Compare(p.Time, t)
		})
		if covered := points[first:]; len(covered) > 0 {
			if err := f.updateArchive(i, covered, s); err != nil {
				return stored, err
			}
			stored += len(covered)
		}
		points = points[:first]
	}
	return stored, nil
}

// updateArchive stores points in archive i and rolls them up into the coarser archives.
// It stops at the first archive that gets no point.
func (f *file) updateArchive(i int, points []metric.Point, s *scratch) error {
	if err := f.writePoints(&f.archives[i], points, s); err != nil {
		return err
	}
	fine := &f.archives[i]
	for j := i + 1; j < len(f.archives); j++ {
		coarse := &f.archives[j]
		written, err := f.rollUp(fine, coarse, points, s)
		if err != nil || !written {
			return err
		}
		fine = coarse
	}
	return nil
}

// writePoints stores points in an archive, with one write per run of adjacent slots. If
// several points are in the same slot, the latest one is stored.
func (f *file) writePoints(a *archive, points []metric.Point, s *scratch) error {
	if err := f.loadBase(a); err != nil {
		return err
	}
	s.packed = s.packed[:0]
	start, next := int64(0), int64(0) // time of the first slot of the run, and after its last
	flush := func() error {
		if a.base == 0 {
			a.base = start
		}
		// A run with points far in the future can be longer than the ring. Only its end stays.
		if over := int64(len(s.packed)) - a.Points*pointSize; over > 0 {
			start += over / pointSize * a.Step
			s.packed = s.packed[over:]
		}
		return f.writeSlots(a, start, s.packed)
	}
	for i, p := range points {
		t := a.align(p.Time)
		if i+1 < len(points) && a.align(points[i+1].Time) == t {
			continue
		}
		if t != next || len(s.packed) == 0 {
			if len(s.packed) > 0 {
				if err := flush(); err != nil {
					return err
				}
			}
			s.packed, start = s.packed[:0], t
		}
		s.packed = append(s.packed, make([]byte, pointSize)...)
		putPoint(s.packed[len(s.packed)-pointSize:], t, p.Value)
		next = t + a.Step
	}
	return flush()
}

// rollUp computes, from the fine archive, every point of the coarse archive whose step
// contains one of points. written reports whether xFilesFactor was met for any of them.
// Adjacent slots are read and written together.
func (f *file) rollUp(fine, coarse *archive, points []metric.Point, s *scratch) (written bool, err error) {
	if err := f.loadBase(fine); err != nil {
		return false, err
	}
	if err := f.loadBase(coarse); err != nil {
		return false, err
	}
	if fine.base == 0 {
		return false, nil
	}
	maxRun := max(1, fine.Points*fine.Step/coarse.Step) // coarse points that one lap of the fine ring covers
	start, n := coarse.align(points[0].Time), int64(1)
	for _, p := range points[1:] {
		switch t := coarse.align(p.Time); {
		case t < start+n*coarse.Step:
		case t == start+n*coarse.Step && n < maxRun:
			n++
		default:
			runWritten, err := f.rollUpRun(fine, coarse, start, n, s)
			if err != nil {
				return false, err
			}
			written = written || runWritten
			start, n = t, 1
		}
	}
	runWritten, err := f.rollUpRun(fine, coarse, start, n, s)
	return written || runWritten, err
}

// rollUpRun computes n consecutive points of the coarse archive, the first at time t. It
// skips points for which xFilesFactor is not met.
func (f *file) rollUpRun(fine, coarse *archive, t, n int64, s *scratch) (written bool, err error) {
	ratio := int(coarse.Step / fine.Step)
	size := int(n) * ratio * pointSize
	s.slots = slices.Grow(s.slots[:0], size)[:size]
	s.values = slices.Grow(s.values[:0], ratio)[:ratio]
	if err := f.readSlots(fine, t, s.slots); err != nil {
		return false, err
	}
	s.packed = s.packed[:0]
	start := t // time of the first packed point
	for i := range n {
		at := t + i*coarse.Step
		slots := s.slots[int(i)*ratio*pointSize:][:ratio*pointSize]
		known := decodeValues(s.values, slots, at, fine.Step)
		if known > 0 && float64(known)/float64(ratio) >= f.xFilesFactor {
			if len(s.packed) == 0 {
				start = at
			}
			s.packed = append(s.packed, make([]byte, pointSize)...)
			putPoint(s.packed[len(s.packed)-pointSize:], at, f.aggregate(s.values))
			written = true
			if i+1 < n {
				continue
			}
		}
		if len(s.packed) > 0 {
			if err := f.writeSlots(coarse, start, s.packed); err != nil {
				return written, err
			}
			s.packed = s.packed[:0]
		}
	}
	return written, nil
}
