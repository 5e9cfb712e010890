package function

import "context"

var exponentialMovingAverage = &Spec{
	Name:  "exponentialMovingAverage",
	Group: Calculate,
	Doc: `Returns an exponential moving average: each value counts more than those
before it. windowSize is a number of values, or a duration such as "10min"; a shorter
window follows the values faster. The weight of the newest value is 2/(n+1), where n
is the window size in values, or in seconds if it is a duration. Data from before the
time range are used for the first values.

Example::

  &target=exponentialMovingAverage(web.a.cpu,"5min")`,
	Params: []Param{seriesList, windowSize},
	Window: earlierByWindow,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, back, err := c.earlier(ctx)
		if err != nil || len(series) == 0 {
			return nil, err
		}
		width := back.seconds
		if back.byPoints {
			width = back.points
		}
		if width == -1 {
			return nil, c.errorf("windowSize", "-1 would make all weights infinite")
		}
		weight := 2 / float64(width+1)
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			n, err := back.pointsOf(c, s)
			if err != nil {
				return s, err
			}
			if -n > int64(len(s.Values)) {
				return s, c.errorf("windowSize", "%d is out of range", n)
			}
			values, err := c.smoothed(s.Values, n, weight)
			s = s.derived("exponentialMovingAverage("+s.Name+","+back.shown+")", values)
			s.Start += back.seconds
			return s.tagged("exponentialMovingAverage", c.Text("windowSize")), err
		})
	},
}

// smoothed returns the average of the first n values, then the moving average at each
// value after them. A negative n indexes values from the end, as in Python.
func (c *Call) smoothed(values []float64, n int64, weight float64) ([]float64, error) {
	length := int64(len(values))
	first := min(n, length)
	if n < 0 {
		first = length + n
	}
	results, err := c.makeValues(1 + max(length-n, 0))
	if err != nil {
		return nil, err
	}
	average, known := 0.0, 0.0
	for _, v := range values[:first] {
		if v == v {
			average += v
			known++
		}
	}
	if known > 0 {
		average /= known
	}
	results[0] = round6(average)
	for i := n; i < length; i++ {
		v := values[floorMod(i, max(length, 1))]
		if v == v {
			average = weight*v + (1-weight)*average
			v = round6(average)
		}
		results[i-n+1] = v
	}
	return results, nil
}

var ewma = &Spec{
	Name:    "ewma",
	Aliases: []string{"exponentialWeightedMovingAverage"},
	Group:   Calculate,
	Doc: `Returns an exponentially weighted moving average: each value is alpha
times the value of the series plus (1 - alpha) times the average before it. alpha is
from 0 to 1; a larger one follows the values faster.

Example::

  &target=ewma(web.a.cpu,0.1)`,
	Params: []Param{
		seriesList,
		{Name: "alpha", Type: Float, Required: true, Suggestions: []any{0.1, 0.5, 0.7}},
	},
	Eval: each(func(c *Call, s Series) (Series, func(float64) float64) {
		alpha, mean := c.Float("alpha"), nan
		s = s.derived("ewma("+s.Name+","+decimal(alpha)+")", nil)
		return s, func(v float64) float64 {
			if mean == mean {
				v = alpha*v + (1-alpha)*mean
			}
			mean = v
			return v
		}
	}),
}
