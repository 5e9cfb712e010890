package function

import (
	"cmp"
	"context"
	"math"
	"slices"

	"carbon/aggregate"
)

// seriesCount is the number of series to return. In graphite-web, highest and lowest
// declare it as required but accept calls without it, and truncate floats.
var seriesCount = Param{Name: "n", Type: Integer, Takes: truncated, Required: true, Default: 1}

var highest = &Spec{
	Name:  "highest",
	Group: FilterSeries,
	Doc: `Returns the n series with the highest value of func, which combines all
values of a series into one, in descending order. A negative n leaves out the last ones:
n = -2 leaves out the last two.

Example::

  &target=highest(web.*.cpu,2,"max")`,
	Params: []Param{seriesList, seriesCount, {Name: "func", Type: AggFunc, Default: "average"}},
	Eval:   func(ctx context.Context, c *Call) ([]Series, error) { return c.first(ctx, true) },
}

var lowest = &Spec{
	Name:  "lowest",
	Group: FilterSeries,
	Doc: `Returns the n series with the lowest value of func, which combines all
values of a series into one, in ascending order. A negative n leaves out the last ones:
n = -2 leaves out the last two.

Example::

  &target=lowest(web.*.cpu,2,"max")`,
	Params: []Param{seriesList, seriesCount, {Name: "func", Type: AggFunc, Default: "average"}},
	Eval:   func(ctx context.Context, c *Call) ([]Series, error) { return c.first(ctx, false) },
}

// first returns the "n" highest or lowest series by "func".
func (c *Call) first(ctx context.Context, highest bool) ([]Series, error) {
	f, err := c.AggFunc("func")
	if err != nil {
		return nil, err
	}
	return c.firstBy(ctx, f, highest)
}

// firstBy returns the "n" highest or lowest series by f.
func (c *Call) firstBy(ctx context.Context, f aggregate.Func, highest bool) ([]Series, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	return head(sortedBy(series, highest, rank(f)), c.Int("n")), ctx.Err()
}

// rank returns the sort key of a series by f. Series without a value are the lowest.
func rank(f aggregate.Func) func(s Series) float64 {
	return func(s Series) float64 {
		if v := f(s.Values); v == v {
			return v
		}
		return math.Inf(-1)
	}
}

// head returns Python's list[:n].
func head[T any](list []T, n int64) []T {
	if n < 0 {
		n = max(n+int64(len(list)), 0)
	}
	return list[:min(n, int64(len(list)))]
}

// extreme makes a function that returns the n highest or lowest series by f. what names
// the values of f in the documentation.
func extreme(name, what string, f aggregate.Func, highest bool) *Spec {
	order := "ascending"
	if highest {
		order = "descending"
	}
	return &Spec{
		Name:   name,
		Group:  FilterSeries,
		Doc:    "Returns the n series with the " + what + ", in " + order + " order.\n\nExample::\n\n  &target=" + name + "(web.*.cpu,2)",
		Params: []Param{seriesList, {Name: "n", Type: Integer, Takes: truncated, Required: true}},
		Eval: func(ctx context.Context, c *Call) ([]Series, error) {
			return c.firstBy(ctx, f, highest)
		},
	}
}

var (
	highestAverage = extreme("highestAverage", "highest averages", aggregate.Average, true)
	highestCurrent = extreme("highestCurrent", "highest last values", aggregate.Last, true)
	highestMax     = extreme("highestMax", "highest maxima", aggregate.Max, true)
	lowestAverage  = extreme("lowestAverage", "lowest averages", aggregate.Average, false)
	lowestCurrent  = extreme("lowestCurrent", "lowest last values", aggregate.Last, false)
)

var limit = &Spec{
	Name:  "limit",
	Group: FilterSeries,
	Doc: `Returns the first n series. A negative n leaves out the last ones: n = -2
leaves out the last two.

Example::

  &target=limit(web.*.cpu,2)`,
	Params: []Param{seriesList, {Name: "n", Type: Integer, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		return head(series, c.Int("n")), err
	},
}

var mostDeviant = &Spec{
	Name:  "mostDeviant",
	Group: FilterSeries,
	Doc: `Returns the n series with the highest standard deviation, in descending
order.

Example::

  &target=mostDeviant(web.*.cpu,2)`,
	Params: []Param{seriesList, {Name: "n", Type: Integer, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := keep(func(*Call) func(s Series) bool {
			return func(s Series) bool { return aggregate.Count(s.Values) > 0 }
		})(ctx, c)
		if err != nil {
			return nil, err
		}
		return head(sortedBy(series, true, rank(variance)), c.Int("n")), ctx.Err()
	},
}

// variance returns the variance, with the rounding errors of graphite-web's mostDeviant, so
// that ties are the same.
func variance(values []float64) float64 {
	mean, sum := aggregate.Average(values), 0.0
	for _, v := range values {
		if v == v {
			sum += (v - mean) * (v - mean)
		}
	}
	return sum / aggregate.Count(values)
}

var (
	highestMin = extreme("highestMin", "highest minima", aggregate.Min, true)
	lowestMax  = extreme("lowestMax", "lowest maxima", aggregate.Max, false)
	lowestMin  = extreme("lowestMin", "lowest minima", aggregate.Min, false)
)

// ranking holds series with their scores.
type ranking []ranked

type ranked struct {
	Series
	score float64
}

// best returns the n series with the highest scores, in descending order. Series with
// equal scores keep their order.
func (r ranking) best(n int64) []Series {
	slices.SortStableFunc(r, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	series := make([]Series, min(n, int64(len(r))))
	for i := range series {
		series[i] = r[i].Series
	}
	return series
}
