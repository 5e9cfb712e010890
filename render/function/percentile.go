package function

import (
	"context"
	"math"
	"slices"

	"carbon/aggregate"
)

var nPercentile = &Spec{
	Name:  "nPercentile",
	Group: Calculate,
	Doc: `Draws a horizontal line at the n-th percentile of the values of each
series, n above 0 and at most 100. Series without values are left out.

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
			v, ok := percentileAt(known, n)
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

var percentileOfSeries = &Spec{
	Name:  "percentileOfSeries",
	Group: Combine,
	Doc: `Returns the n-th percentile of all series at each time, n above 0 and at
most 100. The result is a value of one of the series, or with interpolate, a value
between two of them.

Example::

  &target=percentileOfSeries(web.*.cpu,95)`,
	Params: []Param{
		seriesList,
		{Name: "n", Type: Float, Required: true},
		{Name: "interpolate", Type: Boolean, Default: false},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		n := c.Float("n")
		if !(n > 0 && n <= 100) {
			return nil, c.errorf("n", "must be above 0 and at most 100, not %s", c.Text("n"))
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		name := "percentileOfSeries(" + series[0].Path + "," + formatG(n) + ")"
		known, interpolate := make([]float64, 0, len(series)), c.Bool("interpolate")
		return c.combineRows(ctx, series, name, func(row []float64) float64 {
			known = appendKnown(known[:0], row)
			slices.Sort(known)
			return percentile(known, n, interpolate)
		})
	},
}

// percentile returns the n-th percentile, n above 0 and at most 100, of sorted values
// without NaN; NaN if there are none. As graphite-web, it uses the method of the NIST
// Engineering Statistics Handbook, section 7.2.5.2.
func percentile(sorted []float64, n float64, interpolate bool) float64 {
	if len(sorted) == 0 {
		return nan
	}
	exact := n / 100 * float64(len(sorted)+1)
	rank := int(exact)
	fraction := exact - float64(rank)
	if !interpolate && fraction > 0 {
		rank++
	}
	v := sorted[min(max(rank-1, 0), len(sorted)-1)]
	if interpolate && rank < len(sorted) {
		v += fraction * (sorted[rank] - v)
	}
	return v
}

// percentileAt is percentile for any n and at least one value. ok is false above 100. As
// in graphite-web, a negative n counts from the end, as Python's indexes do.
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
	Doc: `Returns the series whose averages are unusually low or high: outside the
range from the (100-n)-th to the n-th percentile of all averages. An n below 50 means
100-n.

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
				return nil, c.errorf("seriesList", "%q has no values: remove it with removeEmptySeries()", s.Name)
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

// bounds returns the (100-n)-th and the n-th percentile of sorted values.
func (c *Call) bounds(sorted []float64) (low, high float64, err error) {
	n := c.Float("n")
	if n < 50 {
		n = 100 - n
	}
	low, okLow := percentileAt(sorted, 100-n)
	high, okHigh := percentileAt(sorted, n)
	if !okLow || !okHigh {
		return 0, 0, c.errorf("n", "must be between 0 and 100, not %s", c.Text("n"))
	}
	return low, high, nil
}

var removeBetweenPercentile = &Spec{
	Name:  "removeBetweenPercentile",
	Group: FilterSeries,
	Doc: `Returns the series that are unusually low or high at least once: outside
the range from the (100-n)-th to the n-th percentile of all series at that time. An n
below 50 means 100-n. The series must have the same number of values, and none may be
missing.

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
				return nil, c.errorf("seriesList", "the series have different numbers of values: summarize() them first")
			}
			if int(aggregate.Count(s.Values)) < points {
				return nil, c.errorf("seriesList", "%q has missing values: fill them with transformNull() or keepLastValue()", s.Name)
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

// appendKnown appends the values that are not missing.
func appendKnown(to, values []float64) []float64 {
	for _, v := range values {
		if v == v {
			to = append(to, v)
		}
	}
	return to
}

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
