package function

import (
	"cmp"
	"context"
	"math"
	"slices"

	"carbon/aggregate"
)

// How many series to show. graphite-web's highest and lowest say that it must be
// given, but do without, and cut floats.
var howMany = Param{Name: "n", Type: Integer, Takes: truncated, Required: true, Default: 1}

var highest = &Spec{
	Name:  "highest",
	Group: FilterSeries,
	Doc: `Shows the n series that are highest by one value made of all their points, the
highest first. Below 0, n says how many of all to leave out.

Example::

  &target=highest(web.*.cpu,2,"max")`,
	Params: []Param{seriesList, howMany, {Name: "func", Type: AggFunc, Default: "average"}},
	Eval:   func(ctx context.Context, c *Call) ([]Series, error) { return c.first(ctx, true) },
}

var lowest = &Spec{
	Name:  "lowest",
	Group: FilterSeries,
	Doc: `Shows the n series that are lowest by one value made of all their points, the
lowest first. Below 0, n says how many of all to leave out.

Example::

  &target=lowest(web.*.cpu,2,"max")`,
	Params: []Param{seriesList, howMany, {Name: "func", Type: AggFunc, Default: "average"}},
	Eval:   func(ctx context.Context, c *Call) ([]Series, error) { return c.first(ctx, false) },
}

// first returns the first "n" series by "func".
func (c *Call) first(ctx context.Context, highest bool) ([]Series, error) {
	f, err := c.AggFunc("func")
	if err != nil {
		return nil, err
	}
	return c.firstBy(ctx, f, highest)
}

func (c *Call) firstBy(ctx context.Context, f aggregate.Func, highest bool) ([]Series, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	return head(sortedBy(series, highest, rank(f)), c.Int("n")), ctx.Err()
}

// rank returns what series are sorted by: those without a value come first.
func rank(f aggregate.Func) func(s Series) float64 {
	return func(s Series) float64 {
		if v := f(s.Values); v == v {
			return v
		}
		return math.Inf(-1)
	}
}

// head is Python's list[:n].
func head[T any](list []T, n int64) []T {
	if n < 0 {
		n = max(n+int64(len(list)), 0)
	}
	return list[:min(n, int64(len(list)))]
}

// extreme makes a function that shows the n series that are highest, or lowest,
// by one value. What is the words for them.
func extreme(name, what string, f aggregate.Func, highest bool) *Spec {
	return &Spec{
		Name:   name,
		Group:  FilterSeries,
		Doc:    "Shows the n series with the " + what + ", in that order.\n\nExample::\n\n  &target=" + name + "(web.*.cpu,2)",
		Params: []Param{seriesList, {Name: "n", Type: Integer, Takes: truncated, Required: true}},
		Eval: func(ctx context.Context, c *Call) ([]Series, error) {
			return c.firstBy(ctx, f, highest)
		},
	}
}

var (
	highestAverage = extreme("highestAverage", "highest averages", aggregate.Average, true)
	highestCurrent = extreme("highestCurrent", "highest last points", aggregate.Last, true)
	highestMax     = extreme("highestMax", "highest maxima", aggregate.Max, true)
	lowestAverage  = extreme("lowestAverage", "lowest averages", aggregate.Average, false)
	lowestCurrent  = extreme("lowestCurrent", "lowest last points", aggregate.Last, false)
)

var limit = &Spec{
	Name:  "limit",
	Group: FilterSeries,
	Doc: `Shows the first n series. Below 0, n says how many at the end to leave out.

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
	Doc: `Shows the n series that vary most around their average, most first.

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

// variance is the square of the standard deviation, computed as it is in
// mostDeviant, so that ties are ties.
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

// ranking is series with how well each fits.
type ranking []ranked

type ranked struct {
	Series
	score float64
}

// best returns the n series of the highest score, that first; equals stay in
// order.
func (r ranking) best(n int64) []Series {
	slices.SortStableFunc(r, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	series := make([]Series, min(n, int64(len(r))))
	for i := range series {
		series[i] = r[i].Series
	}
	return series
}
