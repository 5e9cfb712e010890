package function

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"carbon/attime"
	"carbon/metric"
)

var aggregateLine = &Spec{
	Name:  "aggregateLine",
	Group: Calculate,
	Doc: `Draws a horizontal line at what an aggregation function makes of all points of
each series; with keepStep at each of its times, else at three.

Example::

  &target=aggregateLine(web.a.cpu,"max")`,
	Params: []Param{
		seriesList,
		{Name: "func", Type: AggFunc, Default: "average"},
		{Name: "keepStep", Type: Boolean, Default: false},
	},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		f, err := c.AggFunc("func")
		if err != nil {
			return s, err
		}
		v := f(s.Values)
		shown := "None"
		if v == v {
			shown = formatG(v)
		}
		name := "aggregateLine(" + s.Name + ", " + shown + ")"
		if !c.Bool("keepStep") {
			if v == v && c.Text("func") != "count" { // of which Python makes a whole number
				shown = repr(v)
			}
			return c.line(shown, v).rewritten(name), nil
		}
		values, err := c.makeValues(int64(len(s.Values)))
		for i := range values {
			values[i] = v
		}
		return s.derived(name, values), err
	}),
}

var linearRegression = &Spec{
	Name:  "linearRegression",
	Group: Calculate,
	Doc: `Draws the straight line that fits each series best, or its points between two
times, which may be anything that from and until may be.

Example::

  &target=linearRegression(web.a.cpu,"-10min","now")`,
	Params: []Param{seriesList, {Name: "startSourceAt", Type: Date}, {Name: "endSourceAt", Type: Date}},
	Windows: func(c *Call, w metric.Window) []metric.Window {
		source, err := c.source()
		if err != nil {
			return []metric.Window{w}
		}
		return []metric.Window{w, source}
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		source, err := c.source()
		if err != nil {
			return nil, err
		}
		sources, err := c.SeriesIn(ctx, "seriesList", source)
		if err != nil {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		from, until := c.sourceShown("startSourceAt", source.From), c.sourceShown("endSourceAt", source.Until)
		var results []Series
		for i := range min(len(sources), len(series)) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			slope, level, ok := regression(sources[i])
			if !ok {
				continue
			}
			s := series[i]
			values, err := c.makeValues(int64(len(s.Values)))
			if err != nil {
				return nil, err
			}
			for j := range values {
				values[j] = level + float64(s.Start+int64(j)*s.Step)*slope
			}
			s = s.derived(fmt.Sprintf("linearRegression(%s, %d, %d)", s.Name, from, until), values)
			s.Consolidation = ""
			results = append(results, s.tagged("linearRegressions", fmt.Sprintf("%d, %d", from, until)))
		}
		return results, nil
	},
}

// source returns the window whose points are to be fitted.
func (c *Call) source() (metric.Window, error) {
	w := c.Window
	for param, at := range map[string]*int64{"startSourceAt": &w.From, "endSourceAt": &w.Until} {
		if !c.Has(param) {
			continue
		}
		t, err := attime.Parse(c.Text(param), time.Unix(c.Now, 0).UTC())
		if err != nil {
			return w, c.errorf(param, "%v", err)
		}
		*at = t.Unix()
	}
	if w.From >= w.Until {
		return w, c.errorf("startSourceAt", "must be before endSourceAt")
	}
	return w, nil
}

// sourceShown returns a bound of source as graphite-web shows it: what was given
// is in UTC, what was not goes by the clocks of the request.
func (c *Call) sourceShown(param string, t int64) int64 {
	if c.Has(param) {
		return t
	}
	return c.wallClock(t)
}

// regression returns the line through the points of a series that has the least
// squares, as its slope per second and its level at time 0. There is none if all
// points are at one time.
func regression(s Series) (slope, level float64, ok bool) {
	var n, sumI, sumV, sumII, sumIV float64
	for i, v := range s.Values {
		if v == v {
			i := float64(i)
			n++
			sumI += i
			sumV += v
			sumII += i * i
			sumIV += i * v
		}
	}
	denominator := n*sumII - sumI*sumI
	if denominator == 0 || s.Step <= 0 {
		return 0, 0, false
	}
	slope = (n*sumIV - sumI*sumV) / denominator / float64(s.Step)
	return slope, (sumII*sumV-sumIV*sumI)/denominator - slope*float64(s.Start), true
}

var nPercentile = &Spec{
	Name:  "nPercentile",
	Group: Calculate,
	Doc: `Draws a horizontal line at the n-th percentile of all points of each series.

Example::

  &target=nPercentile(web.a.cpu,95)`,
	Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		n := c.Float("n")
		if n == 0 {
			return nil, c.errorf("n", "must be above 0 and at most 100, not 0")
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		var results []Series
		var known []float64
		for _, s := range series {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			known = appendKnown(known[:0], s.Values)
			if len(known) == 0 || s.Step <= 0 {
				continue
			}
			slices.Sort(known)
			values, err := c.makeValues((s.End - s.Start) / s.Step)
			if err != nil {
				return nil, err
			}
			v, ok := percentileFromEnd(known, n)
			if !ok {
				return nil, c.errorf("n", "must be above 0 and at most 100, not %s", c.Text("n"))
			}
			for i := range values {
				values[i] = v
			}
			results = append(results, s.derived("nPercentile("+s.Name+", "+formatG(n)+")", values).tagged("nPercentile", c.Text("n")))
		}
		return results, nil
	},
}

// percentileFromEnd is percentile for any n: as in graphite-web, one below 0
// counts from the end. ok is false beyond either end.
func percentileFromEnd(sorted []float64, n float64) (v float64, ok bool) {
	if n > 0 && n <= 100 {
		return percentile(sorted, n, false), true
	}
	exact := n / 100 * float64(len(sorted)+1)
	if !(exact > -float64(len(sorted)) && exact < float64(len(sorted))) {
		return nan, false
	}
	rank := int(math.Trunc(exact) + math.Ceil(exact-math.Trunc(exact)))
	switch {
	case rank == 0:
		rank = 1
	case rank < 0:
		rank += len(sorted)
	}
	return sorted[rank-1], true
}

var stdev = &Spec{
	Name:  "stdev",
	Group: Calculate,
	Doc: `Shows at each point the standard deviation of the last points, if the share of
them that is known is at least windowTolerance.

Example::

  &target=stdev(web.a.cpu,30,0.1)`,
	Params: []Param{
		seriesList,
		{Name: "points", Type: Integer, Required: true},
		{Name: "windowTolerance", Type: Float, Default: 0.1},
	},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		width := c.Int("points")
		if width < 0 {
			return s, c.errorf("points", "must not be below 0, it is %d", width)
		}
		values, err := c.makeValues(int64(len(s.Values)))
		if err != nil {
			return s, err
		}
		deviations(values, s.Values, width, c.Float("windowTolerance"))
		return s.derived(fmt.Sprintf("stdev(%s,%d)", s.Name, width), values).tagged("stdev", c.Text("points")), nil
	}),
}

// deviations sets results to the standard deviations of every width values in a
// row, of fewer at the beginning. Sums are carried on as graphite-web does it, for
// the same rounding.
func deviations(results, values []float64, width int64, tolerance float64) {
	known, sum, squares := 0.0, 0.0, 0.0
	for i, v := range values {
		dropped := nan
		if int64(i) >= width {
			dropped = values[int64(i)-width]
		}
		if dropped == dropped {
			known--
		}
		if v == v {
			known++
		}
		if dropped == dropped {
			sum -= dropped
			squares -= dropped * dropped
		}
		if v == v {
			sum += v
			squares += v * v
		}
		results[i] = nan
		if known > 0 && known/float64(width) >= tolerance {
			results[i] = math.Sqrt(known*squares-sum*sum) / known
		}
	}
}
