package function

import "context"

var exponentialMovingAverage = &Spec{
	Name:  "exponentialMovingAverage",
	Group: Calculate,
	Doc: `Averages with weights that halve again and again going back, the faster the
shorter the window is: a number of points, or a time such as "10min".

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
			return nil, c.errorf("windowSize", "-1 makes all weights infinite")
		}
		weight := 2 / float64(width+1)
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			n, err := back.of(c, s)
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

// smoothed returns the average of the first n values and then, for each value
// after those, what the average is with it. As in Python, what is before the
// first value counts from the end.
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
	Doc: `Shows an average in which each point counts alpha and all before it the rest,
so that what is long ago counts ever less.

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
