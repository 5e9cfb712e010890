package cache

import (
	"context"
	"math"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage"
)

// none is no value.
var none = math.NaN()

// rollup is a series at a coarser step than its metric's finest, and the cached
// points that belong into it.
type rollup struct {
	series int // index
	layout metric.Layout
	points []metric.Point
}

// rollUp lays cached points over coarse series. It fetches the finest points
// around them, for all series with the same window at once.
func (r *Reader) rollUp(ctx context.Context, q storage.Query, series []metric.Series, coarse []rollup) error {
	windows := make(map[metric.Window][]rollup)
	for _, c := range coarse {
		s := series[c.series]
		level := c.level(s.Step)
		if level < 0 {
			overlay(s, c.points) // the store and its description disagree
			continue
		}
		if w, ok := c.split(s, level, q.Now); ok {
			windows[w] = append(windows[w], c)
		}
	}
	for w, group := range windows {
		names := make([]string, len(group))
		for i, c := range group {
			names[i] = series[c.series].Name
		}
		fine, err := r.store.Fetch(ctx, storage.Query{Names: names, Window: w, Now: q.Now})
		if err != nil {
			return err
		}
		for _, c := range group {
			s := series[c.series]
			var f metric.Series
			if len(fine) > 0 && fine[0].Name == s.Name {
				f, fine = fine[0], fine[1:]
			}
			if f.Step == 0 || f.Step == c.layout.Archives[0].Step {
				c.rebuild(s, f, w)
			} else {
				c.estimate(s, c.points) // the finest points of this time are gone
			}
		}
	}
	return nil
}

// level returns which archive has this step; -1 if none.
func (c *rollup) level(step int64) int {
	for i, a := range c.layout.Archives {
		if a.Step == step {
			return i
		}
	}
	return -1
}

// split leaves in c.points those of slots whose finest points are all kept, and
// returns the window of these slots; ok is false if there are none. The other
// points, older than that, are laid over s at once.
func (c *rollup) split(s metric.Series, level int, now int64) (w metric.Window, ok bool) {
	archives := c.layout.Archives
	end := s.Start + int64(len(s.Values))*s.Step
	var finest, between, direct []metric.Point
	for _, p := range c.points {
		if p.Time < s.Start || p.Time >= end {
			continue
		}
		home := 0
		for home < level && archives[home].Retention() < now-p.Time {
			home++
		}
		switch {
		case home == 0 && slot(p.Time, s.Step) > now-archives[0].Retention():
			finest = append(finest, p)
		case home == level:
			direct = append(direct, p)
		default:
			between = append(between, p)
		}
	}
	overlay(s, direct)
	c.estimate(s, between)
	c.points = finest
	if len(finest) == 0 {
		return w, false
	}
	first, last := slot(finest[0].Time, s.Step), slot(finest[len(finest)-1].Time, s.Step)
	return metric.Window{From: first - 1, Until: last + s.Step - 1}, true
}

// rebuild rolls up the slots of s that cached points fall into. fine is what is
// stored at the finest step in the window of these slots.
func (c *rollup) rebuild(s, fine metric.Series, w metric.Window) {
	archives := c.layout.Archives
	step := archives[0].Step
	values := make([]float64, (w.Until-w.From)/step)
	for i := range values {
		values[i] = none
	}
	start := w.From + 1
	all := metric.Series{Start: start, Step: step, Values: values}
	for i, v := range fine.Values {
		set(all, metric.Point{Time: fine.Start + int64(i)*step, Value: v})
	}
	overlay(all, c.points)

	method := c.method()
	for _, a := range archives[1:] {
		if step == s.Step {
			break
		}
		values = consolidate(values, int(a.Step/step), method, c.layout.XFilesFactor)
		step = a.Step
	}
	for _, p := range c.points {
		if v := values[(slot(p.Time, step)-start)/step]; v == v {
			set(s, metric.Point{Time: p.Time, Value: v})
		}
	}
}

// estimate sets each slot of s that points fall into to what these alone come to.
func (c *rollup) estimate(s metric.Series, points []metric.Point) {
	method, step := c.method(), c.layout.Archives[0].Step
	var values []float64
	for i, p := range points {
		switch {
		case i > 0 && slot(p.Time, step) == slot(points[i-1].Time, step):
			values[len(values)-1] = p.Value
		case i > 0 && slot(p.Time, s.Step) == slot(points[i-1].Time, s.Step):
			values = append(values, p.Value)
		default:
			values = append(values[:0], p.Value)
		}
		set(s, metric.Point{Time: p.Time, Value: method(values)})
	}
}

// method is how finer points become coarser ones.
func (c *rollup) method() aggregate.Func {
	if f, ok := aggregate.Lookup(c.layout.Aggregation); ok {
		return f
	}
	return aggregate.Average
}

// consolidate makes one value of each n: none if there is none or their share
// is below what is needed, as whisper does.
func consolidate(values []float64, n int, aggregated aggregate.Func, share float64) []float64 {
	coarse := make([]float64, len(values)/n)
	for i := range coarse {
		group := values[i*n : (i+1)*n]
		known := 0
		for _, v := range group {
			if v == v {
				known++
			}
		}
		coarse[i] = none
		if known > 0 && float64(known)/float64(n) >= share {
			coarse[i] = aggregated(group)
		}
	}
	return coarse
}
