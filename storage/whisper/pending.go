package whisper

import (
	"context"
	"math"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage"
)

// FetchPending implements storage.PendingFetcher.
//
// At a metric's finest step the answer is exact. At a coarser step each slot with
// pending points is rolled up again from the finest points, pending and stored.
// Where the finest archive no longer holds all points of a slot, the pending
// points of the slot alone make its value. As graphite-web does.
func (s *Store) FetchPending(ctx context.Context, q storage.Query, pending [][]metric.Point) ([]metric.Series, error) {
	return s.fetchAll(ctx, q, pending)
}

// addPending adds pending points to one, which holds what is stored of a metric.
// It creates one if nothing is stored and the window reaches what is kept.
func (s *Store) addPending(name string, q storage.Query, points []metric.Point, one *metric.Series) error {
	layout, err := s.Describe(name)
	if err != nil {
		return err
	}
	if one.Step == 0 {
		var ok bool
		if *one, ok = emptySeries(name, layout, q.Window, q.Now); !ok {
			return nil
		}
	}
	level := 0
	for level < len(layout.Archives) && layout.Archives[level].Step != one.Step {
		level++
	}
	if level == 0 || level == len(layout.Archives) { // the latter: the file was replaced since Describe read it
		setValues(*one, points)
		return nil
	}
	return s.rollUpPending(q.Now, level, layout, points, *one)
}

// emptySeries returns the series of a metric without stored points, as
// file.fetch would return it. ok is false if the window is in the future or
// older than what is kept.
func emptySeries(name string, l metric.Layout, w metric.Window, now int64) (s metric.Series, ok bool) {
	last := l.Archives[len(l.Archives)-1]
	oldest := now - last.Retention()
	if w.From > now || w.Until < oldest {
		return s, false
	}
	from, until := max(w.From, oldest), min(w.Until, now)
	archive := last
	for _, a := range l.Archives {
		if a.Retention() >= now-from {
			archive = a
			break
		}
	}
	step := archive.Step
	start := floor(from, step) + step
	n := max(1, (floor(until, step)+step-start)/step)
	s = metric.Series{Name: name, Tags: metric.ParseTags(name), Start: start, Step: step, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = math.NaN()
	}
	return s, true
}

// setValues sets the slots of s that points fall into; the latest of a slot wins.
func setValues(s metric.Series, points []metric.Point) {
	for _, p := range points {
		setValue(s, p)
	}
}

// setValue sets the slot of s that p falls into, if s has it.
func setValue(s metric.Series, p metric.Point) {
	if i := (floor(p.Time, s.Step) - s.Start) / s.Step; p.Time >= s.Start && i < int64(len(s.Values)) {
		s.Values[i] = p.Value
	}
}

// rollUpPending adds pending points to one, which comes from the archive of that
// level. It fetches the finest points around them.
func (s *Store) rollUpPending(now int64, level int, layout metric.Layout, points []metric.Point, one metric.Series) error {
	points, w := splitPending(now, level, layout, points, one)
	if len(points) == 0 {
		return nil
	}
	var fine metric.Series
	if err := s.fetchOne(one.Name, storage.Query{Window: w, Now: now}, nil, &fine); err != nil {
		return err
	}
	if fine.Step == 0 || fine.Step == layout.Archives[0].Step {
		rebuild(one, fine, w, layout, points)
	} else { // the finest points of this time are no longer kept
		estimate(one, layout, points)
	}
	return nil
}

// splitPending returns the points in slots of one whose finest points are all
// kept, and the window of these slots. It adds the other, older points to one.
func splitPending(now int64, level int, layout metric.Layout, points []metric.Point, one metric.Series) (finest []metric.Point, w metric.Window) {
	archives := layout.Archives
	end := one.Start + int64(len(one.Values))*one.Step
	var between, direct []metric.Point
	for _, p := range points {
		if p.Time < one.Start || p.Time >= end {
			continue
		}
		home := 0 // the archive that p will be written to
		for home < level && archives[home].Retention() < now-p.Time {
			home++
		}
		switch {
		case home == 0 && floor(p.Time, one.Step) > now-archives[0].Retention():
			finest = append(finest, p)
		case home == level:
			direct = append(direct, p)
		default:
			between = append(between, p)
		}
	}
	setValues(one, direct)
	estimate(one, layout, between)
	if len(finest) > 0 {
		first, last := floor(finest[0].Time, one.Step), floor(finest[len(finest)-1].Time, one.Step)
		w = metric.Window{From: first - 1, Until: last + one.Step - 1}
	}
	return finest, w
}

// rebuild rolls up the slots of one that pending points fall into. fine is what
// the finest archive holds in w, the window of these slots.
func rebuild(one, fine metric.Series, w metric.Window, layout metric.Layout, points []metric.Point) {
	step := layout.Archives[0].Step
	start := w.From + 1
	all := metric.Series{Start: start, Step: step, Values: make([]float64, (w.Until-w.From)/step)}
	for i := range all.Values {
		all.Values[i] = math.NaN()
	}
	for i, v := range fine.Values {
		setValue(all, metric.Point{Time: fine.Start + int64(i)*step, Value: v})
	}
	setValues(all, points)

	method := methodOf(layout)
	values := all.Values
	for _, a := range layout.Archives[1:] {
		if step == one.Step {
			break
		}
		values = rollUpValues(values, int(a.Step/step), method, layout.XFilesFactor)
		step = a.Step
	}
	for _, p := range points {
		if v := values[(floor(p.Time, step)-start)/step]; v == v {
			setValue(one, metric.Point{Time: p.Time, Value: v})
		}
	}
}

// estimate sets each slot of one that points fall into to the rollup of these
// points alone.
func estimate(one metric.Series, layout metric.Layout, points []metric.Point) {
	method, step := methodOf(layout), layout.Archives[0].Step
	var values []float64
	for i, p := range points {
		switch {
		case i > 0 && floor(p.Time, step) == floor(points[i-1].Time, step):
			values[len(values)-1] = p.Value
		case i > 0 && floor(p.Time, one.Step) == floor(points[i-1].Time, one.Step):
			values = append(values, p.Value)
		default:
			values = append(values[:0], p.Value)
		}
		setValue(one, metric.Point{Time: p.Time, Value: method(values)})
	}
}

// methodOf returns the function that makes coarser points of finer ones.
func methodOf(layout metric.Layout) aggregate.Func {
	if f, ok := aggregate.Lookup(layout.Aggregation); ok {
		return f
	}
	return aggregate.Average
}

// rollUpValues makes one value of each n. It is NaN if the fraction of known
// values is less than xFilesFactor, or none is known.
func rollUpValues(values []float64, n int, method aggregate.Func, xFilesFactor float64) []float64 {
	coarse := make([]float64, len(values)/n)
	for i := range coarse {
		group := values[i*n : (i+1)*n]
		known := 0
		for _, v := range group {
			if v == v {
				known++
			}
		}
		coarse[i] = math.NaN()
		if known > 0 && float64(known)/float64(n) >= xFilesFactor {
			coarse[i] = method(group)
		}
	}
	return coarse
}
