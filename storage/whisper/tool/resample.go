package tool

import (
	"cmp"
	"math"
	"slices"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage/whisper"
)

// content holds the points of a file by archive: those within the archive's
// retention and those in the future, in ascending order, aligned to its step.
type content struct {
	layout metric.Layout
	points [][]metric.Point
}

func readContent(f *whisper.File, now int64) (content, error) {
	c := content{layout: f.Layout()}
	points, err := f.Points()
	if err != nil {
		return c, err
	}
	for i, a := range c.layout.Archives {
		c.points = append(c.points, since(points[i], oldest(a, now)))
	}
	return c, nil
}

// floor rounds t down to a multiple of step, also if t is negative.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// oldest returns the time of the oldest point that an archive can hold.
func oldest(a metric.Archive, now int64) int64 { return floor(now-a.Retention(), a.Step) + a.Step }

// since returns the points at t or later. points must be in ascending order.
func since(points []metric.Point, t int64) []metric.Point {
	i, _ := slices.BinarySearchFunc(points, t, func(p metric.Point, t int64) int { return cmp.Compare(p.Time, t) })
	return points[i:]
}

// resample converts the content of a file to another layout and returns the points
// of each new archive.
//
// A new archive takes the points of the old archive with the same step. It fills
// gaps with rollups of finer points, by the new layout's method. If the new layout
// keeps no finer archive at that age, one known point is enough for a rollup:
// xFilesFactor must not cause the loss of points. It fills the remaining gaps with
// points of coarser archives, each in the slot in which it begins, so that the data
// of any time that could be read before can still be read.
func resample(old content, layout metric.Layout, now int64) [][]metric.Point {
	method, ok := aggregate.Lookup(layout.Aggregation)
	if !ok {
		method = aggregate.Average
	}
	resampled := make([][]metric.Point, len(layout.Archives))
	for j, a := range layout.Archives {
		finerFrom := int64(math.MaxInt64) // the finer archives hold nothing before this time
		if j > 0 {
			finerFrom = oldest(layout.Archives[j-1], now)
		}
		var own []metric.Point
		var rolled []rollup
		for i, source := range old.layout.Archives {
			switch {
			case source.Step == a.Step:
				own = since(old.points[i], oldest(a, now))
			case source.Step < a.Step:
				rolled = mostComplete(rolled, rollUp(old.points[i], source.Step, a.Step, method))
			}
		}
		var points []metric.Point
		for _, r := range rolled {
			enough := r.Time < finerFrom || r.fraction >= layout.XFilesFactor
			if enough && r.Time >= oldest(a, now) {
				points = append(points, r.Point)
			}
		}
		points = union(own, points)
		for i, source := range old.layout.Archives {
			if source.Step > a.Step {
				points = union(points, fromCoarser(old.points[i], source.Step, points, a, now))
			}
		}
		resampled[j] = points
	}
	return resampled
}

// rollup is a point computed from finer ones.
type rollup struct {
	metric.Point
	fraction float64 // fraction of the finer points that are known
}

// rollUp computes points of a coarse step from finer ones. Both are in ascending
// order.
func rollUp(points []metric.Point, fine, coarse int64, method aggregate.Func) (rollups []rollup) {
	values := make([]float64, 0, coarse/fine+1)
	for len(points) > 0 {
		t := floor(points[0].Time, coarse)
		n := 0
		values = values[:0]
		first := floor(t+fine-1, fine) // a coarse step need not be a multiple of the fine one
		for at := first; at < t+coarse; at += fine {
			v := math.NaN()
			if n < len(points) && points[n].Time == at {
				v = points[n].Value
				n++
			}
			values = append(values, v)
		}
		rollups = append(rollups, rollup{metric.Point{Time: t, Value: method(values)}, float64(n) / float64(len(values))})
		points = points[n:]
	}
	return rollups
}

// mostComplete merges rollups in ascending order. Of two with the same time it keeps
// the one with the larger fraction, or else that of a.
func mostComplete(a, b []rollup) []rollup {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(x, y rollup) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), -cmp.Compare(x.fraction, y.fraction))
	})
	return slices.CompactFunc(all, func(x, y rollup) bool { return x.Time == y.Time })
}

// union merges points in ascending order. Of two with the same time it keeps that
// of a.
func union(a, b []metric.Point) []metric.Point {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(x, y metric.Point) int { return cmp.Compare(x.Time, y.Time) })
	return slices.CompactFunc(all, func(x, y metric.Point) bool { return x.Time == y.Time })
}

// fromCoarser returns the points of a coarse step whose interval contains no point of
// finer, aligned to the step of the finer archive a.
func fromCoarser(points []metric.Point, step int64, finer []metric.Point, a metric.Archive, now int64) (aligned []metric.Point) {
	for _, p := range points {
		t := floor(p.Time, a.Step)
		finer = since(finer, t)
		if t >= oldest(a, now) && (len(finer) == 0 || finer[0].Time >= p.Time+step) {
			aligned = append(aligned, metric.Point{Time: t, Value: p.Value})
		}
	}
	return aligned
}

// losses counts the points that another layout does not keep as they are.
type losses struct {
	dropped  int // older than its retention
	rolledUp int // finer than its archives at their age
}

func (l *losses) add(other losses) {
	l.dropped += other.dropped
	l.rolledUp += other.rolledUp
}

// countLosses counts the points of a file's content that another layout does not keep
// as they are.
func countLosses(old content, layout metric.Layout, now int64) (l losses) {
	for i, source := range old.layout.Archives {
		for _, p := range old.points[i] {
			finest := int64(0) // step of the finest archive that covers the point
			kept := false
			for _, a := range layout.Archives {
				if floor(p.Time, a.Step) < oldest(a, now) {
					continue
				}
				if finest == 0 {
					finest = a.Step
				}
				kept = kept || a.Step == source.Step
			}
			switch {
			case finest == 0:
				l.dropped++
			case !kept && finest > source.Step:
				l.rolledUp++
			}
		}
	}
	return l
}
