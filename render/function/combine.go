package function

import "context"

// combineRows are the functions that make series of several.
var combineRows = []*Spec{
	asPercent, averageSeries, countSeries, group, groupByNode, multiplySeries, sumSeries,
}

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
		values, err := c.across(list, func(row []float64) float64 { return float64(len(row)) })
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

var groupByNode = &Spec{
	Name:  "groupByNode",
	Group: Combine,
	Doc: `Makes one series of all that have the same node, or tag, and names it by
that. The callback is an aggregation function or another function of series.

Example::

  &target=groupByNode(web.*.*,1,"sumSeries")`,
	Params: []Param{
		seriesList,
		{Name: "nodeNum", Type: NodeOrTag, Required: true},
		{Name: "callback", Type: AggOrSeriesFunc, Default: "average"},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return groupByNodes(ctx, c, c.values("nodeNum"))
	},
}

// groupByNodes groups "seriesList" by nodes and calls "callback" on each group.
func groupByNodes(ctx context.Context, c *Call, nodes []Value) ([]Series, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	keys, groups := groupBy(series, func(s Series) string { return nodeKey(s, nodes) })
	results := make([]Series, len(keys))
	for i, key := range keys {
		result, err := c.callback(ctx, "callback", groups[key])
		if err != nil {
			return nil, err
		}
		if len(result) == 0 {
			return nil, c.errorf("callback", "%s makes nothing of group %q", c.Text("callback"), key)
		}
		results[i] = result[0].renamed(key)
	}
	return results, nil
}

// callback calls the function that a parameter names: a function of series if
// there is one of that name, an aggregation function else.
func (c *Call) callback(ctx context.Context, param string, series []Series) ([]Series, error) {
	name := c.Text(param)
	if spec, ok := Lookup(name); ok && spec.Eval != nil {
		return c.Apply(ctx, spec, series)
	}
	if _, ok := lookupAggregation(trimSeries(name)); !ok {
		return nil, c.errorf(param, "%q is no function", name)
	}
	return c.aggregate(ctx, series, name, c.XFilesFactor)
}

// groupBy sorts series into groups by a key; keys are in the order of their first
// series.
func groupBy[S any](series []S, key func(s S) string) (keys []string, groups map[string][]S) {
	groups = map[string][]S{}
	for _, s := range series {
		k := key(s)
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], s)
	}
	return keys, groups
}
