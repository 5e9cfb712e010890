package function

import (
	"context"
	"strings"

	"carbon/aggregate"
)

// calculateRows are the functions that compute something about each series.
var calculateRows = []*Spec{
	movingAverage,
}

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

// movingWindow aggregates, at each point, it and those before it. Data from before
// the window of the call make the first points right.
func movingWindow(ctx context.Context, c *Call, aggregation string) ([]Series, error) {
	f, ok := lookupAggregation(aggregation)
	if !ok {
		return nil, c.errorf("func", "unknown aggregation function %q", aggregation)
	}
	series, err := c.Series(ctx, "seriesList")
	if err != nil || len(series) == 0 {
		return nil, err
	}
	points, byPoints := c.value("windowSize").(int64)
	seconds := abs(c.Seconds("windowSize"))
	shown := `"` + c.Text("windowSize") + `"`
	if f, isFloat := c.value("windowSize").(float64); isFloat {
		points, byPoints = int64(f), true
	}
	if byPoints {
		step := int64(1)
		for _, s := range series {
			step = max(step, s.Step)
		}
		if points < 0 || points > longest/step {
			return nil, c.errorf("windowSize", "%d is out of range", points)
		}
		seconds, shown = points*step, c.Text("windowSize")
		if series, err = c.SeriesIn(ctx, "seriesList", c.Window.Earlier(seconds)); err != nil {
			return nil, err
		}
	}
	tag := "moving" + capitalize(aggregation)
	return eachSeries(ctx, series, func(s Series) (Series, error) {
		n := points
		if !byPoints {
			if s.Step <= 0 {
				return s, c.errorf("seriesList", "%q has no step", s.Name)
			}
			n = seconds / s.Step
		}
		xff := s.XFilesFactor
		if c.Has("xFilesFactor") {
			xff = c.Float("xFilesFactor")
		}
		values, err := c.makeValues(int64(len(s.Values)) - n)
		moving(values, s.Values, n, f, xff)
		s = s.derived(tag+"("+s.Name+","+shown+")", values)
		s.Start += seconds
		return s.tagged(tag, c.Text("windowSize")), err
	})
}

// longest is how far back a number of points may reach, in seconds.
const longest = 1 << 40

// moving sets results to the aggregates of every n values in a row that have one
// before them. As in graphite-web the first value does not count.
func moving(results, values []float64, n int64, f aggregate.Func, xFilesFactor float64) {
	known := make([]float64, 0, len(values)) // values but NaN
	before := make([]int, len(values)+1)     // how many of them stand before each value
	for i, v := range values {
		if v == v {
			known = append(known, v)
		}
		before[i+1] = len(known)
	}
	for i := range results {
		inside := known[before[i+1]:before[int64(i)+1+n]]
		if enough(float64(len(inside)), float64(n), xFilesFactor) {
			results[i] = f(inside)
		} else {
			results[i] = nan
		}
	}
}

func capitalize(s string) string {
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}
