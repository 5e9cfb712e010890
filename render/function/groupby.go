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
		return c.groupByNodes(ctx, c.values("nodeNum"))
	},
}

var groupByNodes = &Spec{
	Name:  "groupByNodes",
	Group: Combine,
	Doc: `Makes one series of all that have the same nodes, or tags, and names it by
those. The callback is an aggregation function or another function of series.

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

// groups makes one series of each group in "seriesList", by the function that a
// parameter names, and calls it by the key of the group.
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
			return nil, c.errorf(callback, "%s makes nothing of group %q", c.Text(callback), key)
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
	Doc: `Makes one series of all that have the same values of some tags, which it
then has. It keeps the name they have in common, or is named by the callback: an
aggregation function or another function of series.

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
			of := metric.Tags{"name": name}
			if byName {
				of["name"] = s.Tags["name"]
			}
			parts := make([]string, len(tags))
			for i, tag := range tags {
				parts[i] = tag + "=" + s.Tags[tag]
				if s.Tags[tag] != "" {
					of[tag] = s.Tags[tag]
				}
			}
			slices.Sort(parts)
			key := strings.Join(append([]string{of["name"]}, parts...), ";")
			grouped[key] = of
			return key
		})
		for i, s := range results {
			results[i] = s.rewritten(s.Name)
			results[i].Tags = grouped[s.Name]
		}
		return results, err
	},
}

// commonName returns the name that all of "seriesList" have, or the callback if
// there is none.
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

var position = Param{Name: "position", Type: NodeIndex, Multiple: true}

var aggregateWithWildcards = &Spec{
	Name:  "aggregateWithWildcards",
	Group: Combine,
	Doc: `Makes one series, by an aggregation function, of all whose names are the same
without the nodes at some positions, and names it by what is left.

Example::

  &target=aggregateWithWildcards(web.*.*,"max",1)`,
	Params: []Param{
		seriesList,
		{Name: "func", Type: AggFunc, Required: true},
		{Name: "position", Type: NodeIndex, Multiple: true, Signature: "*positions"},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) { return c.withWildcards(ctx, c.Text("func")) },
}

var sumSeriesWithWildcards = &Spec{
	Name:  "sumSeriesWithWildcards",
	Group: Combine,
	Doc: `Adds up all series whose names are the same without the nodes at some
positions, and names the sum by what is left.

Example::

  &target=sumSeriesWithWildcards(web.*.*,1)`,
	Params:     []Param{seriesList, position},
	Aggregator: true,
	Eval:       func(ctx context.Context, c *Call) ([]Series, error) { return c.withWildcards(ctx, "sum") },
}

var averageSeriesWithWildcards = &Spec{
	Name:  "averageSeriesWithWildcards",
	Group: Combine,
	Doc: `Averages all series whose names are the same without the nodes at some
positions, and names the average by what is left.

Example::

  &target=averageSeriesWithWildcards(web.*.*,1)`,
	Params:     []Param{seriesList, position},
	Aggregator: true,
	Eval:       func(ctx context.Context, c *Call) ([]Series, error) { return c.withWildcards(ctx, "average") },
}

var multiplySeriesWithWildcards = &Spec{
	Name:  "multiplySeriesWithWildcards",
	Group: Combine,
	Doc: `Multiplies all series whose names are the same without the nodes at some
positions, and names the product by what is left.

Example::

  &target=multiplySeriesWithWildcards(web.*.*,1)`,
	Params:     []Param{seriesList, position},
	Aggregator: true,
	Eval:       func(ctx context.Context, c *Call) ([]Series, error) { return c.withWildcards(ctx, "multiply") },
}

// withWildcards aggregates the series of "seriesList" that have the same name but
// for the nodes at each "position", counted from 0.
func (c *Call) withWildcards(ctx context.Context, aggregation string) ([]Series, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	without := map[int64]bool{}
	for _, v := range c.values("position") {
		if n, ok := v.(int64); ok { // none is no position
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
