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

// movingBy makes a function that aggregates a moving window of values. what is the word
// for the aggregate in the documentation.
func movingBy(name, what, aggregation string) *Spec {
	return &Spec{
		Name:  name,
		Group: Calculate,
		Doc: "Returns the moving " + what + ": at each time, the " + what + ` of the preceding values.
windowSize is a number of values, or a duration such as "10min". Data from before
the time range are used for the first values. xFilesFactor is the fraction of values
in the window, from 0 to 1, that must be present.

Example::

  &target=` + name + `(web.a.cpu,"5min")`,
		Params: []Param{seriesList, windowSize, xFilesFactor},
		Window: earlierByWindow,
		Eval: func(ctx context.Context, c *Call) ([]Series, error) {
			return c.movingAggregate(ctx, aggregation)
		},
	}
}

var (
	movingAverage = movingBy("movingAverage", "average", "average")
	movingMax     = movingBy("movingMax", "maximum", "max")
	movingMedian  = movingBy("movingMedian", "median", "median")
	movingMin     = movingBy("movingMin", "minimum", "min")
	movingSum     = movingBy("movingSum", "sum", "sum")
)

var movingWindow = &Spec{
	Name:  "movingWindow",
	Group: Calculate,
	Doc: `Returns at each time what an aggregation function returns for the
preceding values. windowSize is a number of values, or a duration such as "10min".
Data from before the time range are used for the first values. xFilesFactor is the
fraction of values in the window, from 0 to 1, that must be present.

Example::

  &target=movingWindow(web.a.cpu,"5min","stddev")`,
	Params: []Param{
		seriesList, windowSize,
		{Name: "func", Type: AggFunc, Default: "average"},
		xFilesFactor,
	},
	Window: earlierByWindow,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.movingAggregate(ctx, c.Text("func"))
	},
}

// lookBack is the length of a moving window, from "windowSize".
type lookBack struct {
	points  int64 // if byPoints
	seconds int64
	shown   string // as names show it

	byPoints bool
}

// lookBack reads "windowSize": a duration, or a number of values, whose duration is that
// at the largest step of series. As in graphite-web the number may be negative; then
// all results are missing.
func (c *Call) lookBack(series []Series) (b lookBack, err error) {
	b.shown = c.Text("windowSize")
	switch v := c.value("windowSize").(type) {
	case string:
		b.seconds, b.shown = abs(c.Seconds("windowSize")), `"`+b.shown+`"`
		return b, nil
	case int64:
		b.points = v
	case float64:
		b.points = int64(max(min(v, maxShift), -maxShift))
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
	if b.points > maxShift/step || b.points < -maxShift/step {
		return b, c.errorf("windowSize", "%d is out of range", b.points)
	}
	b.seconds = b.points * step
	return b, nil
}

// pointsOf returns the length of the window in values of a series.
func (b *lookBack) pointsOf(c *Call, s Series) (int64, error) {
	if b.byPoints {
		return b.points, nil
	}
	if s.Step <= 0 {
		return 0, c.errorf("seriesList", "%q has no step", s.Name)
	}
	return b.seconds / s.Step, nil
}

// earlier returns "seriesList", extended to earlier times by the length of the window,
// and that length.
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

// movingAggregate aggregates the values within "windowSize" before each value of
// "seriesList". For the first ones it uses data from before the window of the call.
func (c *Call) movingAggregate(ctx context.Context, aggregation string) ([]Series, error) {
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
		n, err := back.pointsOf(c, s)
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

// maxShift is the maxShift shift of a window, in seconds.
const maxShift = 1 << 40

// moving sets results[i] to the aggregate of values[i+1:i+1+n]. As in graphite-web the
// first value is not used. f is the function of that name.
func moving(ctx context.Context, results, values []float64, n int64, name string, f aggregate.Func, xFilesFactor float64) error {
	if n <= 0 {
		for i := range results {
			results[i] = nan
		}
		return nil
	}
	known := make([]float64, 0, len(values)) // values that are present
	before := make([]int32, len(values)+1)   // number of them before each value
	for i, v := range values {
		if v == v {
			known = append(known, v)
		}
		before[i+1] = int32(len(known))
	}
	aggregated := sliding(name, f, known)
	read := 0
	for i := range results {
		from, to := int(before[i+1]), int(before[int64(i)+1+n])
		// Some functions read the whole window for each value: check ctx now and then.
		if read += to - from; read > 1<<20 {
			read = 0
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
	Doc: `Returns the moving standard deviation: at each time, that of the last points
values. windowTolerance is the fraction of these, from 0 to 1, that must be present.

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
			return s, c.errorf("points", "must not be negative: %d", width)
		}
		values, err := c.makeValues(int64(len(s.Values)))
		if err != nil {
			return s, err
		}
		deviations(values, s.Values, width, c.Float("windowTolerance"))
		return s.derived(fmt.Sprintf("stdev(%s,%d)", s.Name, width), values).tagged("stdev", c.Text("points")), nil
	}),
}

// deviations sets results[i] to the standard deviation of the width values up to
// values[i], fewer at the beginning. It updates running sums as graphite-web does, for
// the same rounding errors.
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
