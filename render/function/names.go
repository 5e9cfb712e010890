package function

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"carbon/metric"
	"carbon/render/target"
)

// paths returns the distinct path expressions of series, joined by commas.
func paths(series []Series) string {
	var list []string
	seen := map[string]bool{}
	for _, s := range series {
		if !seen[s.Path] {
			seen[s.Path] = true
			list = append(list, s.Path)
		}
	}
	return strings.Join(list, ",")
}

// commonTags returns a new map of the tags that have the same value in all series.
func commonTags(series []Series) metric.Tags {
	tags := maps.Clone(series[0].Tags)
	if tags == nil {
		tags = metric.Tags{}
	}
	for _, s := range series[1:] {
		maps.DeleteFunc(tags, func(k, v string) bool {
			other, ok := s.Tags[k]
			return !ok || other != v
		})
	}
	return tags
}

func trimSeries(name string) string { return strings.TrimSuffix(name, "Series") }

// nodeKey returns nodes and tags of a series, joined by dots. If the name of the series
// is a function call, the nodes are those of the first path in it.
func nodeKey(s Series, nodes []Value) string {
	path := s.Name
	if strings.HasSuffix(path, ")") {
		path = firstPath(path)
	}
	path, _, _ = strings.Cut(path, ";")
	elements := strings.Split(path, ".")
	var key strings.Builder
	for i, n := range nodes {
		if i > 0 {
			key.WriteByte('.')
		}
		if index, ok := n.(int64); ok {
			if index < 0 {
				index += int64(len(elements))
			}
			if index >= 0 && index < int64(len(elements)) {
				key.WriteString(elements[index])
				continue
			}
		}
		key.WriteString(s.Tags[text(n)])
	}
	return key.String()
}

// firstPath returns the first path in a target, or the target if it has none.
func firstPath(name string) string {
	e, err := target.Parse(name)
	for err == nil {
		switch node := e.(type) {
		case *target.Path:
			return node.Text
		case *target.Pipe:
			e = node.Input
			continue
		case *target.Call:
			if len(node.Args) > 0 {
				e = node.Args[0]
				continue
			}
		}
		break
	}
	return name
}

// decimal returns a number without an exponent and without unnecessary digits: 2, not
// 2.0.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// named returns an error if the name of a series is not a string, as after alias(x,5):
// in graphite-web such names cannot be changed, only shown. It also checks ctx.
func (c *Call) named(ctx context.Context, s Series) error {
	if s.Bare {
		return c.errorf("", "the name %s of a series is not a string: put it in quotes", s.Name)
	}
	return ctx.Err()
}
