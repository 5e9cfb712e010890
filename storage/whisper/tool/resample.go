package tool

import (
	"cmp"
	"math"
	"slices"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage/whisper"
)

// content is what a file holds: of each archive the points that can be read, and
// such of the future, ascending, aligned to its step.
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

// floor rounds t down to a multiple of step, below zero too.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// oldest is the first time that an archive holds a point of.
func oldest(a metric.Archive, now int64) int64 { return floor(now-a.Retention(), a.Step) + a.Step }

// since returns those points, ascending, that are at t or later.
func since(points []metric.Point, t int64) []metric.Point {
	i, _ := slices.BinarySearchFunc(points, t, func(p metric.Point, t int64) int { return cmp.Compare(p.Time, t) })
	return points[i:]
}

// resample returns the points that a file of another layout has of the same
// content, archive by archive.
//
// An archive takes over the points of its own step. Where those are missing it
// takes rollups of finer points, by the new layout's method. For times of which
// no finer archive of the new layout keeps anything, one known point is enough
// for that: the xFilesFactor decides what is rolled up, not what is lost. Where
// there is nothing finer either, points of coarser archives stand in, each in the
// slot it begins in, so that times which were readable stay so.
func resample(old content, layout metric.Layout, now int64) [][]metric.Point {
	method, ok := aggregate.Lookup(layout.Aggregation)
	if !ok {
		method = aggregate.Average
	}
	made := make([][]metric.Point, len(layout.Archives))
	for j, a := range layout.Archives {
		onlyHere := int64(math.MaxInt64) // points before this have no finer place
		if j > 0 {
			onlyHere = oldest(layout.Archives[j-1], now)
		}
		var own []metric.Point
		var rolled []rollup
		for i, source := range old.layout.Archives {
			switch {
			case source.Step == a.Step:
				own = since(old.points[i], oldest(a, now))
			case source.Step < a.Step:
				rolled = moreKnown(rolled, rollUp(old.points[i], source.Step, a.Step, method))
			}
		}
		var points []metric.Point
		for _, r := range rolled {
			enough := r.Time < onlyHere || r.known >= layout.XFilesFactor
			if enough && r.Time >= oldest(a, now) {
				points = append(points, r.Point)
			}
		}
		points = union(own, points)
		for i, source := range old.layout.Archives {
			if source.Step > a.Step {
				points = union(points, placed(old.points[i], source.Step, points, a, now))
			}
		}
		made[j] = points
	}
	return made
}

// rollup is a point made of finer ones, and the share of them that was known.
type rollup struct {
	metric.Point
	known float64
}

// rollUp makes points of a coarse step from finer ones, ascending.
func rollUp(points []metric.Point, fine, coarse int64, method aggregate.Func) (made []rollup) {
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
		made = append(made, rollup{metric.Point{Time: t, Value: method(values)}, float64(n) / float64(len(values))})
		points = points[n:]
	}
	return made
}

// moreKnown returns the rollups of both, ascending; of two for the same time that
// of which more was known, or else the first.
func moreKnown(a, b []rollup) []rollup {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(x, y rollup) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), -cmp.Compare(x.known, y.known))
	})
	return slices.CompactFunc(all, func(x, y rollup) bool { return x.Time == y.Time })
}

// union returns the points of both, ascending; of two with the same time the
// first's.
func union(a, b []metric.Point) []metric.Point {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(x, y metric.Point) int { return cmp.Compare(x.Time, y.Time) })
	return slices.CompactFunc(all, func(x, y metric.Point) bool { return x.Time == y.Time })
}

// placed returns those of an archive's points, of a coarse step, that stand for a
// time in which there are no finer points, aligned to the finer archive.
func placed(points []metric.Point, step int64, finer []metric.Point, a metric.Archive, now int64) (stand []metric.Point) {
	for _, p := range points {
		t := floor(p.Time, a.Step)
		finer = since(finer, t)
		if t >= oldest(a, now) && (len(finer) == 0 || finer[0].Time >= p.Time+step) {
			stand = append(stand, metric.Point{Time: t, Value: p.Value})
		}
	}
	return stand
}

// Losses are how many points another layout does not keep as they are.
type losses struct {
	Older int `json:"older"` // than it reaches back
	Finer int `json:"finer"` // than it keeps at their age; they are rolled up
}

func (l *losses) add(other losses) {
	l.Older += other.Older
	l.Finer += other.Finer
}

// lost counts the points of content that a layout does not keep as they are.
func lost(old content, layout metric.Layout, now int64) (l losses) {
	for i, source := range old.layout.Archives {
		for _, p := range old.points[i] {
			finest := int64(0) // step of the finest archive that reaches back to it
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
				l.Older++
			case !kept && finest > source.Step:
				l.Finer++
			}
		}
	}
	return l
}
