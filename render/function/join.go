package function

import (
	"context"
	"strings"
)

var join = &Spec{
	Name:  "join",
	Group: Transform,
	Doc: `Combines two lists of series by name, as sets. "AND" returns the series of
the first list whose names are in the second, "SUB" those whose names are not, "OR"
all series of both, "XOR" those whose names are in only one of the lists.

Example::

  &target=join(web.*.cpu,web.a.*,"AND")`,
	Params: []Param{
		{Name: "seriesA", Type: SeriesList, Required: true},
		{Name: "seriesB", Type: SeriesList, Required: true},
		{Name: "type", Type: String, Default: "AND", Options: []any{"AND", "OR", "XOR", "SUB"}},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		a, err := c.Series(ctx, "seriesA")
		if err != nil {
			return nil, err
		}
		b, err := c.Series(ctx, "seriesB")
		if err != nil {
			return nil, err
		}
		switch strings.ToUpper(c.String("type")) {
		case "AND":
			return amongNames(a, b, true), nil
		case "SUB":
			return amongNames(a, b, false), nil
		case "OR":
			return append(a[:len(a):len(a)], amongNames(b, a, false)...), nil
		case "XOR":
			return append(amongNames(a, b, false), amongNames(b, a, false)...), nil
		}
		return nil, c.errorf("type", `must be "AND", "OR", "XOR" or "SUB", not %q`, c.Text("type"))
	},
}

// amongNames returns the series whose names are among those of others, or the rest.
func amongNames(series, others []Series, have bool) []Series {
	names := make(map[string]bool, len(others))
	for _, s := range others {
		names[s.Name] = true
	}
	var found []Series
	for _, s := range series {
		if names[s.Name] == have {
			found = append(found, s)
		}
	}
	return found
}
