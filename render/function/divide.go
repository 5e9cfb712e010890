package function

import (
	"context"
	"maps"
	"slices"
	"strings"
)

var divideSeries = &Spec{
	Name:  "divideSeries",
	Group: Combine,
	Doc: `Divides each series of a list by one series, value by value. The result
has no value where either value is missing or the divisor is 0.

Example::

  &target=divideSeries(web.*.errors,web.a.requests)`,
	Params: []Param{
		{Name: "dividendSeriesList", Type: SeriesList, Required: true},
		{Name: "divisorSeries", Type: SeriesList, Required: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		dividends, err := c.Series(ctx, "dividendSeriesList")
		if err != nil {
			return nil, err
		}
		divisors, err := c.Series(ctx, "divisorSeries")
		switch {
		case err != nil:
			return nil, err
		case len(divisors) > 1:
			return nil, c.errorf("divisorSeries", "must be one series, not %d", len(divisors))
		}
		return c.eachSeries(ctx, dividends, func(s Series) (Series, error) {
			if len(divisors) == 0 {
				return c.dividedByNothing(s)
			}
			return c.quotient(s, divisors[0])
		})
	},
}

// dividedByNothing returns the quotient without a divisor: as in graphite-web, a series
// without values.
func (c *Call) dividedByNothing(s Series) (Series, error) {
	values, err := c.makeValues(int64(len(s.Values)))
	for i := range values {
		values[i] = nan
	}
	s = s.rewritten("divideSeries(" + s.Name + ",MISSING)")
	s.Values = values
	return s, err
}

var divideSeriesLists = &Spec{
	Name:  "divideSeriesLists",
	Group: Combine,
	Doc: `Divides the first series of the first list by the first of the second
list, then does so for the second ones, and so on. Both lists must have the same
length. A result has no value where either value is missing or the divisor is 0.

Example::

  &target=divideSeriesLists(web.{a,b}.errors,web.{a,b}.requests)`,
	Params: []Param{
		{Name: "dividendSeriesList", Type: SeriesList, Required: true},
		{Name: "divisorSeriesList", Type: SeriesList, Required: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.pairs(ctx, "dividendSeriesList", "divisorSeriesList", c.quotient)
	},
}

// quotient divides one series by another at their common step.
func (c *Call) quotient(dividend, divisor Series) (Series, error) {
	pair := operands([]Series{dividend, divisor})
	at, err := c.normalize(pair)
	if err != nil {
		return Series{}, err
	}
	values, err := c.together(pair[0].values, pair[1].values, divide)
	if err != nil {
		return Series{}, err
	}
	s := newSeries("divideSeries("+dividend.Name+","+divisor.Name+")", at.start, at.end, at.step, values)
	s.XFilesFactor = c.XFilesFactor
	return s, nil
}

func divide(a, b float64) float64 {
	if b == 0 {
		return nan
	}
	return a / b
}

// together returns f of the values at the same positions. It returns as many values as
// the longer has; those that one lacks are missing.
func (c *Call) together(a, b []float64, f func(a, b float64) float64) ([]float64, error) {
	values, err := c.makeValues(int64(max(len(a), len(b))))
	for i := range values {
		if i < len(a) && i < len(b) {
			values[i] = f(a[i], b[i])
		} else {
			values[i] = nan
		}
	}
	return values, err
}

var weightedAverage = &Spec{
	Name:  "weightedAverage",
	Group: Combine,
	Doc: `Averages the series of the first list, each weighted with a series of the
second list. nodes are node numbers or tag names; a series and its weight must agree
in all of them. Both lists must have the same length.

Example::

  &target=weightedAverage(web.*.errors,web.*.requests,1)`,
	Params: []Param{
		{Name: "seriesListAvg", Type: SeriesList, Required: true},
		{Name: "seriesListWeight", Type: SeriesList, Required: true},
		{Name: "nodes", Type: NodeOrTag, Multiple: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		averages, err := c.Series(ctx, "seriesListAvg")
		if err != nil {
			return nil, err
		}
		weights, err := c.Series(ctx, "seriesListWeight")
		if err != nil {
			return nil, err
		}
		if len(averages) != len(weights) {
			return nil, c.errorf("seriesListWeight", "must have as many series as seriesListAvg: %d, not %d", len(averages), len(weights))
		}
		products, err := c.weigh(averages, weights)
		if err != nil || len(products) == 0 {
			return nil, err
		}
		total, err := c.aggregate(ctx, products, "sum", c.XFilesFactor)
		if err != nil {
			return nil, err
		}
		weight, err := c.aggregate(ctx, weights, "sum", c.XFilesFactor)
		if err != nil {
			return nil, err
		}
		values, err := c.together(total[0].Values, weight[0].Values, divide)
		if err != nil {
			return nil, err
		}
		nodes := make([]string, len(c.values("nodes")))
		for i, v := range c.values("nodes") {
			nodes[i] = text(v)
		}
		name := "weightedAverage(" + sortedPaths(averages) + ", " + sortedPaths(weights) + ", " + strings.Join(nodes, ",") + ")"
		s := newSeries(name, total[0].Start, total[0].End, total[0].Step, values)
		s.XFilesFactor = c.XFilesFactor
		return []Series{s}, nil
	},
}

// weigh multiplies each series by its weight, the last one with the same nodes. As
// graphite-web, it aligns values by position, whatever their steps are.
func (c *Call) weigh(averages, weights []Series) ([]Series, error) {
	nodes := c.values("nodes")
	weightOf, averageOf := map[string]Series{}, map[string]Series{}
	var keys []string
	seen := map[string]bool{}
	for i, s := range averages {
		average, weight := nodeKey(s, nodes), nodeKey(weights[i], nodes)
		if err := c.spendName(average, weight); err != nil {
			return nil, err
		}
		for _, key := range []string{average, weight} {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
		averageOf[average], weightOf[weight] = s, weights[i]
	}
	var products []Series
	for _, key := range keys {
		s, ok := averageOf[key]
		weight, ok2 := weightOf[key]
		if !ok || !ok2 {
			continue
		}
		values, err := c.together(s.Values, weight.Values, func(a, b float64) float64 { return a * b })
		if err != nil {
			return nil, err
		}
		product := newSeries("product("+weight.Name+","+s.Name+")", s.Start, s.End, s.Step, values)
		product.XFilesFactor = c.XFilesFactor
		products = append(products, product)
	}
	return products, nil
}

// sortedPaths returns the distinct path expressions of series, sorted.
func sortedPaths(series []Series) string {
	paths := map[string]bool{}
	for _, s := range series {
		paths[s.Path] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(paths)), ",")
}
