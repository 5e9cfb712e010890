package function

import (
	"context"
	"math"
	"slices"

	"carbon/aggregate"
)

// without makes a function that drops the points beyond a value n.
func without(name, doc string, beyond func(v, n float64) bool) *Spec {
	return &Spec{
		Name:   name,
		Group:  FilterData,
		Doc:    doc + "\n\nExample::\n\n  &target=" + name + "(web.a.cpu,50)",
		Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
		Eval: perSeries(func(c *Call, s Series) (Series, error) {
			s = s.rewritten(name + "(" + s.Name + ", " + formatG(c.Float("n")) + ")")
			return c.drop(s, c.Float("n"), beyond)
		}),
	}
}

// drop returns the series without the points beyond a limit.
func (c *Call) drop(s Series, limit float64, beyond func(v, limit float64) bool) (Series, error) {
	values, err := c.makeValues(int64(len(s.Values)))
	for i := range values {
		v := s.Values[i]
		if beyond(v, limit) {
			v = nan
		}
		values[i] = v
	}
	s.Values = values
	return s, err
}

func above(v, limit float64) bool { return v > limit }
func below(v, limit float64) bool { return v < limit }

var (
	removeAboveValue = without("removeAboveValue", "Leaves out the points above n.", above)
	removeBelowValue = without("removeBelowValue", "Leaves out the points below n.", below)
)

// withoutPercentile makes a function that drops the points beyond the n-th
// percentile of their series.
func withoutPercentile(name, doc string, beyond func(v, n float64) bool) *Spec {
	return &Spec{
		Name:   name,
		Group:  FilterData,
		Doc:    doc + "\n\nExample::\n\n  &target=" + name + "(web.a.cpu,50)",
		Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
		Eval: perSeries(func(c *Call, s Series) (Series, error) {
			n := c.Float("n")
			if n == 0 || n != n {
				return s, c.errorf("n", "must be above 0 and at most 100, not %s", c.Text("n"))
			}
			s = s.rewritten(name + "(" + s.Name + ", " + formatG(n) + ")")
			known, err := c.known(s.Values)
			if err != nil || len(known) == 0 {
				return s, err
			}
			limit, ok := percentileAt(known, n)
			if !ok {
				return s, nil // as graphite-web does, beyond 100
			}
			s = s.tagged("nPercentile", c.Text("n"))
			if s.Step <= 0 || s.End-s.Start < s.Step {
				return s, nil // nor does graphite-web see a percentile there
			}
			return c.drop(s, limit, beyond)
		}),
	}
}

var (
	removeAbovePercentile = withoutPercentile("removeAbovePercentile", "Leaves out the points above the n-th percentile of their series.", above)
	removeBelowPercentile = withoutPercentile("removeBelowPercentile", "Leaves out the points below the n-th percentile of their series.", below)
)

// known returns the values that are not missing, sorted.
func (c *Call) known(values []float64) ([]float64, error) {
	known, err := c.makeValues(int64(len(values)))
	if err != nil {
		return nil, err
	}
	known = known[:0]
	for _, v := range values {
		if v == v {
			known = append(known, v)
		}
	}
	slices.Sort(known)
	return known, nil
}

// percentileAt returns the n-th percentile of sorted values, of which there is
// at least one. Above 100 there is none; below 0 it is what Python's negative
// indexes make of it, as in graphite-web.
func percentileAt(sorted []float64, n float64) (v float64, ok bool) {
	exact := n / 100 * float64(len(sorted)+1)
	if math.Abs(exact) > float64(len(sorted)+1) || exact != exact {
		return nan, false
	}
	rank := int(exact)
	rank += int(math.Ceil(exact - float64(rank)))
	i := rank - 1
	switch {
	case rank == 0:
		i = 0
	case i == len(sorted):
		i--
	case i < 0:
		i += len(sorted)
	}
	if i < 0 || i >= len(sorted) {
		return nan, false
	}
	return sorted[i], true
}

var averageOutsidePercentile = &Spec{
	Name:  "averageOutsidePercentile",
	Group: FilterSeries,
	Doc: `Shows the series whose averages are unusual: not between the n-th percentile of
all averages and its counterpart, the 5th for the 95th.

Example::

  &target=averageOutsidePercentile(web.*.cpu,95)`,
	Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		averages, err := c.makeValues(int64(len(series)))
		if err != nil {
			return nil, err
		}
		for i, s := range series {
			averages[i] = aggregate.Average(s.Values)
			if averages[i] != averages[i] {
				return nil, c.errorf("seriesList", "%q has no points: leave it out with removeEmptySeries()", s.Name)
			}
		}
		sorted, err := c.known(averages)
		if err != nil {
			return nil, err
		}
		low, high, err := c.bounds(sorted)
		if err != nil {
			return nil, err
		}
		var kept []Series
		for i, s := range series {
			if !(low < averages[i] && averages[i] < high) {
				kept = append(kept, s)
			}
		}
		return kept, ctx.Err()
	},
}

// bounds returns the percentile "n" of sorted values and its counterpart.
func (c *Call) bounds(sorted []float64) (low, high float64, err error) {
	n := c.Float("n")
	if n < 50 {
		n = 100 - n
	}
	low, okLow := percentileAt(sorted, 100-n)
	high, okHigh := percentileAt(sorted, n)
	if !okLow || !okHigh {
		return 0, 0, c.errorf("n", "must be 0 to 100, not %s", c.Text("n"))
	}
	return low, high, nil
}

var removeBetweenPercentile = &Spec{
	Name:  "removeBetweenPercentile",
	Group: FilterSeries,
	Doc: `Shows the series that are unusual at least once: not between the n-th
percentile of all series at that time and its counterpart, the 5th for the 95th.
No point may be missing.

Example::

  &target=removeBetweenPercentile(web.{a,b}.requests,75)`,
	Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		points := len(series[0].Values)
		for _, s := range series {
			if len(s.Values) != points {
				return nil, c.errorf("seriesList", "the series have different numbers of points: summarize() them first")
			}
			if int(aggregate.Count(s.Values)) < points {
				return nil, c.errorf("seriesList", "%q has missing points: fill them with transformNull() or keepLastValue()", s.Name)
			}
		}
		column, err := c.makeValues(int64(len(series)))
		if err != nil {
			return nil, err
		}
		stays := make([]bool, len(series))
		for i := range points {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			for j, s := range series {
				column[j] = s.Values[i]
			}
			slices.Sort(column)
			low, high, err := c.bounds(column)
			if err != nil {
				return nil, err
			}
			for j, s := range series {
				stays[j] = stays[j] || !(low < s.Values[i] && s.Values[i] < high)
			}
		}
		var kept []Series
		for i, s := range series {
			if stays[i] {
				kept = append(kept, s)
			}
		}
		return kept, nil
	},
}
