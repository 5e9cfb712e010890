package function

import (
	"context"
	"math"
	"slices"
)

var tukeyAbove = &Spec{
	Name:  "tukeyAbove",
	Group: Transform,
	Doc: `Returns the n series that are outliers most often, the worst first. A
value is an outlier if it is at least basis times the interquartile range above the
third quartile of all values of all series. interval limits the values to the last
ones, by number or as a duration such as "1h"; a negative interval uses all but the
last ones. 0 means all values.

Example::

  &target=tukeyAbove(web.*.*,0.1,5)`,
	Params: tukeyParams,
	Eval:   tukey(func(v, _, high float64) bool { return v >= high }),
}

var tukeyBelow = &Spec{
	Name:  "tukeyBelow",
	Group: Transform,
	Doc: `Returns the n series that are outliers most often, the worst first. A
value is an outlier if it is at least basis times the interquartile range below the
first quartile of all values of all series. interval limits the values to the last
ones, by number or as a duration such as "1h"; a negative interval uses all but the
last ones. 0 means all values.

Example::

  &target=tukeyBelow(web.*.*,0.1,5,"3min")`,
	Params: tukeyParams,
	Eval:   tukey(func(v, low, _ float64) bool { return v <= low }),
}

var tukeyParams = []Param{
	seriesList,
	{Name: "basis", Type: Float, Required: true},
	{Name: "n", Type: Integer, Required: true},
	{Name: "interval", Type: IntOrInterval, Default: 0},
}

// tukey makes an evaluator that returns the series with the most outliers. outlier gets a
// value and the bounds of the usual values.
func tukey(outlier func(v, low, high float64) bool) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		basis, n := c.Float("basis"), c.Int("n")
		switch {
		case !(basis > 0) || math.IsInf(basis, 0):
			return nil, c.errorf("basis", "must be above 0, not %s", decimal(basis))
		case n < 1:
			return nil, c.errorf("n", "must be at least 1, not %d", n)
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		from, until, err := c.tukeyInterval(series[0])
		if err != nil {
			return nil, err
		}
		var total int64
		for _, s := range series {
			total += int64(len(s.Values))
		}
		all, err := c.makeValues(total)
		if err != nil {
			return nil, err
		}
		part := func(s Series) []float64 { return s.Values[min(from, len(s.Values)):min(until, len(s.Values))] }
		all = all[:0]
		for _, s := range series {
			all = appendKnown(all, part(s))
		}
		if len(all) == 0 {
			return nil, ctx.Err()
		}
		slices.Sort(all)
		first, third := all[int(0.25*float64(len(all)))], all[int(0.75*float64(len(all)))]
		low, high := first-basis*(third-first), third+basis*(third-first)
		var found ranking
		for _, s := range series {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			outliers := 0
			for _, v := range part(s) {
				if outlier(v, low, high) {
					outliers++
				}
			}
			if outliers > 0 {
				found = append(found, ranked{s, float64(outliers)})
			}
		}
		return found.best(n), nil
	}
}

// tukeyInterval returns the range of values to look at, computed from the first series. An
// interval of 0, or longer than the series, means all values.
func (c *Call) tukeyInterval(s Series) (from, until int, err error) {
	length := int64(len(s.Values))
	var points int64
	switch v := c.value("interval").(type) {
	case int64:
		points = v
	case float64:
		points = int64(min(max(v, -math.MaxInt32), math.MaxInt32))
	case string:
		if s.Step <= 0 {
			return 0, 0, c.errorf("seriesList", "%q has no step", s.Name)
		}
		points = c.Seconds("interval") / s.Step
	}
	switch {
	case points < 0 && points > -length:
		return 0, int(length + points), nil
	case points > 0 && points < length:
		return int(length - points), int(length), nil
	}
	return 0, int(length), nil
}
