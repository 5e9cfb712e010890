package function

import (
	"context"
	"math"
	"strings"

	"carbon/aggregate"
)

// aliasRows are the functions that name series.
var aliasRows = []*Spec{
	alias, aliasByMetric, aliasByNode, aliasByTags, aliasQuery, aliasSub, legendValue, lower, substr, upper,
}

var alias = &Spec{
	Name:  "alias",
	Group: Alias,
	Doc: `Gives all series of a list another name.

Example::

  &target=alias(sumSeries(web.*.cpu),"total")`,
	Params: []Param{seriesList, {Name: "newName", Type: String, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		s = s.renamed(c.Text("newName"))
		_, isString := c.value("newName").(string)
		s.Bare = !isString
		return s
	}),
}

// rename makes an evaluator of what becomes of the name of each series.
func rename(f func(c *Call, s Series) (string, error)) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			if err := c.named(ctx, s); err != nil {
				return s, err
			}
			name, err := f(c, s)
			return s.renamed(name), err
		})
	}
}

var aliasByNode = &Spec{
	Name:  "aliasByNode",
	Group: Alias,
	Doc: `Names each series by some of its nodes, counted from 0, or from -1 at the
end, and by its tags.

Example::

  &target=aliasByNode(web.*.cpu,1)`,
	Params: []Param{seriesList, {Name: "nodes", Type: NodeOrTag, Required: true, Multiple: true}},
	Eval:   aliasBy("nodes"),
}

var aliasByTags = &Spec{
	Name:  "aliasByTags",
	Group: Alias,
	Doc: `Names each series by some of its tags, and by nodes as aliasByNode does.

Example::

  &target=aliasByTags(seriesByTag("name=cpu"),"name")`,
	Params: []Param{seriesList, {Name: "tags", Type: NodeOrTag, Required: true, Multiple: true}},
	Eval:   aliasBy("tags"),
}

func aliasBy(param string) evaluator {
	return rename(func(c *Call, s Series) (string, error) {
		if s.Name == "" {
			return "", c.errorf("seriesList", "a series has an empty name, which has no nodes")
		}
		return nodeKey(s, c.values(param)), nil
	})
}

var aliasByMetric = &Spec{
	Name:  "aliasByMetric",
	Group: Alias,
	Doc: `Names each series by the last node of its name.

Example::

  &target=aliasByMetric(web.a.cpu)`,
	Params: []Param{seriesList},
	Eval:   rename(func(_ *Call, s Series) (string, error) { return nodesOf(s.Name, -1, 0), nil }),
}

var substr = &Spec{
	Name:  "substr",
	Group: Special,
	Doc: `Names each series by the nodes of its name from start up to, but not including,
stop. Both count from 0, or back from the end below 0; a stop of 0 is the end.

Example::

  &target=substr(web.a.cpu,1,2)`,
	Params: []Param{
		seriesList,
		{Name: "start", Type: NodeIndex, Takes: truncated, Default: 0},
		{Name: "stop", Type: NodeIndex, Takes: truncated, Default: 0},
	},
	Eval: rename(func(c *Call, s Series) (string, error) {
		return nodesOf(s.Name, c.Int("start"), c.Int("stop")), nil
	}),
}

// nodesOf returns nodes of the metric within a name: what the last '(' and the
// first ')' enclose, up to a comma.
func nodesOf(name string, start, stop int64) string {
	right := strings.IndexByte(name, ')')
	if right < 0 {
		right = len(name)
	}
	left := min(strings.LastIndexByte(name, '(')+1, right)
	nodes := strings.Split(name[left:right], ".")
	if stop != 0 {
		nodes = head(nodes, stop)
	}
	if start < 0 {
		start = max(start+int64(len(strings.Split(name[left:right], "."))), 0)
	}
	nodes = nodes[min(start, int64(len(nodes))):]
	metric, _, _ := strings.Cut(strings.Join(nodes, "."), ",")
	return metric
}

var aliasSub = &Spec{
	Name:  "aliasSub",
	Group: Alias,
	Doc: `Replaces what a regular expression, written as for Python, finds in names. In
the replacement, \1 is what its first group matched.

Example::

  &target=aliasSub(web.*.cpu,"^web\.(\w+)\.","host \1 ")`,
	Params: []Param{
		seriesList,
		{Name: "search", Type: String, Required: true},
		{Name: "replace", Type: String, Required: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		names, err := c.substituted(ctx, series)
		if err != nil {
			return nil, err
		}
		renamed := make([]Series, len(series))
		for i, s := range series {
			renamed[i] = s.renamed(names[i])
		}
		return renamed, nil
	},
}

// substituted returns the names of series with what "search" finds replaced by
// "replace". As in graphite-web, wrong patterns pass where there are no series.
func (c *Call) substituted(ctx context.Context, series []Series) ([]string, error) {
	if len(series) == 0 {
		return nil, nil
	}
	re, err := c.pattern("search")
	if err != nil {
		return nil, err
	}
	replacement, err := c.quoted("replace")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(series))
	for i, s := range series {
		if err := c.named(ctx, s); err != nil {
			return nil, err
		}
		if names[i], err = re.Sub(replacement, s.Name); err != nil {
			return nil, c.errorf("replace", "%v", err)
		}
		if err := c.spendName(names[i], names[i]); err != nil {
			return nil, err
		}
	}
	return names, nil
}

var aliasQuery = &Spec{
	Name:  "aliasQuery",
	Group: Alias,
	Doc: `Names each series by the last point of another one, which is found by replacing
in its name what a regular expression finds. The new name says where the number
goes: %g, %d or %.2f.

Example::

  &target=aliasQuery(web.*.cpu,"cpu","requests","requests: %g")`,
	Params: []Param{
		seriesList,
		{Name: "search", Type: String, Required: true},
		{Name: "replace", Type: String, Required: true},
		{Name: "newName", Type: String, Required: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		targets, err := c.substituted(ctx, series)
		if err != nil {
			return nil, err
		}
		renamed := make([]Series, len(series))
		for i, s := range series {
			others, err := c.evaluateTarget(ctx, targets[i])
			if err != nil {
				return nil, err
			}
			if len(others) == 0 {
				return nil, c.errorf("replace", "there are no series %q", targets[i])
			}
			last := aggregate.Last(others[0].Values)
			if last != last {
				return nil, c.errorf("replace", "%q has no points", targets[i])
			}
			format, err := c.quoted("newName")
			if err != nil {
				return nil, err
			}
			name, err := percentFormat(format, last)
			if err != nil {
				return nil, c.errorf("newName", "%v", err)
			}
			renamed[i] = s.renamed(name)
			if err := c.spendName(name, name); err != nil {
				return nil, err
			}
		}
		return renamed, nil
	},
}

// evaluateTarget computes a target that an argument made.
func (c *Call) evaluateTarget(ctx context.Context, target string) ([]Series, error) {
	node, err := c.Bind(target)
	if err != nil {
		return nil, err
	}
	return c.Evaluate(ctx, node, c.Window)
}

var legendValue = &Spec{
	Name:  "legendValue",
	Group: Alias,
	Doc: `Adds values made of all points to the names of series. With si or binary, which
come last, they are shortened, as 1.50k.

Example::

  &target=legendValue(web.*.cpu,"avg","max","si")`,
	Params: []Param{seriesList, {
		Name: "valuesTypes", Type: String, Multiple: true, Signature: "*valueTypes", Options: legendValues(),
	}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		kinds := c.values("valuesTypes")
		if len(kinds) == 0 {
			return nil, c.errorf("valuesTypes", `missing: give one or more, such as "avg"`)
		}
		units, shortened := unitSystems[text(kinds[len(kinds)-1])]
		if shortened {
			kinds = kinds[:len(kinds)-1]
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			for _, kind := range kinds {
				name := text(kind)
				f, known := lookupAggregation(name)
				if shortened {
					value := "(?)"
					if known {
						value = shorten(f(s.Values), units)
					}
					s = s.renamed(pad(s.Name, 20) + pad(name, 5) + pad(value, 10))
					continue
				}
				if err := c.named(ctx, s); err != nil {
					return s, err
				}
				value := "(?)"
				if known {
					value = shown(name, f(s.Values))
				}
				s = s.renamed(s.Name + " (" + name + ": " + value + ")")
			}
			return s, nil
		})
	},
}

// legendValues are what graphite-web offers: all aggregation functions, also by
// the names of functions of series, and how to shorten.
func legendValues() []any {
	options := []any{"si", "binary"}
	for _, name := range aggFuncs {
		options = append(options, name, name+"Series")
	}
	return options
}

// shown returns an aggregated value as Python shows it.
func shown(aggregation string, v float64) string {
	switch {
	case v != v:
		return "None"
	case aggregation == "count":
		return text(int64(v))
	}
	return repr(v)
}

type unit struct {
	suffix string
	size   float64
}

var unitSystems = map[string][]unit{
	"si":     {{"P", 1e15}, {"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}},
	"binary": {{"Pi", 1 << 50}, {"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}},
}

// shorten returns a value with two decimals, in the largest unit it reaches.
func shorten(v float64, units []unit) string {
	if v != v {
		return "None"
	}
	for _, u := range units {
		if math.Abs(v) >= u.size {
			return fixed(v/u.size, 2) + u.suffix
		}
	}
	return fixed(v, 2)
}
