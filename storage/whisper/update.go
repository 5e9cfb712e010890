package whisper

import (
	"cmp"
	"math"
	"slices"

	"carbon/metric"
)

// scratch is memory that one update leaves to the next.
type scratch struct {
	points []metric.Point
	packed []byte
	slots  []byte
	values []float64
}

// sorted returns points by time without duplicates: of two with the same time
// the later in the slice stays. The result is valid until the next call.
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

// update stores points in the finest archive that reaches back to them, counted
// from now, and rolls them up into the coarser ones, exactly as whisper.py's
// update_many does. points are sorted by time, and no two have the same. It
// returns how many were in range: not older than the longest retention, and of
// a time that 32 bits hold.
func (f *file) update(points []metric.Point, now int64, s *scratch) (stored int, err error) {
	for len(points) > 0 && points[0].Time < 0 {
		points = points[1:]
	}
	for len(points) > 0 && points[len(points)-1].Time > math.MaxUint32 {
		points = points[:len(points)-1]
	}
	// Newest first, so that the newest fine points are seen by all rollups.
	for i := range f.archives {
		first, _ := slices.BinarySearchFunc(points, now-f.archives[i].Retention(), func(p metric.Point, t int64) int {
			return cmp.Compare(p.Time, t)
		})
		if fit := points[first:]; len(fit) > 0 {
			if err := f.updateArchive(i, fit, s); err != nil {
				return stored, err
			}
			stored += len(fit)
		}
		points = points[:first]
	}
	return stored, nil
}

// updateArchive stores points in archive i and rolls them up.
func (f *file) updateArchive(i int, points []metric.Point, s *scratch) error {
	if err := f.writePoints(&f.archives[i], points, s); err != nil {
		return err
	}
	fine := &f.archives[i]
	for j := i + 1; j < len(f.archives); j++ {
		coarse := &f.archives[j]
		further := false
		done := int64(-1)
		for _, p := range points {
			t := coarse.align(p.Time)
			if t == done {
				continue
			}
			done = t
			made, err := f.rollUp(fine, coarse, t, s)
			if err != nil {
				return err
			}
			further = further || made
		}
		if !further {
			return nil
		}
		fine = coarse
	}
	return nil
}

// writePoints stores points with one write for each run of neighbouring slots.
// Of several points in one slot the latest counts.
func (f *file) writePoints(a *archive, points []metric.Point, s *scratch) error {
	if err := f.loadBase(a); err != nil {
		return err
	}
	s.packed = s.packed[:0]
	start, next := int64(0), int64(0) // the run packed so far
	flush := func() error {
		if a.base == 0 {
			a.base = start
		}
		// Points far in the future can make a run longer than the ring.
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

// rollUp makes the point of the coarse archive at t from those of the fine one,
// and tells whether enough of them are known.
func (f *file) rollUp(fine, coarse *archive, t int64, s *scratch) (made bool, err error) {
	if err := f.loadBase(fine); err != nil {
		return false, err
	}
	if fine.base == 0 {
		return false, nil
	}
	n := int(coarse.Step / fine.Step)
	s.slots = slices.Grow(s.slots[:0], n*pointSize)[:n*pointSize]
	s.values = slices.Grow(s.values[:0], n)[:n]
	if err := f.readSlots(fine, t, s.slots); err != nil {
		return false, err
	}
	known := values(s.values, s.slots, t, fine.Step)
	if known == 0 || float64(known)/float64(n) < f.xFilesFactor {
		return false, nil
	}
	if err := f.loadBase(coarse); err != nil {
		return false, err
	}
	var b [pointSize]byte
	putPoint(b[:], t, f.aggregate(s.values))
	return true, f.writeSlots(coarse, t, b[:])
}
