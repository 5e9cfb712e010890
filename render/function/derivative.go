package function

import (
	"context"
	"math"
)

var derivative = &Spec{
	Name:  "derivative",
	Group: Transform,
	Doc: `Returns the difference between each value and the one before it. There is
no result where either is missing.

Example::

  &target=derivative(web.a.requests)`,
	Params: []Param{seriesList},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		values, err := c.makeValues(int64(len(s.Values)))
		before := nan
		for i := range values {
			values[i] = s.Values[i] - before
			before = s.Values[i]
		}
		return s.derived("derivative("+s.Name+")", values).tagged("derivative", "1"), err
	}),
}

var nonNegativeDerivative = &Spec{
	Name:  "nonNegativeDerivative",
	Group: Transform,
	Doc: `Returns the growth of a counter: the difference between each value and the
last one before it. If a counter decreases, there is no result by default. With
maxValue it is taken to wrap around there; with minValue, to restart there. Values
above maxValue or below minValue are ignored.

Example::

  &target=nonNegativeDerivative(web.a.requests)`,
	Params: []Param{seriesList, {Name: "maxValue", Type: Float}, {Name: "minValue", Type: Float}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		growth := c.counter()
		values, err := c.makeValues(int64(len(s.Values)))
		for i := range values {
			values[i] = growth(s.Values[i])
		}
		return s.derived("nonNegativeDerivative("+s.Name+")", values).tagged("nonNegativeDerivative", "1"), err
	}),
}

var perSecond = &Spec{
	Name:  "perSecond",
	Group: Transform,
	Doc: `Returns the growth of a counter per second: the difference between each
value and the last one before it, divided by the step. If a counter decreases, there
is no result by default. With maxValue it is taken to wrap around there; with
minValue, to restart there. Values above maxValue or below minValue are ignored.

Example::

  &target=perSecond(web.a.requests)`,
	Params: []Param{seriesList, {Name: "maxValue", Type: Float}, {Name: "minValue", Type: Float}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		if s.Step <= 0 {
			return s, c.errorf("seriesList", "%q has no step", s.Name)
		}
		growth := c.counter()
		values, err := c.makeValues(int64(len(s.Values)))
		for i := range values {
			values[i] = round6(growth(s.Values[i]) / float64(s.Step))
		}
		return s.derived("perSecond("+s.Name+")", values).tagged("perSecond", "1"), err
	}),
}

// counter returns a function that is called with the successive values of a counter and
// returns by how much it grew; NaN is unknown. The call must have the parameters maxValue
// and minValue.
func (c *Call) counter() func(v float64) float64 {
	last, maxValue, minValue := nan, math.Inf(1), math.Inf(-1)
	wraps, resets := c.Has("maxValue"), c.Has("minValue")
	if wraps {
		maxValue = c.Float("maxValue")
	}
	if resets {
		minValue = c.Float("minValue")
	}
	return func(v float64) float64 {
		before := last
		last = v
		switch {
		case v != v || wraps && v > maxValue || resets && v < minValue:
			last = nan
			return nan
		case before != before:
			return nan
		case v >= before:
			return v - before
		case wraps:
			grown := maxValue + 1 + v - before
			if resets {
				grown -= minValue
			}
			return grown
		case resets:
			return v - minValue
		default:
			return nan
		}
	}
}

var integral = &Spec{
	Name:  "integral",
	Group: Transform,
	Doc: `Returns the running total of the values. Missing values stay missing.

Example::

  &target=integral(web.a.requests)`,
	Params: []Param{seriesList},
	Eval: each(func(_ *Call, s Series) (Series, func(float64) float64) {
		sum := 0.0
		s = s.derived("integral("+s.Name+")", nil).tagged("integral", "1")
		return s, func(v float64) float64 {
			sum += v
			return sum
		}
	}),
}

var integralByInterval = &Spec{
	Name:  "integralByInterval",
	Group: Transform,
	Doc: `Returns the running total of the values within each interval, after which
it restarts at 0. Intervals are counted from the start of the time range.

Example::

  &target=integralByInterval(web.a.requests,"1d")`,
	Params: []Param{seriesList, {Name: "intervalUnit", Type: String, Takes: Interval, Required: true}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		interval := abs(c.Seconds("intervalUnit"))
		if interval <= 0 {
			return s, c.errorf("intervalUnit", "must be positive, not %q", c.Text("intervalUnit"))
		}
		values, err := c.makeValues(int64(len(s.Values)))
		t, sum := s.Start-c.wallClock(c.Window.From), 0.0
		for i := range values {
			if floorDiv(t, interval) != floorDiv(t-s.Step, interval) {
				sum = 0
			}
			if v := s.Values[i]; v == v {
				sum += v
			}
			values[i] = sum // even if the value is missing, as in graphite-web
			t += s.Step
		}
		unit := c.Text("intervalUnit")
		return s.derived("integralByInterval("+s.Name+",'"+unit+"')", values).tagged("integralByInterval", unit), err
	}),
}

var changed = &Spec{
	Name:  "changed",
	Group: Special,
	Doc: `Returns 1 where a value differs from the last one before it, and 0
elsewhere. Missing values are ignored and become 0.

Example::

  &target=changed(web.a.cpu)`,
	Params: []Param{seriesList},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		values, err := c.makeValues(int64(len(s.Values)))
		before := nan
		for i := range values {
			v := s.Values[i]
			if v != v {
				continue
			}
			if before == before && v != before {
				values[i] = 1
			}
			before = v
		}
		s = s.rewritten("changed(" + s.Name + ")")
		s.Values = values
		return s, err
	}),
}

var integralWithReset = &Spec{
	Name:  "integralWithReset",
	Group: Transform,
	Doc: `Returns the running total of the values, which restarts at 0 at each time
at which the second series is not 0. The second argument must be one series with the
same times.

Example::

  &target=integralWithReset(web.a.requests,web.a.errors)`,
	Params: []Param{seriesList, {Name: "resettingSeries", Type: SeriesList, Required: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		resetting, ok, err := c.single(ctx, "resettingSeries")
		if err != nil || !ok {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			if s.Step != resetting.Step || len(s.Values) != len(resetting.Values) {
				return s, c.errorf("resettingSeries", "%q must have the same step and number of values as %q", resetting.Name, s.Name)
			}
			values, err := c.makeValues(int64(len(s.Values)))
			sum := 0.0
			for i := range values {
				switch v, reset := s.Values[i], resetting.Values[i]; {
				case v != v:
					values[i] = nan
					continue
				case reset == reset && reset != 0:
					sum = 0
				default:
					sum += v
				}
				values[i] = sum
			}
			return s.derived("integralWithReset("+s.Name+","+resetting.Name+")", values), err
		})
	},
}
