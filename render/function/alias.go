package function

import (
	"context"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"carbon/aggregate"
)

var alias = &Spec{
	Name:  "alias",
	Group: Alias,
	Doc: `Gives all series a new name.

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

// rename makes an evaluator that renames each series to what f returns.
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
	Doc: `Names each series by nodes of its name or by tags, joined by dots. Nodes
count from 0, or from the end with negative numbers. If the name is a function call,
its first path is used.

Example::

  &target=aliasByNode(web.*.cpu,1)`,
	Params: []Param{seriesList, {Name: "nodes", Type: NodeOrTag, Required: true, Multiple: true}},
	Eval:   aliasBy("nodes"),
}

var aliasByTags = &Spec{
	Name:  "aliasByTags",
	Group: Alias,
	Doc: `Names each series by tags, or by nodes as aliasByNode does, joined by
dots.

Example::

  &target=aliasByTags(seriesByTag("name=cpu"),"name")`,
	Params: []Param{seriesList, {Name: "tags", Type: NodeOrTag, Required: true, Multiple: true}},
	Eval:   aliasBy("tags"),
}

// aliasBy makes an evaluator that names series by the nodes and tags of a parameter.
func aliasBy(param string) evaluator {
	return rename(func(c *Call, s Series) (string, error) {
		if s.Name == "" {
			return "", c.errorf("seriesList", "a series has an empty name, without nodes")
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
	Doc: `Names each series by the nodes of its name from start up to, but not
including, stop. Nodes count from 0, or from the end with negative numbers. A stop of
0 means up to the end. If the name is a function call, the path in the innermost
parentheses is used.

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

// nodesOf returns nodes start to stop-1 of the path in a name: the text between the last
// '(' and the first ')', up to a comma. A stop of 0 is the end.
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
	Doc: `Replaces all matches of a regular expression in the names of series. The
syntax is that of Python's re module; in replace, \1 is the text of the first group.

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

// substituted returns the names of series with all matches of "search" replaced by
// "replace". As in graphite-web, without series an invalid pattern is not an error.
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
	Doc: `Names each series by the last value of another series. The name of that
series is made by replacing all matches of the regular expression search with replace.
newName says where the value goes, as %g, %d or %.2f.

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
				return nil, c.errorf("replace", "no series match %q", targets[i])
			}
			last := aggregate.Last(others[0].Values)
			if last != last {
				return nil, c.errorf("replace", "%q has no values", targets[i])
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

var aliasByBase64 = &Spec{
	Name:  "aliasByBase64",
	Group: Alias,
	Doc: `Decodes the name of each series from base64. With nodeNum, only that node
of the path is decoded, counted from 1. Names that are not valid base64, or that do
not decode to UTF-8, stay as they are.

Example::

  &target=aliasByBase64(web.a.cpu)
  &target=aliasByBase64(web.a.cpu,3)`,
	Params: []Param{seriesList, {Name: "nodeNum", Type: Integer}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		name := s.Name
		decoded, ok := decodeBase64(name)
		if c.Has("nodeNum") {
			name = s.Tags["name"]
			nodes, n := strings.Split(name, "."), c.Int("nodeNum")
			if n < 1 {
				return s, c.errorf("nodeNum", "must be at least 1, not %d", n)
			}
			ok = false
			if n <= int64(len(nodes)) {
				nodes[n-1], ok = decodeBase64(nodes[n-1])
			}
			decoded = strings.Join(nodes, ".")
		}
		if !ok {
			return s, nil
		}
		return s.renamed(decoded).tagged("name", decoded), nil
	}),
}

func decodeBase64(s string) (text string, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(s)
	return string(decoded), err == nil && utf8.Valid(decoded)
}

var aliasByHash = &Spec{
	Name:  "aliasByHash",
	Group: Alias,
	Doc: `Names each series by looking up the last node of its path in the section
[hash:KEY] of the server's configuration, where KEY is keyName. With keepPath only
that node is replaced. Nodes that are not in the section stay as they are.

Example::

  &target=aliasByHash(web.*.cpu,"resources")`,
	Params: []Param{
		seriesList,
		{Name: "keyName", Type: String, Required: true},
		{Name: "keepPath", Type: Boolean, Default: false},
	},
	Eval: mark(func(c *Call, s Series) Series {
		path := s.Tags["name"]
		last := strings.LastIndexByte(path, '.') + 1
		name, ok := c.Hashes[strings.ToLower(c.Text("keyName"))][path[last:]]
		if !ok {
			return s
		}
		if c.Bool("keepPath") {
			name = path[:last] + name
		}
		return s.renamed(name).tagged("name", name)
	}),
}
