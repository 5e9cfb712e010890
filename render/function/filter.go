package function

import (
	"context"
	"slices"
	"strings"

	"carbon/aggregate"
)

var filterSeries = &Spec{
	Name:  "filterSeries",
	Group: FilterSeries,
	Doc: `Shows the series of which one value, made of all their points, compares with
the threshold as the operator says.

Example::

  &target=filterSeries(web.*.cpu,"max",">",0.5)`,
	Params: []Param{
		seriesList,
		{Name: "func", Type: AggFunc, Required: true},
		{Name: "operator", Type: String, Required: true, Options: []any{"!=", "<", "<=", "=", ">", ">="}},
		{Name: "threshold", Type: Float, Required: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		f, err := c.AggFunc("func")
		if err != nil {
			return nil, err
		}
		operator, ok := operators[c.Text("operator")]
		if !ok {
			return nil, c.errorf("operator", "must be one of = != > >= < <=, not %q", c.Text("operator"))
		}
		threshold := c.Float("threshold")
		return keep(func(*Call) func(s Series) bool {
			return func(s Series) bool { return operator(f(s.Values), threshold) }
		})(ctx, c)
	},
}

// operators compare what may be missing: then it is below everything.
var operators = map[string]func(v, threshold float64) bool{
	"=":  func(v, threshold float64) bool { return v == threshold },
	"!=": func(v, threshold float64) bool { return v != threshold },
	">":  func(v, threshold float64) bool { return v > threshold },
	">=": func(v, threshold float64) bool { return v >= threshold },
	"<":  func(v, threshold float64) bool { return v != v || v < threshold },
	"<=": func(v, threshold float64) bool { return v != v || v <= threshold },
}

// beyond makes a function that shows the series of which one value is above n,
// or is not. What is the word for the value.
func beyond(name, what string, f aggregate.Func, operator string) *Spec {
	doc, example := "Shows the series whose "+what+" is above n.", "0.5"
	if operator == "<=" {
		doc, example = "Shows the series whose "+what+" is at most n, and those without points.", "50"
	}
	compare := operators[operator]
	return &Spec{
		Name:   name,
		Group:  FilterSeries,
		Doc:    doc + "\n\nExample::\n\n  &target=" + name + "(web.*.cpu," + example + ")",
		Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
		Eval: keep(func(c *Call) func(s Series) bool {
			n := c.Float("n")
			return func(s Series) bool { return compare(f(s.Values), n) }
		}),
	}
}

var (
	averageAbove = beyond("averageAbove", "average", aggregate.Average, ">")
	averageBelow = beyond("averageBelow", "average", aggregate.Average, "<=")
	currentAbove = beyond("currentAbove", "last point", aggregate.Last, ">")
	currentBelow = beyond("currentBelow", "last point", aggregate.Last, "<=")
	maximumAbove = beyond("maximumAbove", "highest point", aggregate.Max, ">")
	maximumBelow = beyond("maximumBelow", "highest point", aggregate.Max, "<=")
	minimumAbove = beyond("minimumAbove", "lowest point", aggregate.Min, ">")
	minimumBelow = beyond("minimumBelow", "lowest point", aggregate.Min, "<=")
)

var grep = &Spec{
	Name:  "grep",
	Group: FilterSeries,
	Doc: `Shows the series whose names a regular expression, written as for Python,
finds something in.

Example::

  &target=grep(web.*.cpu,"web\.[ab]\.")`,
	Params: []Param{seriesList, {Name: "pattern", Type: String, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.matching(ctx, true)
	},
}

var exclude = &Spec{
	Name:  "exclude",
	Group: FilterSeries,
	Doc: `Leaves out the series whose names a regular expression, written as for Python,
finds something in.

Example::

  &target=exclude(web.*.cpu,"^web\.(x|y)")`,
	Params: []Param{seriesList, {Name: "pattern", Type: String, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.matching(ctx, false)
	},
}

// matching returns the series in whose names "pattern" is, or is not.
func (c *Call) matching(ctx context.Context, wanted bool) ([]Series, error) {
	re, err := c.pattern("pattern")
	if err != nil {
		return nil, err
	}
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	var kept []Series
	for _, s := range series {
		if err := c.named(ctx, s); err != nil {
			return nil, err
		}
		found, err := re.Search(s.Name)
		if err != nil {
			return nil, c.errorf("pattern", "%v", err)
		}
		if found == wanted {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

var unique = &Spec{
	Name:  "unique",
	Group: FilterSeries,
	Doc: `Shows, of series with the same name, the first.

Example::

  &target=unique(web.*.cpu,web.a.*)`,
	Params: []Param{seriesLists},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesLists")
		if err != nil {
			return nil, err
		}
		type name struct {
			text string
			bare bool
		}
		seen := make(map[name]bool, len(series))
		var kept []Series
		for _, s := range series {
			if n := (name{s.Name, s.Bare}); !seen[n] {
				seen[n] = true
				kept = append(kept, s)
			}
		}
		return kept, nil
	},
}

var fallbackSeries = &Spec{
	Name:  "fallbackSeries",
	Group: Special,
	Doc: `Shows the fallback where there are no series.

Example::

  &target=fallbackSeries(web.*.cpu,constantLine(0))`,
	Params: []Param{seriesList, {Name: "fallback", Type: SeriesList, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		// A fallback that fails is better known before it is needed.
		fallback, err := c.Series(ctx, "fallback")
		if err != nil || len(series) == 0 {
			return fallback, err
		}
		return series, nil
	},
}

var removeEmptySeries = &Spec{
	Name:  "removeEmptySeries",
	Group: FilterSeries,
	Doc: `Drops series without points, or with a smaller share of known points than
the xFilesFactor.

Example::

  &target=removeEmptySeries(web.*.cpu,0.5)`,
	Params: []Param{seriesList, xFilesFactor},
	Eval: keep(func(c *Call) func(s Series) bool {
		xff := c.Float("xFilesFactor") // left out it is 0, whatever the request says
		return func(s Series) bool {
			return enough(aggregate.Count(s.Values), float64(len(s.Values)), xff)
		}
	}),
}

var useSeriesAbove = &Spec{
	Name:  "useSeriesAbove",
	Group: FilterSeries,
	Doc: `Shows other series than those given: those called as the ones whose highest
point is above the value, with what the search finds replaced. Series with gaps
do not count.

Example::

  &target=useSeriesAbove(web.*.requests,10,"requests","cpu")`,
	Params: []Param{
		seriesList,
		{Name: "value", Type: Float, Required: true},
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
		var above []string
		for i, s := range series {
			if len(s.Values) == 0 {
				return nil, c.errorf("seriesList", "%q has no points, not even missing ones: leave it out with removeEmptySeries()", s.Name)
			}
			complete := int(aggregate.Count(s.Values)) == len(s.Values)
			if complete && aggregate.Max(s.Values) > c.Float("value") {
				above = append(above, names[i])
			}
		}
		if len(above) == 0 {
			return nil, nil
		}
		others, err := c.evaluateTarget(ctx, "group("+strings.Join(above, ",")+")")
		return slices.DeleteFunc(slices.Clone(others), func(s Series) bool { return len(s.Values) == 0 }), err
	},
}

var removeZeroSeries = &Spec{
	Name:  "removeZeroSeries",
	Group: FilterSeries,
	Doc: `Drops series that are never anything but 0 or missing, or that have a smaller
share of other points than the xFilesFactor.

Example::

  &target=removeZeroSeries(web.*.cpu,0.5)`,
	Params: []Param{seriesList, xFilesFactor},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		xff := c.Float("xFilesFactor")
		var kept []Series
		for _, s := range series {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			count := 0.0
			for _, v := range s.Values {
				if v == v && v != 0 {
					count++
				}
			}
			if enough(count, float64(len(s.Values)), xff) {
				kept = append(kept, s.tagged("removeZeroSeries", decimal(xff)))
			}
		}
		return kept, nil
	},
}
