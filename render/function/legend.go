package function

import (
	"context"
	"math"
	"strings"
	"unicode/utf8"

	"carbon/aggregate"
)

var cactiStyle = &Spec{
	Name:  "cactiStyle",
	Group: Special,
	Doc: `Appends the last, the highest and the lowest value of each series to its
name, in columns as in Cacti. The system "si" or "binary" shortens values with unit
prefixes, as in 1.50k; units is a unit to write after them.

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
				// As in graphite-web, the width of a column is that of the integer
				// parts, or of a 3 if there is no value or it is 0.
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

// cactiFormat returns the function that formats the values of cactiStyle.
func (c *Call) cactiFormat() (func(v float64) string, error) {
	var units []Unit
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
			if math.Abs(v) >= u.Size {
				v, prefix = v/u.Size, u.Prefix
				break
			}
		}
		if suffix != "" {
			prefix = " " + prefix + suffix
		}
		return fixed(v, 2) + prefix
	}, nil
}

var legendValue = &Spec{
	Name:  "legendValue",
	Group: Alias,
	Doc: `Appends aggregated values of each series to its name, such as the average,
the maximum or the last value. If the last argument is "si" or "binary", the values
are shortened with unit prefixes, as in 1.50k.

Example::

  &target=legendValue(web.*.cpu,"avg","max","si")`,
	Params: []Param{seriesList, {
		Name: "valuesTypes", Type: String, Multiple: true, Signature: "*valueTypes", Options: legendValues(),
	}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		kinds := c.values("valuesTypes")
		if len(kinds) == 0 {
			return nil, c.errorf("valuesTypes", `missing: give at least one, such as "avg"`)
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

// legendValues returns the values that graphite-web suggests: aggregation functions, also
// with the suffix Series, and systems of units.
func legendValues() []any {
	options := []any{"si", "binary"}
	for _, name := range aggFuncs {
		options = append(options, name, name+"Series")
	}
	return options
}

// shown returns an aggregated value as Python writes it.
func shown(aggregation string, v float64) string {
	switch {
	case v != v:
		return "None"
	case aggregation == "count":
		return text(int64(v))
	}
	return repr(v)
}

// Unit is a prefix of large numbers and its factor.
type Unit struct {
	Prefix string
	Size   float64
}

// The prefixes of numbers, the largest first. They must not be changed.
var (
	SIUnits     = []Unit{{"P", 1e15}, {"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}}
	BinaryUnits = []Unit{{"Pi", 1 << 50}, {"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}}
)

var unitSystems = map[string][]Unit{"si": SIUnits, "binary": BinaryUnits}

// shorten returns a value with two decimals and the prefix of the largest unit that is not
// above it.
func shorten(v float64, units []Unit) string {
	if v != v {
		return "None"
	}
	for _, u := range units {
		if math.Abs(v) >= u.Size {
			return fixed(v/u.Size, 2) + u.Prefix
		}
	}
	return fixed(v, 2)
}
