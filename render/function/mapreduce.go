package function

import (
	"context"
	"slices"
	"strings"
)

var applyByNode = &Spec{
	Name:  "applyByNode",
	Group: Combine,
	Doc: `Cuts the name of each series after the node nodeNum, counted from 0. For
each distinct prefix, it evaluates templateFunction as a target in which every %
stands for the prefix. newName, in which % may be used as well, names the results.

Example::

  &target=applyByNode(web.*.cpu,1,"sumSeries(%.*)","%.sum")`,
	Params: []Param{
		seriesList,
		{Name: "nodeNum", Type: NodeIndex, Required: true},
		{Name: "templateFunction", Type: String, Required: true},
		{Name: "newName", Type: String},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		prefixes := make([]string, len(series))
		for i, s := range series {
			nodes := strings.Split(s.Name, ".")
			n, end := c.Int("nodeNum"), int64(0)
			if n >= int64(len(nodes)) {
				return nil, c.errorf("nodeNum", "%q has no node %d", s.Name, n)
			}
			if end = n + 1; end < 0 {
				end = max(end+int64(len(nodes)), 0)
			}
			prefixes[i] = strings.Join(nodes[:end], ".")
		}
		slices.Sort(prefixes)
		last := series[len(series)-1]
		var results []Series
		for _, prefix := range slices.Compact(prefixes) {
			text, err := c.withPrefix("templateFunction", prefix)
			if err != nil {
				return nil, err
			}
			made, err := c.evaluateTarget(ctx, text)
			if err != nil {
				return nil, err
			}
			name, err := c.withPrefix("newName", prefix)
			if err != nil {
				return nil, err
			}
			for _, s := range made {
				if name != "" {
					s = s.renamed(name)
				}
				s.Path, s.Start, s.End = prefix, last.Start, last.End
				results = append(results, s)
			}
		}
		return results, nil
	},
}

// withPrefix returns an argument with every % replaced by a prefix.
func (c *Call) withPrefix(param, prefix string) (string, error) {
	const maxTemplate = 128 << 10
	text := c.String(param)
	if len(text)+strings.Count(text, "%")*len(prefix) > maxTemplate {
		return "", c.errorf(param, "longer than %d bytes with the prefixes inserted", maxTemplate)
	}
	return strings.ReplaceAll(text, "%", prefix), nil
}

var mapSeries = &Spec{
	Name:    "mapSeries",
	Aliases: []string{"map"},
	Group:   Combine,
	Doc: `Splits a list of series into several lists, one for each combination of
the given nodes or tags. reduceSeries takes such lists; other functions take them as
one list.

Example::

  &target=reduceSeries(mapSeries(web.*.*,1),"asPercent",2,"errors","requests")`,
	Params: []Param{
		seriesList,
		{Name: "mapNodes", Type: NodeOrTag, Required: true, Multiple: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		lists, err := c.mapped(ctx)
		return slices.Concat(lists...), err
	},
	EvalLists: func(ctx context.Context, c *Call) ([][]Series, error) { return c.mapped(ctx) },
}

// mapped returns "seriesList", grouped by "mapNodes".
func (c *Call) mapped(ctx context.Context) ([][]Series, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	nodes := c.values("mapNodes")
	keys, groups, err := groupBy(ctx, c, series, func(s Series) string { return nodeKey(s, nodes) })
	if err != nil {
		return nil, err
	}
	lists := make([][]Series, len(keys))
	for i, key := range keys {
		lists[i] = groups[key]
	}
	return lists, nil
}

var reduceSeries = &Spec{
	Name:    "reduceSeries",
	Aliases: []string{"reduce"},
	Group:   Combine,
	Doc: `Calls a function with one series from each of the lists that mapSeries
makes. reduceNode is the number of a node, counted from 0. Series that agree in all
nodes before reduceNode form a group. In a group, the series whose node reduceNode
equals the first matcher is the first argument, the series that matches the second
matcher is the second argument, and so on.

Example::

  &target=reduceSeries(mapSeries(web.*.*,1),"asPercent",2,"errors","requests")`,
	Params: []Param{
		{Name: "seriesLists", Type: SeriesLists, Required: true},
		{Name: "reduceFunction", Type: String, Required: true},
		{Name: "reduceNode", Type: NodeIndex, Required: true},
		{Name: "reduceMatchers", Type: String, Required: true, Multiple: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		lists, err := c.SeriesLists(ctx, "seriesLists")
		if err != nil {
			return nil, err
		}
		keys, found, err := c.reduced(ctx, slices.Concat(lists...))
		if err != nil {
			return nil, err
		}
		spec, ok := Lookup(c.Text("reduceFunction"))
		if len(keys) > 0 && (!ok || spec.Eval == nil) {
			return nil, c.errorf("reduceFunction", "unknown function %q", c.Text("reduceFunction"))
		}
		results := make([]Series, len(keys))
		for i, key := range keys {
			var others []Value
			for _, series := range found[key][1:] {
				others = append(others, series)
			}
			result, err := c.Apply(ctx, spec, found[key][0], others...)
			if err != nil {
				return nil, err
			}
			if len(result) == 0 {
				return nil, c.errorf("reduceFunction", "%s returns no series for %s", c.Text("reduceFunction"), key)
			}
			results[i] = result[0].renamed(key)
		}
		return results, nil
	},
}

// reduced groups series by their names up to "reduceNode". Within a group, found holds
// the series of each of "reduceMatchers", as a list.
func (c *Call) reduced(ctx context.Context, series []Series) (keys []string, found map[string][][]Series, err error) {
	matchers := c.values("reduceMatchers")
	found = map[string][][]Series{}
	for _, s := range series {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		nodes := strings.Split(s.Name, ".")
		n := c.Int("reduceNode")
		if n < 0 {
			n += int64(len(nodes))
		}
		if n < 0 || n >= int64(len(nodes)) {
			return nil, nil, c.errorf("reduceNode", "%q has no node %d", s.Name, c.Int("reduceNode"))
		}
		i := slices.IndexFunc(matchers, func(v Value) bool { return v == Value(nodes[n]) })
		if i < 0 {
			continue
		}
		key := strings.Join(nodes[:n], ".") + ".reduce." + c.Text("reduceFunction")
		if found[key] == nil {
			keys = append(keys, key)
			const listWeight = 32 // a list of one series
			err := c.spendName(key, key)
			if err == nil {
				err = c.Spend(listWeight * int64(len(matchers)))
			}
			if err != nil {
				return nil, nil, err
			}
			found[key] = make([][]Series, len(matchers))
		}
		found[key][i] = []Series{s}
	}
	for _, key := range keys {
		for i, v := range found[key] {
			if v == nil {
				return nil, nil, c.errorf("reduceMatchers", "%s has no series for %s", key, describe(matchers[i]))
			}
		}
	}
	return keys, found, nil
}
