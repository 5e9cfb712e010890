package function

import "context"

var (
	seriesListFirstPos  = Param{Name: "seriesListFirstPos", Type: SeriesList, Required: true}
	seriesListSecondPos = Param{Name: "seriesListSecondPos", Type: SeriesList, Required: true}
)

var aggregateSeriesLists = &Spec{
	Name:  "aggregateSeriesLists",
	Group: Combine,
	Doc: `Combines the first series of both lists with an aggregation function, then
the second ones, and so on. Both lists must have the same length. xFilesFactor is the
fraction of the two, from 0 to 1, that must have a value; it defaults to that of the
request.

Example::

  &target=aggregateSeriesLists(web.{a,b}.errors,web.{a,b}.requests,"sum")`,
	Params: []Param{
		seriesListFirstPos, seriesListSecondPos,
		{Name: "func", Type: AggFunc, Required: true},
		xFilesFactor,
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.aggregatePairs(ctx, c.Text("func"), c.xFilesFactor())
	},
}

var sumSeriesLists = &Spec{
	Name:  "sumSeriesLists",
	Group: Combine,
	Doc: `Adds the first series of both lists, then the second ones, and so on. Both
lists must have the same length.

Example::

  &target=sumSeriesLists(web.{a,b}.errors,web.{a,b}.requests)`,
	Params:     []Param{seriesListFirstPos, seriesListSecondPos},
	Aggregator: true,
	Eval:       pairwise("sum"),
}

var diffSeriesLists = &Spec{
	Name:  "diffSeriesLists",
	Group: Combine,
	Doc: `Subtracts the first series of the second list from the first of the first
list, then does so for the second ones, and so on. Both lists must have the same
length.

Example::

  &target=diffSeriesLists(web.{a,b}.requests,web.{a,b}.errors)`,
	Params:     []Param{seriesListFirstPos, seriesListSecondPos},
	Aggregator: true,
	Eval:       pairwise("diff"),
}

var multiplySeriesLists = &Spec{
	Name:  "multiplySeriesLists",
	Group: Combine,
	Doc: `Multiplies the first series of both lists, then the second ones, and so
on. Both lists must have the same length.

Example::

  &target=multiplySeriesLists(web.{a,b}.requests,web.{a,b}.errors)`,
	Params:     []Param{seriesListFirstPos, seriesListSecondPos},
	Aggregator: true,
	Eval:       pairwise("multiply"),
}

// pairwise makes an evaluator that aggregates two lists series by series.
func pairwise(aggregation string) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		return c.aggregatePairs(ctx, aggregation, c.XFilesFactor)
	}
}

// aggregatePairs aggregates each pair of "seriesListFirstPos" and "seriesListSecondPos".
func (c *Call) aggregatePairs(ctx context.Context, aggregation string, xFilesFactor float64) ([]Series, error) {
	return c.pairs(ctx, "seriesListFirstPos", "seriesListSecondPos", func(a, b Series) (Series, error) {
		results, err := c.aggregate(ctx, []Series{a, b}, aggregation, xFilesFactor)
		if err != nil {
			return Series{}, err
		}
		return results[0].renamed(trimSeries(aggregation) + "Series(" + a.Name + "," + b.Name + ")"), nil
	})
}

// pairs calls f with each pair of series at the same position of two parameters, and
// returns the results.
func (c *Call) pairs(ctx context.Context, first, second string, f func(a, b Series) (Series, error)) ([]Series, error) {
	firsts, err := c.Series(ctx, first)
	if err != nil {
		return nil, err
	}
	seconds, err := c.Series(ctx, second)
	if err != nil {
		return nil, err
	}
	if len(firsts) != len(seconds) {
		return nil, c.errorf(second, "must have as many series as %s: %d, not %d", first, len(firsts), len(seconds))
	}
	results := make([]Series, len(firsts))
	for i, a := range firsts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if results[i], err = f(a, seconds[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}
