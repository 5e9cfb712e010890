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
// pending points is rolled up again from the finest points, pending and stored. If
// the finest archive no longer holds all points of a slot, the slot's value is the
// rollup of its pending points alone, as in graphite-web.
func (s *Store) FetchPending(ctx context.Context, q storage.Query, pending [][]metric.Point) ([]metric.Series, error) {
	return s.fetchAll(ctx, q, pending)
}

// addPending adds pending points to series, which holds the stored points of a metric.
// If series is empty and the window overlaps the retentions, addPending first fills
// it with NaN.
func (s *Store) addPending(name string, q storage.Query, points []metric.Point, series *metric.Series) error {
	layout, err := s.Describe(name)
	if err != nil {
		return err
	}
	if series.Step == 0 {
		var ok bool
		if *series, ok = emptySeries(name, layout, q.Window, q.Now); !ok {
			return nil
		}
	}
	level := 0
	for level < len(layout.Archives) && layout.Archives[level].Step != series.Step {
		level++
	}
	if level == 0 || level == len(layout.Archives) { // in the second case, the file was replaced since Describe read it
		setValues(*series, points)
		return nil
	}
	return s.rollUpPending(q.Now, level, layout, points, *series)
}

// emptySeries returns the series of a metric without stored points, as
// file.fetch would return it. ok is false if the window is in the future or older
// than the longest retention.
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

// setValues sets the slots of s that contain points. In each slot the last point wins.
func setValues(s metric.Series, points []metric.Point) {
	for _, p := range points {
		setValue(s, p)
	}
}

// setValue sets the slot of s that contains p, if there is one.
func setValue(s metric.Series, p metric.Point) {
	if i := (floor(p.Time, s.Step) - s.Start) / s.Step; p.Time >= s.Start && i < int64(len(s.Values)) {
		s.Values[i] = p.Value
	}
}

// rollUpPending adds pending points to series, which was fetched from the archive with
// index level. It fetches the finest points around them.
func (s *Store) rollUpPending(now int64, level int, layout metric.Layout, points []metric.Point, series metric.Series) error {
	points, w := splitPending(now, level, layout, points, series)
	if len(points) == 0 {
		return nil
	}
	var fine metric.Series
	if err := s.fetchOne(series.Name, storage.Query{Window: w, Now: now}, nil, &fine); err != nil {
		return err
	}
	if fine.Step == 0 || fine.Step == layout.Archives[0].Step {
		rebuild(series, fine, w, layout, points)
	} else { // the finest points of this time are no longer kept
		estimate(series, layout, points)
	}
	return nil
}

// splitPending returns the points in slots of series for which the finest archive still
// holds all points, and the window of these slots. It adds the other, older points to
// series.
func splitPending(now int64, level int, layout metric.Layout, points []metric.Point, series metric.Series) (finest []metric.Point, w metric.Window) {
	archives := layout.Archives
	end := series.Start + int64(len(series.Values))*series.Step
	var estimated, direct []metric.Point
	for _, p := range points {
		if p.Time < series.Start || p.Time >= end {
			continue
		}
		index := 0 // the archive that p will be written to
		for index < level && archives[index].Retention() < now-p.Time {
			index++
		}
		switch {
		case index == 0 && floor(p.Time, series.Step) > now-archives[0].Retention():
			finest = append(finest, p)
		case index == level:
			direct = append(direct, p)
		default:
			estimated = append(estimated, p)
		}
	}
	setValues(series, direct)
	estimate(series, layout, estimated)
	if len(finest) > 0 {
		first, last := floor(finest[0].Time, series.Step), floor(finest[len(finest)-1].Time, series.Step)
		w = metric.Window{From: first - 1, Until: last + series.Step - 1}
	}
	return finest, w
}

// rebuild rolls up the slots of series that contain pending points. fine holds the stored
// points of the finest archive in w, the window of these slots.
func rebuild(series, fine metric.Series, w metric.Window, layout metric.Layout, points []metric.Point) {
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
		if step == series.Step {
			break
		}
		values = rollUpValues(values, int(a.Step/step), method, layout.XFilesFactor)
		step = a.Step
	}
	for _, p := range points {
		if v := values[(floor(p.Time, step)-start)/step]; v == v {
			setValue(series, metric.Point{Time: p.Time, Value: v})
		}
	}
}

// estimate sets each slot of series that contains points to the rollup of these points
// alone.
func estimate(series metric.Series, layout metric.Layout, points []metric.Point) {
	method, step := methodOf(layout), layout.Archives[0].Step
	var values []float64
	for i, p := range points {
		switch {
		case i > 0 && floor(p.Time, step) == floor(points[i-1].Time, step):
			values[len(values)-1] = p.Value
		case i > 0 && floor(p.Time, series.Step) == floor(points[i-1].Time, series.Step):
			values = append(values, p.Value)
		default:
			values = append(values[:0], p.Value)
		}
		setValue(series, metric.Point{Time: p.Time, Value: method(values)})
	}
}

// methodOf returns the aggregation function of a layout.
func methodOf(layout metric.Layout) aggregate.Func {
	if f, ok := aggregate.Lookup(layout.Aggregation); ok {
		return f
	}
	return aggregate.Average
}

// rollUpValues aggregates each n values to one. The result is NaN if all n are NaN, or
// if the fraction of values that are not NaN is less than xFilesFactor.
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
