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
	Doc: `Keeps the series for which the comparison holds: func combines all values
of a series into one, which operator compares with threshold.

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

// operators are the comparisons of filterSeries. A missing value is below all others.
var operators = map[string]func(v, threshold float64) bool{
	"=":  func(v, threshold float64) bool { return v == threshold },
	"!=": func(v, threshold float64) bool { return v != threshold },
	">":  func(v, threshold float64) bool { return v > threshold },
	">=": func(v, threshold float64) bool { return v >= threshold },
	"<":  func(v, threshold float64) bool { return v != v || v < threshold },
	"<=": func(v, threshold float64) bool { return v != v || v <= threshold },
}

// beyond makes a function that keeps the series for which f is above n, or at most n.
// what is the word for f in the documentation.
func beyond(name, what string, f aggregate.Func, operator string) *Spec {
	doc, example := "Returns the series whose "+what+" is above n.", "0.5"
	if operator == "<=" {
		doc, example = "Returns the series whose "+what+" is at most n, and those without values.", "50"
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
	currentAbove = beyond("currentAbove", "last value", aggregate.Last, ">")
	currentBelow = beyond("currentBelow", "last value", aggregate.Last, "<=")
	maximumAbove = beyond("maximumAbove", "maximum", aggregate.Max, ">")
	maximumBelow = beyond("maximumBelow", "maximum", aggregate.Max, "<=")
	minimumAbove = beyond("minimumAbove", "minimum", aggregate.Min, ">")
	minimumBelow = beyond("minimumBelow", "minimum", aggregate.Min, "<=")
)

var grep = &Spec{
	Name:  "grep",
	Group: FilterSeries,
	Doc: `Keeps the series whose names match a regular expression anywhere. The
syntax is that of Python's re module.

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
	Doc: `Leaves out the series whose names match a regular expression anywhere. The
syntax is that of Python's re module.

Example::

  &target=exclude(web.*.cpu,"^web\.(x|y)")`,
	Params: []Param{seriesList, {Name: "pattern", Type: String, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.matching(ctx, false)
	},
}

// matching returns the series whose names match "pattern" anywhere, or the others.
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
	Doc: `Returns the first series of each name.

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
	Doc: `Returns the series, or the fallback if there are none.

Example::

  &target=fallbackSeries(web.*.cpu,constantLine(0))`,
	Params: []Param{seriesList, {Name: "fallback", Type: SeriesList, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		// Evaluate the fallback even if it is not needed, so that its errors show.
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
	Doc: `Leaves out series without values, and those whose fraction of present
values is below xFilesFactor, from 0 to 1.

Example::

  &target=removeEmptySeries(web.*.cpu,0.5)`,
	Params: []Param{seriesList, xFilesFactor},
	Eval: keep(func(c *Call) func(s Series) bool {
		xff := c.Float("xFilesFactor") // 0 by default, whatever that of the request is
		return func(s Series) bool {
			return enough(aggregate.Count(s.Values), float64(len(s.Values)), xff)
		}
	}),
}

var useSeriesAbove = &Spec{
	Name:  "useSeriesAbove",
	Group: FilterSeries,
	Doc: `Returns other series in place of those whose maximum is above value: in
their names, search, a regular expression, is replaced by replace, and the series of
these names are fetched. Series with missing values are ignored.

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
				return nil, c.errorf("seriesList", "%q has no values, not even missing ones: remove it with removeEmptySeries()", s.Name)
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
	Doc: `Leaves out series whose values are all 0 or missing, and those whose
fraction of values other than 0 is below xFilesFactor, from 0 to 1.

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
