package function

import "context"

var sumSeries = &Spec{
	Name:    "sumSeries",
	Aliases: []string{"sum"},
	Group:   Combine,
	Doc: `Adds up the series, value by value. Missing values are skipped. If all are
missing, so is the result. Series with different steps are first consolidated to their
least common step.

Example::

  &target=sumSeries(web.*.requests)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("sum"),
}

var averageSeries = &Spec{
	Name:    "averageSeries",
	Aliases: []string{"avg"},
	Group:   Combine,
	Doc: `Averages the series, value by value. Missing values are ignored.

Example::

  &target=averageSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("average"),
}

var multiplySeries = &Spec{
	Name:  "multiplySeries",
	Group: Combine,
	Doc: `Multiplies the series, value by value. If one value is missing, so is the
result. A single series is returned unchanged.

Example::

  &target=multiplySeries(web.a.requests,web.a.size)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesLists")
		if err != nil || len(series) == 1 && len(c.values("seriesLists")) == 1 {
			return series, err
		}
		return c.aggregate(ctx, series, "multiply", c.XFilesFactor)
	},
}

var countSeries = &Spec{
	Name:  "countSeries",
	Group: Combine,
	Doc: `Returns the number of series, at every time, whether they have values or
not. Without arguments it returns 0.

Example::

  &target=countSeries(web.*.requests)`,
	Params:     []Param{{Name: "seriesLists", Type: SeriesList, Multiple: true}},
	Aggregator: true,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		if len(c.values("seriesLists")) == 0 {
			s := c.line("0", 0)
			s.Path = "countSeries()"
			return []Series{s}, nil
		}
		series, err := c.Series(ctx, "seriesLists")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		name := "countSeries(" + paths(series) + ")"
		return c.combineRows(ctx, series, name, func(row []float64) float64 { return float64(len(row)) })
	},
}

var group = &Spec{
	Name:  "group",
	Group: Combine,
	Doc: `Combines several lists of series into one list, for functions that take
only one.

Example::

  &target=alias(group(web.a.cpu,web.b.cpu),"cpu")`,
	Params: []Param{{Name: "seriesLists", Type: SeriesList, Multiple: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.Series(ctx, "seriesLists")
	},
}

var minSeries = &Spec{
	Name:  "minSeries",
	Group: Combine,
	Doc: `Returns the smallest value of all series at each time. Missing values are
ignored.

Example::

  &target=minSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("min"),
}

var maxSeries = &Spec{
	Name:  "maxSeries",
	Group: Combine,
	Doc: `Returns the largest value of all series at each time. Missing values are
ignored.

Example::

  &target=maxSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("max"),
}

var diffSeries = &Spec{
	Name:  "diffSeries",
	Group: Combine,
	Doc: `Subtracts all other series from the first one, value by value. Missing
values are skipped. If the first series has no value at a time, the others are
subtracted from the first series that has one.

Example::

  &target=diffSeries(web.a.requests,web.a.errors)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("diff"),
}

var rangeOfSeries = &Spec{
	Name:  "rangeOfSeries",
	Group: Combine,
	Doc: `Returns the difference between the largest and the smallest value of all
series at each time.

Example::

  &target=rangeOfSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("rangeOf"),
}

var stddevSeries = &Spec{
	Name:  "stddevSeries",
	Group: Combine,
	Doc: `Returns the population standard deviation of all series at each time.

Example::

  &target=stddevSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("stddev"),
}

var aggregateSeries = &Spec{
	Name:  "aggregate",
	Group: Combine,
	Doc: `Combines all series into one, value by value, with an aggregation function
such as sum, average, median or max. xFilesFactor is the fraction of series, from 0 to
1, that must have a value; otherwise the result has none. It defaults to that of the
request.

Example::

  &target=aggregate(web.*.cpu,"median")`,
	Params: []Param{seriesList, {Name: "func", Type: AggFunc, Required: true}, xFilesFactor},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.aggregate(ctx, series, c.Text("func"), c.xFilesFactor())
	},
}

// xFilesFactor returns the argument xFilesFactor, or that of the request if it is not
// given.
func (c *Call) xFilesFactor() float64 {
	if c.Has("xFilesFactor") {
		return c.Float("xFilesFactor")
	}
	return c.XFilesFactor
}

// These functions differ from those with the suffix Series in two cases: count counts
// only series with a value, and multiply renames a single series.
var (
	count    = aggregation("count", "the number of series that have a value")
	diff     = aggregation("diff", "the first series minus all others")
	maximum  = aggregation("max", "the largest value of all series")
	minimum  = aggregation("min", "the smallest value of all series")
	multiply = aggregation("multiply", "the product of all series")
	stddev   = aggregation("stddev", "the population standard deviation of all series")
)

// aggregation makes a function with the name of an aggregation function. what names its
// result in the documentation.
func aggregation(name, what string) *Spec {
	return &Spec{
		Name:   name,
		Group:  Combine,
		Doc:    "Returns " + what + " at each time.\n\nExample::\n\n  &target=" + name + "(web.*.cpu)",
		Params: []Param{seriesLists},
		Eval:   combine(name),
	}
}
