package whisper

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"carbon/metric"
)

// scratches are those that nobody uses.
var scratches = sync.Pool{New: func() any { return new(scratch) }}

// scratch is memory that one update or fetch leaves to the next.
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
		further, err := f.rollUp(fine, coarse, points, s)
		if err != nil || !further {
			return err
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

// rollUp makes the points of the coarse archive that points, by their times, are
// part of, from what the fine one holds. It tells whether any had enough of it.
// Neighbouring slots are read and written together.
func (f *file) rollUp(fine, coarse *archive, points []metric.Point, s *scratch) (further bool, err error) {
	if err := f.loadBase(fine); err != nil {
		return false, err
	}
	if err := f.loadBase(coarse); err != nil {
		return false, err
	}
	if fine.base == 0 {
		return false, nil
	}
	most := max(1, fine.Points*fine.Step/coarse.Step) // what one lap of the fine ring makes
	start, n := coarse.align(points[0].Time), int64(1)
	for _, p := range points[1:] {
		switch t := coarse.align(p.Time); {
		case t < start+n*coarse.Step:
		case t == start+n*coarse.Step && n < most:
			n++
		default:
			made, err := f.rollUpRun(fine, coarse, start, n, s)
			if err != nil {
				return false, err
			}
			further = further || made
			start, n = t, 1
		}
	}
	made, err := f.rollUpRun(fine, coarse, start, n, s)
	return further || made, err
}

// rollUpRun makes n points of the coarse archive, from that at t on.
func (f *file) rollUpRun(fine, coarse *archive, t, n int64, s *scratch) (made bool, err error) {
	ratio := int(coarse.Step / fine.Step)
	size := int(n) * ratio * pointSize
	s.slots = slices.Grow(s.slots[:0], size)[:size]
	s.values = slices.Grow(s.values[:0], ratio)[:ratio]
	if err := f.readSlots(fine, t, s.slots); err != nil {
		return false, err
	}
	s.packed = s.packed[:0]
	start := t // of what is packed
	for i := range n {
		at := t + i*coarse.Step
		slots := s.slots[int(i)*ratio*pointSize:][:ratio*pointSize]
		known := values(s.values, slots, at, fine.Step)
		if known > 0 && float64(known)/float64(ratio) >= f.xFilesFactor {
			if len(s.packed) == 0 {
				start = at
			}
			s.packed = append(s.packed, make([]byte, pointSize)...)
			putPoint(s.packed[len(s.packed)-pointSize:], at, f.aggregate(s.values))
			made = true
			if i+1 < n {
				continue
			}
		}
		if len(s.packed) > 0 {
			if err := f.writeSlots(coarse, start, s.packed); err != nil {
				return made, err
			}
			s.packed = s.packed[:0]
		}
	}
	return made, nil
}
