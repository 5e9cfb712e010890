package function

import (
	"context"
	"math"

	"carbon/metric"
)

// evaluator is the type of Spec.Eval. Each function of this file makes an evaluator
// for a family of functions from what differs between its members.
type evaluator = func(ctx context.Context, c *Call) ([]Series, error)

var nan = math.NaN()

// perSeries makes an evaluator that applies f to each series of "seriesList".
func perSeries(f func(c *Call, s Series) (Series, error)) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) { return f(c, s) })
	}
}

// eachSeries applies f to each series.
func (c *Call) eachSeries(ctx context.Context, series []Series, f func(s Series) (Series, error)) ([]Series, error) {
	results := make([]Series, len(series))
	for i, s := range series {
		err := ctx.Err()
		if err == nil {
			results[i], err = f(s)
		}
		if err == nil {
			err = c.spendName(results[i].Name, results[i].Path)
		}
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// each makes an evaluator that maps each value. For each series, f returns the result
// without its values, and the function that maps the values, which is called in the
// order of time. Missing values stay missing.
func each(f func(c *Call, s Series) (Series, func(float64) float64)) evaluator {
	return perSeries(func(c *Call, s Series) (Series, error) {
		if s.Word != "" {
			return s, c.errorf("seriesList", "the value %q is not a number", s.Word)
		}
		result, point := f(c, s)
		result.Values = s.Values
		return c.mapValues(result, point)
	})
}

// mapValues returns the series with each value mapped. Missing values stay missing.
func (c *Call) mapValues(s Series, point func(float64) float64) (Series, error) {
	values, err := c.makeValues(int64(len(s.Values)))
	for i := range values {
		v := s.Values[i]
		if v == v {
			v = point(v)
		}
		values[i] = v
	}
	s.Values = values
	return s, err
}

// mark makes an evaluator that changes the name, tags or style of each series, but not
// its values.
func mark(f func(c *Call, s Series) Series) evaluator {
	return perSeries(func(c *Call, s Series) (Series, error) { return f(c, s), nil })
}

// keep makes an evaluator that filters series. f is called once per call of the
// function, and returns whether to keep a series.
func keep(f func(c *Call) func(s Series) bool) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		wanted := f(c)
		var kept []Series
		for _, s := range series {
			if wanted(s) {
				kept = append(kept, s)
			}
		}
		return kept, nil
	}
}

// combine makes an evaluator that combines all of "seriesLists" into one series with
// an aggregation function.
func combine(aggregation string) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesLists")
		if err != nil {
			return nil, err
		}
		return c.aggregate(ctx, series, aggregation, c.XFilesFactor)
	}
}

// earlierByWindow is the Window of functions with a "windowSize". If that is a number
// of values, its duration depends on the step of the data, so Eval asks for them.
func earlierByWindow(c *Call, w metric.Window) metric.Window {
	if _, isTime := c.value("windowSize").(string); isTime {
		return w.Earlier(abs(c.Seconds("windowSize")))
	}
	return w
}
