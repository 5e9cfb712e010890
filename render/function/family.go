package function

import (
	"context"
	"math"

	"carbon/metric"
)

// evaluator is what a row has for Eval. The functions of this file make one of
// what differs between the members of a family.
type evaluator = func(ctx context.Context, c *Call) ([]Series, error)

var nan = math.NaN()

// perSeries makes an evaluator of what becomes of each series in "seriesList".
func perSeries(f func(c *Call, s Series) (Series, error)) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) { return f(c, s) })
	}
}

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

// each makes an evaluator of what becomes of each point. f is asked once per
// series, for the series as it is to be but for its values, and for the function
// that its known values go through, in order of time.
func each(f func(c *Call, s Series) (Series, func(float64) float64)) evaluator {
	return perSeries(func(c *Call, s Series) (Series, error) {
		if s.Word != "" {
			return s, c.errorf("seriesList", "%q is a word, with which nobody can reckon", s.Word)
		}
		result, point := f(c, s)
		values, err := c.makeValues(int64(len(s.Values)))
		for i := range values {
			v := s.Values[i]
			if v == v {
				v = point(v)
			}
			values[i] = v
		}
		result.Values = values
		return result, err
	})
}

// mark makes an evaluator of functions that change what is said about a series,
// but none of its values.
func mark(f func(c *Call, s Series) Series) evaluator {
	return perSeries(func(c *Call, s Series) (Series, error) { return f(c, s), nil })
}

// keep makes an evaluator of which series stay. f is asked once per call.
func keep(f func(c *Call) func(s Series) bool) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		stays := f(c)
		var kept []Series
		for _, s := range series {
			if stays(s) {
				kept = append(kept, s)
			}
		}
		return kept, nil
	}
}

// combine makes an evaluator that makes one series of all in "seriesLists", by
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

// window makes an evaluator of functions that look back from each point, over
// "windowSize". The function to aggregate with is asked for once per call.
func window(aggregation func(c *Call) string) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		return movingAggregate(ctx, c, aggregation(c))
	}
}

// earlierByWindow is the Window of functions whose "windowSize" may be a time.
// A number of points is another matter: only the data tell how long it is.
func earlierByWindow(c *Call, w metric.Window) metric.Window {
	if _, isTime := c.value("windowSize").(string); isTime {
		return w.Earlier(abs(c.Seconds("windowSize")))
	}
	return w
}
