package function

import (
	"context"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"carbon/aggregate"
)

// extraRows are the functions that carbonapi has and graphite-web has not.
var extraRows = []*Spec{
	count, diff, maximum, minimum, multiply, stddev,
	aliasByBase64, aliasByHash, highestMin, integralWithReset, join, lowestMax, lowestMin, powSeriesLists, removeZeroSeries,
	// statistics.go, outliers.go, polyfit.go
	ewma, kolmogorovSmirnovTest2, pearson, pearsonClosest, polyfit, tukeyAbove, tukeyBelow,
	// baseline.go, shiftbymetric.go, slo.go
	baseline, baselineAberration, slo, sloErrorBudget, timeShiftByMetric,
	// fft.go, heatmap.go
	countValues, fft, heatMap, ifft, lowPass,
}

// The short names count points, or multiply a single series, as the callbacks of
// that name do, which countSeries and multiplySeries do not.
var (
	count    = aggregation("count", "how many series have a point")
	diff     = aggregation("diff", "the first series less all others")
	maximum  = aggregation("max", "the largest of all series")
	minimum  = aggregation("min", "the smallest of all series")
	multiply = aggregation("multiply", "the product of all series")
	stddev   = aggregation("stddev", "the standard deviation of all series")
)

// aggregation makes a function that is called like an aggregation function. What
// is the words for its result.
func aggregation(name, what string) *Spec {
	return &Spec{
		Name:   name,
		Group:  Combine,
		Doc:    "Shows at each point " + what + ".\n\nExample::\n\n  &target=" + name + "(web.*.cpu)",
		Params: []Param{seriesLists},
		Eval:   combine(name),
	}
}

var (
	highestMin = extreme("highestMin", "highest minima", aggregate.Min, true)
	lowestMax  = extreme("lowestMax", "lowest maxima", aggregate.Max, false)
	lowestMin  = extreme("lowestMin", "lowest minima", aggregate.Min, false)
)

var aliasByBase64 = &Spec{
	Name:  "aliasByBase64",
	Group: Alias,
	Doc: `Names each series by what its name means in base64, or by its path with one
node, counted from 1, decoded. What is no base64, or of no text, stays as it is.

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
				return s, c.errorf("nodeNum", "counts from 1, so it cannot be %d", n)
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
	Doc: `Names each series by what the server's configuration calls the last node of its
path, in its section [hash:KEY]. With keepPath only that node has another name. What
is not in there stays as it is.

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

var join = &Spec{
	Name:  "join",
	Group: Transform,
	Doc: `Compares two lists of series by name: "AND" shows those of the first that the
second has, too, "SUB" those that it has not, "OR" all of both, "XOR" those that only
one has.

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

// amongNames returns the series whose names others have, or have not.
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

var integralWithReset = &Spec{
	Name:  "integralWithReset",
	Group: Transform,
	Doc: `Shows the sum of all points so far, which begins at 0 again wherever the second
series is not 0.

Example::

  &target=integralWithReset(web.a.requests,web.a.errors)`,
	Params: []Param{seriesList, {Name: "resettingSeries", Type: SeriesList, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		resetting, ok, err := c.single(ctx, "resettingSeries")
		if err != nil || !ok {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			if s.Step != resetting.Step || len(s.Values) != len(resetting.Values) {
				return s, c.errorf("resettingSeries", "%q must have the same step and as many points as %q", resetting.Name, s.Name)
			}
			values, err := c.makeValues(int64(len(s.Values)))
			sum := 0.0
			for i := range values {
				switch v, reset := s.Values[i], resetting.Values[i]; {
				case v != v:
					values[i] = nan
					continue
				case reset == reset && reset != 0:
					sum = 0
				default:
					sum += v
				}
				values[i] = sum
			}
			return s.derived("integralWithReset("+s.Name+","+resetting.Name+")", values), err
		})
	},
}

var powSeriesLists = &Spec{
	Name:  "powSeriesLists",
	Group: Combine,
	Doc: `Raises each series of the first list to the power of the one of the second at its
place, both sorted by name, or to that of the only one. With matching, and where
there are not as many, those belong together that have the same name. A default is
the exponent where there is none, or the base if the first list is empty.

Example::

  &target=powSeriesLists(web.*.cpu,web.*.errors)`,
	Params: []Param{
		{Name: "sourceSeriesList", Type: SeriesList, Required: true},
		{Name: "factorSeriesList", Type: SeriesList, Required: true},
		{Name: "matching", Type: Boolean},
		{Name: "default", Type: Float},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		bases, err := c.Series(ctx, "sourceSeriesList")
		if err != nil {
			return nil, err
		}
		exponents, err := c.Series(ctx, "factorSeriesList")
		if err != nil {
			return nil, err
		}
		byName := func(s Series) string { return s.Name }
		bases, exponents = sortedBy(bases, false, byName), sortedBy(exponents, false, byName)
		switch hasDefault := c.Has("default"); {
		case len(bases) == 0 && hasDefault:
			return c.eachSeries(ctx, exponents, func(s Series) (Series, error) { return c.pow(ctx, nil, &s) })
		case len(bases) == 0 || len(exponents) == 0 && !hasDefault:
			return nil, nil
		}
		fits := len(exponents) <= 1 || len(exponents) == len(bases)
		matching := !fits
		if c.Has("matching") {
			matching = c.Bool("matching")
		}
		if !matching && !fits {
			return nil, c.errorf("factorSeriesList", "must be one series, or as many as sourceSeriesList: %d, not %d", len(bases), len(exponents))
		}
		named := make(map[string]*Series, len(exponents))
		for i, s := range exponents {
			named[s.Name] = &exponents[i]
		}
		var results []Series
		for i, base := range bases {
			var exponent *Series
			switch {
			case len(exponents) == 0:
			case matching:
				exponent = named[base.Name]
			default:
				exponent = &exponents[min(i, len(exponents)-1)]
			}
			if exponent == nil && !c.Has("default") {
				continue
			}
			result, err := c.pow(ctx, &base, exponent)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, err
			}
			results = append(results, result)
		}
		return results, nil
	},
}

// pow raises a series to the power of another. Either may be missing: then the
// argument "default" stands in its place.
func (c *Call) pow(ctx context.Context, base, exponent *Series) (Series, error) {
	var list []*operand
	var names []string
	for _, s := range []*Series{base, exponent} {
		if s == nil {
			names = append(names, decimal(c.Float("default")))
			continue
		}
		list = append(list, &operand{*s, s.Values})
		names = append(names, s.Name)
	}
	at, err := c.normalize(list)
	if err != nil {
		return Series{}, err
	}
	values, err := c.across(ctx, list, func(row []float64) float64 {
		switch {
		case base == nil:
			return power(c.Float("default"), row[0])
		case exponent == nil:
			return power(row[0], c.Float("default"))
		}
		return power(row[0], row[1])
	})
	if err != nil {
		return Series{}, err
	}
	result := list[0].derived("powSeries("+strings.Join(names, ",")+")", values)
	result.Start, result.End, result.Step = at.start, at.end, at.step
	return result, c.spendName(result.Name, result.Path)
}
