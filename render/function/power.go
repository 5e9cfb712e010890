package function

import (
	"context"
	"math"
	"strings"
)

var powSeriesLists = &Spec{
	Name:  "powSeriesLists",
	Group: Combine,
	Doc: `Raises each series of the first list to the power of a series of the
second list, value by value. Both lists are sorted by name and paired by position; a
second list of one series applies to all. With matching set to true, and by default
when the lists differ in length, series are paired by equal names. default is the
exponent for series without a partner, and the base if the first list is empty;
without it, such series are left out.

Example::

  &target=powSeriesLists(web.*.cpu,web.*.errors)`,
	Params: []Param{
		{Name: "sourceSeriesList", Type: SeriesList, Required: true},
		{Name: "factorSeriesList", Type: SeriesList, Required: true},
		{Name: "matching", Type: Boolean},
		{Name: "default", Type: Float},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		bases, err := c.Series(ctx, "sourceSeriesList")
		if err != nil {
			return nil, err
		}
		exponents, err := c.Series(ctx, "factorSeriesList")
		if err != nil {
			return nil, err
		}
		byName := func(s Series) string { return s.Name }
		bases, exponents = sortedBy(bases, false, byName), sortedBy(exponents, false, byName)
		switch hasDefault := c.Has("default"); {
		case len(bases) == 0 && hasDefault:
			return c.eachSeries(ctx, exponents, func(s Series) (Series, error) { return c.pow(ctx, nil, &s) })
		case len(bases) == 0 || len(exponents) == 0 && !hasDefault:
			return nil, nil
		}
		fits := len(exponents) <= 1 || len(exponents) == len(bases)
		matching := !fits
		if c.Has("matching") {
			matching = c.Bool("matching")
		}
		if !matching && !fits {
			return nil, c.errorf("factorSeriesList", "must have one series, or as many as sourceSeriesList: %d, not %d", len(bases), len(exponents))
		}
		named := make(map[string]*Series, len(exponents))
		for i, s := range exponents {
			named[s.Name] = &exponents[i]
		}
		var results []Series
		for i, base := range bases {
			var exponent *Series
			switch {
			case len(exponents) == 0:
			case matching:
				exponent = named[base.Name]
			default:
				exponent = &exponents[min(i, len(exponents)-1)]
			}
			if exponent == nil && !c.Has("default") {
				continue
			}
			result, err := c.pow(ctx, &base, exponent)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, err
			}
			results = append(results, result)
		}
		return results, nil
	},
}

// pow raises a series to the power of another. Either may be nil; then the argument
// "default" replaces it.
func (c *Call) pow(ctx context.Context, base, exponent *Series) (Series, error) {
	var list []*operand
	var names []string
	for _, s := range []*Series{base, exponent} {
		if s == nil {
			names = append(names, decimal(c.Float("default")))
			continue
		}
		list = append(list, &operand{*s, s.Values})
		names = append(names, s.Name)
	}
	at, err := c.normalize(list)
	if err != nil {
		return Series{}, err
	}
	values, err := c.across(ctx, list, func(row []float64) float64 {
		switch {
		case base == nil:
			return power(c.Float("default"), row[0])
		case exponent == nil:
			return power(row[0], c.Float("default"))
		}
		return power(row[0], row[1])
	})
	if err != nil {
		return Series{}, err
	}
	result := list[0].derived("powSeries("+strings.Join(names, ",")+")", values)
	result.Start, result.End, result.Step = at.start, at.end, at.step
	return result, c.spendName(result.Name, result.Path)
}

var powSeries = &Spec{
	Name:  "powSeries",
	Group: Combine,
	Doc: `Raises the first series to the power of the second, the result to the
power of the third, and so on, value by value. Where any series has no value, neither
has the result.

Example::

  &target=powSeries(web.a.requests,web.b.requests)`,
	Params: []Param{
		{Name: "seriesList", Type: SeriesList, Required: true, Multiple: true, Signature: "*seriesLists"},
	},
	Aggregator: true,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		names := make([]string, len(series))
		for i, s := range series {
			names[i] = s.Name
		}
		return c.combineRows(ctx, series, "powSeries("+strings.Join(names, ",")+")", func(row []float64) float64 {
			v := row[0]
			for _, exponent := range row[1:] {
				v = power(v, exponent)
			}
			return v
		})
	},
}

// power returns Python's math.pow; NaN if that fails or either argument is NaN.
func power(v, exponent float64) float64 {
	p := math.Pow(v, exponent)
	if v != v || exponent != exponent || math.IsInf(p, 0) && !math.IsInf(v, 0) && !math.IsInf(exponent, 0) {
		return nan
	}
	return p
}
