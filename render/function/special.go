package function

import (
	"context"
	"math"
	"strings"
	"unicode/utf8"

	"carbon/aggregate"
)

// specialRows are the functions that fit nowhere else.
var specialRows = []*Spec{
	cactiStyle, consolidateBy, constantLine, events, randomWalk, seriesByTag, sinFunction, timeFunction,
}

// seriesByTag is a path expression rather than a call: the binder makes it one.
var seriesByTag = &Spec{
	Name:  "seriesByTag",
	Group: Special,
	Doc: `Shows the series whose tags match all expressions: tag=value, tag!=value,
tag=~regex or tag!=~regex, where a regex must match from the beginning.

Example::

  &target=seriesByTag("name=cpu","host=~web.*")`,
	Params: []Param{{Name: "tagExpressions", Type: String, Required: true, Multiple: true}},
}

var consolidateBy = &Spec{
	Name:  "consolidateBy",
	Group: Special,
	Doc: `Says how several points are made one where there is no room for all of
them. The average is what happens else.

Example::

  &target=consolidateBy(web.a.requests,"max")`,
	Params: []Param{seriesList, {Name: "consolidationFunc", Type: String, Required: true, Options: []any{
		"sum", "average", "avg", "avg_zero", "min", "max", "first", "last",
	}}},
	Eval: mark(func(c *Call, s Series) Series {
		name := c.Text("consolidationFunc")
		s = s.rewritten(`consolidateBy(`+s.Name+`,"`+name+`")`).tagged("consolidateBy", name)
		s.Consolidation = name
		return s
	}),
}

var cactiStyle = &Spec{
	Name:  "cactiStyle",
	Group: Special,
	Doc: `Adds the last, the highest and the lowest value to the names of series, in
columns as Cacti has them. With the system si or binary values are shortened, as
1.50k; units stand behind them.

Example::

  &target=cactiStyle(web.*.cpu,"si","B/s")`,
	Params: []Param{
		seriesList,
		{Name: "system", Type: String, Options: []any{"si", "binary"}},
		{Name: "units", Type: String},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return series, err
		}
		show, err := c.cactiFormat()
		if err != nil {
			return nil, err
		}
		columns := []struct {
			title string
			of    aggregate.Func
			width int
		}{{" Current:", aggregate.Last, 0}, {" Max:", aggregate.Max, 0}, {" Min:", aggregate.Min, 0}}
		width := 0
		for _, s := range series {
			if err := c.named(ctx, s); err != nil {
				return nil, err
			}
			width = max(width, utf8.RuneCountInString(s.Name))
			for i := range columns {
				// As in graphite-web columns are wide enough for whole numbers, and
				// for a 3 where there is none.
				v := math.Trunc(columns[i].of(s.Values))
				if v != v || v == 0 {
					v = 3
				}
				columns[i].width = max(columns[i].width, utf8.RuneCountInString(show(v))+3)
			}
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			var name strings.Builder
			name.WriteString(pad(s.Name, width))
			for _, column := range columns {
				value := "nan"
				if v := column.of(s.Values); v == v {
					value = show(v)
				}
				name.WriteString(column.title + pad(value, column.width))
			}
			return s.renamed(name.String() + " "), nil
		})
	},
}

// cactiFormat returns how cactiStyle shows values.
func (c *Call) cactiFormat() (func(v float64) string, error) {
	var units []unit
	if system := c.value("system"); isTrue(system) {
		var ok bool
		if units, ok = unitSystems[text(system)]; !ok {
			return nil, c.errorf("system", "must be si or binary, not %s", describe(system))
		}
	}
	suffix := ""
	if v := c.value("units"); isTrue(v) {
		suffix = text(v)
	}
	return func(v float64) string {
		prefix := ""
		for _, u := range units {
			if math.Abs(v) >= u.size {
				v, prefix = v/u.size, u.suffix
				break
			}
		}
		if suffix != "" {
			prefix = " " + prefix + suffix
		}
		return fixed(v, 2) + prefix
	}, nil
}
