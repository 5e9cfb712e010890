package function

import (
	"context"
	"fmt"
	"math"
	"strings"

	"carbon/aggregate"
)

var windowSize = Param{
	Name: "windowSize", Type: IntOrInterval, Required: true,
	Suggestions: []any{5, 7, 10, "1min", "5min", "10min", "30min", "1hour"},
}

var movingAverage = &Spec{
	Name:  "movingAverage",
	Group: Calculate,
	Doc: `Shows at each point the average of the last points, as many as the window
says: a number of points, or a time such as "10min". The xFilesFactor is the share
of known points that it takes.

Example::

  &target=movingAverage(web.a.cpu,"5min")`,
	Params: []Param{seriesList, windowSize, xFilesFactor},
	Window: earlierByWindow,
	Eval:   window(func(*Call) string { return "average" }),
}

var movingMax = &Spec{
	Name:  "movingMax",
	Group: Calculate,
	Doc: `Shows at each point the largest of the last points, as many as the window
says: a number of points, or a time such as "10min".

Example::

  &target=movingMax(web.a.cpu,"5min")`,
	Params: []Param{seriesList, windowSize, xFilesFactor},
	Window: earlierByWindow,
	Eval:   window(func(*Call) string { return "max" }),
}

var movingMin = &Spec{
	Name:  "movingMin",
	Group: Calculate,
	Doc: `Shows at each point the smallest of the last points, as many as the window
says: a number of points, or a time such as "10min".

Example::

  &target=movingMin(web.a.cpu,"5min")`,
	Params: []Param{seriesList, windowSize, xFilesFactor},
	Window: earlierByWindow,
	Eval:   window(func(*Call) string { return "min" }),
}

var movingSum = &Spec{
	Name:  "movingSum",
	Group: Calculate,
	Doc: `Shows at each point the sum of the last points, as many as the window says: a
number of points, or a time such as "10min".

Example::

  &target=movingSum(web.a.requests,10)`,
	Params: []Param{seriesList, windowSize, xFilesFactor},
	Window: earlierByWindow,
	Eval:   window(func(*Call) string { return "sum" }),
}

var movingMedian = &Spec{
	Name:  "movingMedian",
	Group: Calculate,
	Doc: `Shows at each point the median of the last points, as many as the window
says: a number of points, or a time such as "10min".

Example::

  &target=movingMedian(web.a.cpu,"5min")`,
	Params: []Param{seriesList, windowSize, xFilesFactor},
	Window: earlierByWindow,
	Eval:   window(func(*Call) string { return "median" }),
}

var movingWindow = &Spec{
	Name:  "movingWindow",
	Group: Calculate,
	Doc: `Shows at each point what an aggregation function makes of the last points, as
many as the window says: a number of points, or a time such as "10min".

Example::

  &target=movingWindow(web.a.cpu,"5min","stddev")`,
	Params: []Param{
		seriesList, windowSize,
		{Name: "func", Type: AggFunc, Default: "average"},
		xFilesFactor,
	},
	Window: earlierByWindow,
	Eval:   window(func(c *Call) string { return c.Text("func") }),
}

// lookBack is what "windowSize" says.
type lookBack struct {
	points  int64 // if byPoints
	seconds int64
	shown   string // in names

	byPoints bool
}

// lookBack reads "windowSize": a time, or a number of points, of which the longest
// is as long as series have it. As in graphite-web a number may be below 0, where
// there is nothing to see.
func (c *Call) lookBack(series []Series) (b lookBack, err error) {
	b.shown = c.Text("windowSize")
	switch v := c.value("windowSize").(type) {
	case string:
		b.seconds, b.shown = abs(c.Seconds("windowSize")), `"`+b.shown+`"`
		return b, nil
	case int64:
		b.points = v
	case float64:
		b.points = int64(max(min(v, longest), -longest))
	case bool:
		if v {
			b.points = 1
		}
	}
	b.byPoints = true
	step := int64(1)
	for _, s := range series {
		step = max(step, s.Step)
	}
	if b.points > longest/step || b.points < -longest/step {
		return b, c.errorf("windowSize", "%d is out of range", b.points)
	}
	b.seconds = b.points * step
	return b, nil
}

// of returns how many points of a series it is to look back.
func (b *lookBack) of(c *Call, s Series) (int64, error) {
	if b.byPoints {
		return b.points, nil
	}
	if s.Step <= 0 {
		return 0, c.errorf("seriesList", "%q has no step", s.Name)
	}
	return b.seconds / s.Step, nil
}

// earlier returns "seriesList" with what is to be looked back at, and how far that
// is.
func (c *Call) earlier(ctx context.Context) (series []Series, b lookBack, err error) {
	if series, err = c.Series(ctx, "seriesList"); err != nil || len(series) == 0 {
		return nil, b, err
	}
	if b, err = c.lookBack(series); err != nil || !b.byPoints {
		return series, b, err
	}
	series, err = c.SeriesIn(ctx, "seriesList", c.Window.Earlier(b.seconds))
	return series, b, err
}

// movingAggregate aggregates, at each point, it and those before it. Data from before
// the window of the call make the first points right.
func movingAggregate(ctx context.Context, c *Call, aggregation string) ([]Series, error) {
	f, ok := lookupAggregation(aggregation)
	if !ok {
		return nil, c.errorf("func", "unknown aggregation function %q", aggregation)
	}
	series, back, err := c.earlier(ctx)
	if err != nil {
		return nil, err
	}
	tag := "moving" + capitalize(aggregation)
	return c.eachSeries(ctx, series, func(s Series) (Series, error) {
		n, err := back.of(c, s)
		if err != nil {
			return s, err
		}
		xff := s.XFilesFactor
		if c.Has("xFilesFactor") {
			xff = c.Float("xFilesFactor")
		}
		values, err := c.makeValues(int64(len(s.Values)) - n)
		if err != nil {
			return s, err
		}
		if err := moving(ctx, values, s.Values, n, aggregation, f, xff); err != nil {
			return s, err
		}
		s = s.derived(tag+"("+s.Name+","+back.shown+")", values)
		s.Start += back.seconds
		return s.tagged(tag, c.Text("windowSize")), nil
	})
}

// longest is how far back a number of points may reach, in seconds.
const longest = 1 << 40

// moving sets results to the aggregates of every n values in a row that have one
// before them. As in graphite-web the first value does not count.
func moving(ctx context.Context, results, values []float64, n int64, name string, f aggregate.Func, xFilesFactor float64) error {
	if n <= 0 {
		for i := range results {
			results[i] = nan
		}
		return nil
	}
	known := make([]float64, 0, len(values)) // values but NaN
	before := make([]int32, len(values)+1)   // how many of them stand before each value
	for i, v := range values {
		if v == v {
			known = append(known, v)
		}
		before[i+1] = int32(len(known))
	}
	aggregated := sliding(name, f, known)
	looked := 0
	for i := range results {
		from, to := int(before[i+1]), int(before[int64(i)+1+n])
		// Some functions look at all of a window, at every point.
		if looked += to - from; looked > 1<<20 {
			looked = 0
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if enough(float64(to-from), float64(n), xFilesFactor) {
			results[i] = aggregated(from, to)
		} else {
			results[i] = nan
		}
	}
	return nil
}

func capitalize(s string) string {
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}

var stdev = &Spec{
	Name:  "stdev",
	Group: Calculate,
	Doc: `Shows at each point the standard deviation of the last points, if the share of
them that is known is at least windowTolerance.

Example::

  &target=stdev(web.a.cpu,30,0.1)`,
	Params: []Param{
		seriesList,
		{Name: "points", Type: Integer, Required: true},
		{Name: "windowTolerance", Type: Float, Default: 0.1},
	},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		width := c.Int("points")
		if width < 0 {
			return s, c.errorf("points", "must not be below 0, it is %d", width)
		}
		values, err := c.makeValues(int64(len(s.Values)))
		if err != nil {
			return s, err
		}
		deviations(values, s.Values, width, c.Float("windowTolerance"))
		return s.derived(fmt.Sprintf("stdev(%s,%d)", s.Name, width), values).tagged("stdev", c.Text("points")), nil
	}),
}

// deviations sets results to the standard deviations of every width values in a
// row, of fewer at the beginning. Sums are carried on as graphite-web does it, for
// the same rounding.
func deviations(results, values []float64, width int64, tolerance float64) {
	known, sum, squares := 0.0, 0.0, 0.0
	for i, v := range values {
		dropped := nan
		if int64(i) >= width {
			dropped = values[int64(i)-width]
		}
		if dropped == dropped {
			known--
		}
		if v == v {
			known++
		}
		if dropped == dropped {
			sum -= dropped
			squares -= dropped * dropped
		}
		if v == v {
			sum += v
			squares += v * v
		}
		results[i] = nan
		if known > 0 && known/float64(width) >= tolerance {
			results[i] = math.Sqrt(known*squares-sum*sum) / known
		}
	}
}
