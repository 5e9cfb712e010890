package function

import (
	"context"

	"carbon/metric"
)

var slo = &Spec{
	Name:  "slo",
	Group: Transform,
	Doc: `Returns for each interval the fraction of present values, from 0 to 1,
that meet an objective: that are above, aboveOrEqual, below or belowOrEqual to value.
If the interval is longer than the time range, earlier data are used as well.

Example::

  &target=slo(web.a.cpu,"10min","above",5)`,
	Params:  sloParams,
	Windows: sloWindows,
	Eval:    objective(func(_ *Call, share float64, _ int64) float64 { return share }),
}

var sloErrorBudget = &Spec{
	Name:  "sloErrorBudget",
	Group: Transform,
	Doc: `Returns the error budget left in each interval: for how many more seconds
values could miss the condition (method and value, see slo) before the interval fails.
An interval fails if the fraction of present values that meet the condition is below
objective. Negative results mean that the budget is exceeded.

Example::

  &target=sloErrorBudget(web.a.cpu,"10min","below",9,0.99)`,
	Params: append(sloParams[:len(sloParams):len(sloParams)],
		Param{Name: "objective", Type: Float, Required: true, Suggestions: []any{0.9999}}),
	Windows: sloWindows,
	Eval: objective(func(c *Call, share float64, seconds int64) float64 {
		return (share - c.Float("objective")) * float64(seconds)
	}),
}

var sloParams = []Param{
	seriesList,
	{Name: "interval", Type: Interval, Required: true, Suggestions: []any{"10min", "1h", "1d"}},
	{Name: "method", Type: String, Required: true, Options: []any{"above", "aboveOrEqual", "below", "belowOrEqual"}},
	{Name: "value", Type: Float, Required: true},
}

// sloWindows returns the window of the call, and, if the interval is longer, the window
// extended to the length of the interval.
func sloWindows(c *Call, w metric.Window) []metric.Window {
	windows := []metric.Window{w}
	if missing := c.Seconds("interval") - (w.Until - w.From); missing > 0 {
		windows = append(windows, w.Earlier(missing))
	}
	return windows
}

// objective makes an evaluator for the share of values in each interval that meet an
// objective. show converts the share to a result; seconds is the length of the interval.
func objective(show func(c *Call, share float64, seconds int64) float64) evaluator {
	return func(ctx context.Context, c *Call) ([]Series, error) {
		value, interval, method := c.Float("value"), c.Seconds("interval"), c.String("method")
		met := map[string]func(v float64) bool{
			"above":        func(v float64) bool { return v > value },
			"aboveOrEqual": func(v float64) bool { return v >= value },
			"below":        func(v float64) bool { return v < value },
			"belowOrEqual": func(v float64) bool { return v <= value },
		}[method]
		switch {
		case met == nil:
			return nil, c.errorf("method", "must be above, aboveOrEqual, below or belowOrEqual, not %q", method)
		case interval < 1:
			return nil, c.errorf("interval", "must be positive, not %q", c.Text("interval"))
		}
		series, err := c.SeriesIn(ctx, "seriesList", c.Window)
		if err != nil {
			return nil, err
		}
		windows := sloWindows(c, c.Window)
		all, err := c.SeriesIn(ctx, "seriesList", windows[len(windows)-1])
		if err != nil {
			return nil, err
		}
		if len(all) != len(series) {
			return nil, c.errorf("seriesList", "must have as many series over the interval as over the time range: %d, not %d", len(series), len(all))
		}
		arguments := ", " + c.Text("interval") + ", " + method + ", " + decimal(value)
		if c.spec.Name == "sloErrorBudget" {
			arguments += ", " + decimal(c.Float("objective"))
		}
		i := -1
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			i++
			counted := all[i]
			if s.Step <= 0 || counted.Step <= 0 {
				return s, c.errorf("seriesList", "%q has no step", s.Name)
			}
			values, err := c.makeValues(max(ceilDiv(s.End-s.Start, interval), int64(len(counted.Values))*counted.Step/interval+1))
			if err != nil {
				return s, err
			}
			if s.Step > interval {
				// The intervals are shorter than the step, so all results are missing.
				values = values[:max(ceilDiv(s.End-s.Start, interval), 0)]
				for i := range values {
					values[i] = nan
				}
			} else {
				values = values[:0]
				shares(counted, interval, met, func(share float64, seconds int64) {
					values = append(values, show(c, share, seconds))
				})
			}
			s = s.derived(c.spec.Name+"("+s.Name+arguments+")", values)
			s.Step, s.End = interval, s.Start+int64(len(values))*interval
			return s, nil
		})
	}
}

// shares calls use for each interval from the start of a series, with the share of its
// values for which met returns true, NaN if it has none, and its length: the last
// interval may be shorter.
func shares(s Series, interval int64, met func(v float64) bool, use func(share float64, seconds int64)) {
	hits, known := 0.0, 0.0
	begin, end := int64(0), interval
	for i, v := range s.Values {
		if v == v {
			known++
			if met(v) {
				hits++
			}
		}
		at := int64(i+1) * s.Step
		switch {
		case at >= end:
			use(hits/known, interval)
			hits, known = 0, 0
			begin, end = at, end+interval
		case i == len(s.Values)-1:
			use(hits/known, at-begin)
		}
	}
}
