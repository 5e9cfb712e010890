package function

import "context"

var sumSeries = &Spec{
	Name:    "sumSeries",
	Aliases: []string{"sum"},
	Group:   Combine,
	Doc: `Adds series up, point by point; missing points count as nothing. Series of
different steps are first consolidated to a common one.

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
	Doc: `Averages series, point by point; missing points do not count.

Example::

  &target=averageSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("average"),
}

var multiplySeries = &Spec{
	Name:  "multiplySeries",
	Group: Combine,
	Doc: `Multiplies series, point by point; where one has no point there is none. A
single series stays as it is.

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
	Doc: `Shows how many series there are, whether they have points or not.

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
		list := operands(series)
		at, err := c.normalize(list)
		if err != nil {
			return nil, err
		}
		values, err := c.across(ctx, list, func(row []float64) float64 { return float64(len(row)) })
		if err != nil {
			return nil, err
		}
		s := newSeries("countSeries("+paths(series)+")", at.start, at.end, at.step, values)
		s.XFilesFactor = c.XFilesFactor
		return []Series{s}, ctx.Err()
	},
}

var group = &Spec{
	Name:  "group",
	Group: Combine,
	Doc: `Takes several lists of series for one, where a function wants one list.

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
	Doc: `Shows at each point the smallest of all series.

Example::

  &target=minSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("min"),
}

var maxSeries = &Spec{
	Name:  "maxSeries",
	Group: Combine,
	Doc: `Shows at each point the largest of all series.

Example::

  &target=maxSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("max"),
}

var diffSeries = &Spec{
	Name:  "diffSeries",
	Group: Combine,
	Doc: `Subtracts from the first series all others, point by point; missing points
count as nothing. Where the first has none, it is the next that the others are
subtracted from.

Example::

  &target=diffSeries(web.a.requests,web.a.errors)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("diff"),
}

var rangeOfSeries = &Spec{
	Name:  "rangeOfSeries",
	Group: Combine,
	Doc: `Shows at each point how far the smallest and the largest of all series are
apart.

Example::

  &target=rangeOfSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("rangeOf"),
}

var stddevSeries = &Spec{
	Name:  "stddevSeries",
	Group: Combine,
	Doc: `Shows at each point the standard deviation of all series, as of a whole
population.

Example::

  &target=stddevSeries(web.*.cpu)`,
	Params:     []Param{seriesLists},
	Aggregator: true,
	Eval:       combine("stddev"),
}

var aggregateSeries = &Spec{
	Name:  "aggregate",
	Group: Combine,
	Doc: `Makes one series of all by an aggregation function. Where a smaller share of
them than the xFilesFactor has a point there is none.

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

// xFilesFactor returns the argument of that name, that of the request if there is
// none.
func (c *Call) xFilesFactor() float64 {
	if c.Has("xFilesFactor") {
		return c.Float("xFilesFactor")
	}
	return c.XFilesFactor
}

// The short names count points, or multiply a single series, as the callbacks of
// that name do, which countSeries and multiplySeries do not.
var (
	count    = aggregation("count", "how many series have a point")
	diff     = aggregation("diff", "the first series less all others")
	maximum  = aggregation("max", "the largest of all series")
	minimum  = aggregation("min", "the smallest of all series")
	multiply = aggregation("multiply", "the product of all series")
	stddev   = aggregation("stddev", "the standard deviation of all series")
)

// aggregation makes a function that is called like an aggregation function. What
// is the words for its result.
func aggregation(name, what string) *Spec {
	return &Spec{
		Name:   name,
		Group:  Combine,
		Doc:    "Shows at each point " + what + ".\n\nExample::\n\n  &target=" + name + "(web.*.cpu)",
		Params: []Param{seriesLists},
		Eval:   combine(name),
	}
}
