package function

import (
	"context"
	"slices"
	"strings"

	"carbon/metric"
)

var groupByNode = &Spec{
	Name:  "groupByNode",
	Group: Combine,
	Doc: `Groups series by one node of their names, or by a tag, and combines each
group into one series. The result is named by that node. Nodes count from 0, or from
the end with negative numbers. callback is an aggregation function, such as sum, or a
function of series, such as sumSeries.

Example::

  &target=groupByNode(web.*.*,1,"sumSeries")`,
	Params: []Param{
		seriesList,
		{Name: "nodeNum", Type: NodeOrTag, Required: true},
		{Name: "callback", Type: AggOrSeriesFunc, Default: "average"},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.groupByNodes(ctx, c.values("nodeNum"))
	},
}

var groupByNodes = &Spec{
	Name:  "groupByNodes",
	Group: Combine,
	Doc: `Groups series by several nodes of their names, or by tags, and combines
each group into one series. The result is named by these nodes, joined by dots. Nodes
count from 0, or from the end with negative numbers. callback is an aggregation
function, such as sum, or a function of series, such as sumSeries.

Example::

  &target=groupByNodes(web.*.*,"sumSeries",1,2)`,
	Params: []Param{
		seriesList,
		{Name: "callback", Type: AggOrSeriesFunc, Required: true},
		{Name: "nodes", Type: NodeOrTag, Multiple: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.groupByNodes(ctx, c.values("nodes"))
	},
}

func (c *Call) groupByNodes(ctx context.Context, nodes []Value) ([]Series, error) {
	return c.groups(ctx, "callback", func(s Series) string { return nodeKey(s, nodes) })
}

// groups combines each group of "seriesList" into one series, with the function that a
// parameter names. The result is named by the key of the group.
func (c *Call) groups(ctx context.Context, callback string, key func(s Series) string) ([]Series, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	keys, groups, err := groupBy(ctx, c, series, key)
	if err != nil {
		return nil, err
	}
	results := make([]Series, len(keys))
	for i, key := range keys {
		result, err := c.callback(ctx, callback, groups[key])
		if err != nil {
			return nil, err
		}
		if len(result) == 0 {
			return nil, c.errorf(callback, "%s returns no series for group %q", c.Text(callback), key)
		}
		results[i] = result[0].renamed(key)
	}
	return results, nil
}

// callback calls the function that a parameter names: a function of series, or, if there
// is none of that name, an aggregation function.
func (c *Call) callback(ctx context.Context, param string, series []Series) ([]Series, error) {
	name := c.Text(param)
	if spec, ok := Lookup(name); ok && spec.Eval != nil {
		return c.Apply(ctx, spec, series)
	}
	if _, ok := lookupAggregation(trimSeries(name)); !ok {
		return nil, c.errorf(param, "unknown function %q", name)
	}
	return c.aggregate(ctx, series, name, c.XFilesFactor)
}

// groupBy groups series by a key. keys are in the order of their first series.
func groupBy[S any](ctx context.Context, c *Call, series []S, key func(s S) string) (keys []string, groups map[string][]S, err error) {
	groups = map[string][]S{}
	for _, s := range series {
		k := key(s)
		if err = c.spendName(k, k); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, nil, err
		}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], s)
	}
	return keys, groups, nil
}

var groupByTags = &Spec{
	Name:  "groupByTags",
	Group: Combine,
	Doc: `Groups series by the values of tags and combines each group into one
series, which has these tags. The result keeps the name that all series share; if they
have different names, it is named by the callback. With "name" among the tags, series
are grouped by their names as well. callback is an aggregation function, such as sum,
or a function of series, such as sumSeries.

Example::

  &target=groupByTags(seriesByTag("name=http.requests"),"sum","dc")`,
	Params: []Param{
		seriesList,
		{Name: "callback", Type: AggOrSeriesFunc, Required: true},
		{Name: "tags", Type: Tag, Required: true, Multiple: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		var tags []string
		byName := false
		for _, v := range c.values("tags") {
			if tag := text(v); tag == "name" {
				byName = true
			} else {
				tags = append(tags, tag)
			}
		}
		if !byName && len(tags) == 0 {
			return nil, c.errorf("tags", "must name one or more tags")
		}
		name, err := c.commonName(ctx)
		if err != nil {
			return nil, err
		}
		grouped := map[string]metric.Tags{}
		results, err := c.groups(ctx, "callback", func(s Series) string {
			common := metric.Tags{"name": name}
			if byName {
				common["name"] = s.Tags["name"]
			}
			parts := make([]string, len(tags))
			for i, tag := range tags {
				parts[i] = tag + "=" + s.Tags[tag]
				if s.Tags[tag] != "" {
					common[tag] = s.Tags[tag]
				}
			}
			slices.Sort(parts)
			key := strings.Join(append([]string{common["name"]}, parts...), ";")
			grouped[key] = common
			return key
		})
		for i, s := range results {
			results[i] = s.rewritten(s.Name)
			results[i].Tags = grouped[s.Name]
		}
		return results, err
	},
}

// commonName returns the name tag that all of "seriesList" share, or the name of the
// callback if they share none.
func (c *Call) commonName(ctx context.Context) (string, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil || len(series) == 0 {
		return c.Text("callback"), err
	}
	name := series[0].Tags["name"]
	for _, s := range series {
		if s.Tags["name"] != name {
			return c.Text("callback"), nil
		}
	}
	return name, nil
}

var aggregateWithWildcards = &Spec{
	Name:  "aggregateWithWildcards",
	Group: Combine,
	Doc: `Removes the nodes at the given positions from the names, and combines
series whose names are then equal into one with an aggregation function. The result
has the shortened name. Positions count from 0.

Example::

  &target=aggregateWithWildcards(web.*.*,"max",1)`,
	Params: []Param{
		seriesList,
		{Name: "func", Type: AggFunc, Required: true},
		{Name: "position", Type: NodeIndex, Multiple: true, Signature: "*positions"},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) { return c.withWildcards(ctx, c.Text("func")) },
}

// wildcards makes a function that aggregates series whose names are equal without the
// nodes at some positions. verb says in the documentation what it does with them.
func wildcards(name, verb, aggregation string) *Spec {
	return &Spec{
		Name:  name,
		Group: Combine,
		Doc: "Removes the nodes at the given positions from the names, and " + verb + ` series
whose names are then equal. The result has the shortened name. Positions count from 0.

Example::

  &target=` + name + `(web.*.*,1)`,
		Params:     []Param{seriesList, {Name: "position", Type: NodeIndex, Multiple: true}},
		Aggregator: true,
		Eval: func(ctx context.Context, c *Call) ([]Series, error) {
			return c.withWildcards(ctx, aggregation)
		},
	}
}

var (
	averageSeriesWithWildcards  = wildcards("averageSeriesWithWildcards", "averages", "average")
	multiplySeriesWithWildcards = wildcards("multiplySeriesWithWildcards", "multiplies", "multiply")
	sumSeriesWithWildcards      = wildcards("sumSeriesWithWildcards", "adds up", "sum")
)

// withWildcards aggregates the series of "seriesList" whose names are equal without the
// nodes at each "position", counted from 0.
func (c *Call) withWildcards(ctx context.Context, aggregation string) ([]Series, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	without := map[int64]bool{}
	for _, v := range c.values("position") {
		if n, ok := v.(int64); ok { // ignore none
			without[n] = true
		}
	}
	keys, groups, err := groupBy(ctx, c, series, func(s Series) string {
		var kept []string
		for i, node := range strings.Split(s.Name, ".") {
			if !without[int64(i)] {
				kept = append(kept, node)
			}
		}
		return strings.Join(kept, ".")
	})
	if err != nil {
		return nil, err
	}
	results := make([]Series, len(keys))
	for i, key := range keys {
		result, err := c.aggregate(ctx, groups[key], aggregation, c.XFilesFactor)
		if err != nil {
			return nil, err
		}
		results[i] = result[0].renamed(key)
	}
	return results, nil
}
