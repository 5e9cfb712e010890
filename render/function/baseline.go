package function

import (
	"context"

	"carbon/aggregate"
	"carbon/metric"
)

var baseline = &Spec{
	Name:  "baseline",
	Group: Calculate,
	Doc: `Returns the usual values of a series at this time: the median of the
series shifted back by i times timeShiftUnit, for i from timeShiftStart to
timeShiftEnd - 1, without 0. A series is left out if more than maxAbsentPercent
percent of its results are missing, or if their average is below minAvg.

Example::

  &target=baseline(web.a.cpu,"5min",1,4)`,
	Params:  baselineParams,
	Windows: baselineWindows,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		return c.baselines(ctx, nil)
	},
}

var baselineAberration = &Spec{
	Name:  "baselineAberration",
	Group: Calculate,
	Doc: `Returns the ratio of each value to its baseline (see baseline): 1.1 is ten
percent more than usual. Where the baseline is 0, the result is 0.

Example::

  &target=baselineAberration(web.a.cpu,"5min",1,4)`,
	Params:  baselineParams,
	Windows: baselineWindows,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.SeriesIn(ctx, "seriesList", c.Window)
		if err != nil {
			return nil, err
		}
		current := make(map[string]Series, len(series))
		for _, s := range series {
			current[s.Name] = s
		}
		return c.baselines(ctx, current)
	},
}

var baselineParams = []Param{
	seriesList,
	{Name: "timeShiftUnit", Type: Interval, Default: "1d", Suggestions: []any{
		"1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d",
	}},
	{Name: "timeShiftStart", Type: Integer, Default: 0},
	{Name: "timeShiftEnd", Type: Integer, Default: 7},
	{Name: "maxAbsentPercent", Type: Float},
	{Name: "minAvg", Type: Float},
}

func baselineWindows(c *Call, w metric.Window) []metric.Window {
	shifts, err := c.baselineShifts()
	if err != nil {
		return nil // Eval returns the error
	}
	var windows []metric.Window
	if c.spec.Name == "baselineAberration" {
		windows = append(windows, w)
	}
	for _, seconds := range shifts {
		windows = append(windows, w.Shift(seconds))
	}
	return windows
}

// baselineShifts returns the shifts of the window in seconds. 0 is not among them.
func (c *Call) baselineShifts() ([]int64, error) {
	const most = 1000
	text := c.Text("timeShiftUnit")
	unit := c.Seconds("timeShiftUnit")
	if text != "" && text[0] >= '0' && text[0] <= '9' {
		unit = -unit
	}
	start, end := c.Int("timeShiftStart"), c.Int("timeShiftEnd")
	switch {
	case start < -most || start > most:
		return nil, c.errorf("timeShiftStart", "must be between -%d and %d, not %d", most, most, start)
	case end < -most || end > most:
		return nil, c.errorf("timeShiftEnd", "must be between -%d and %d, not %d", most, most, end)
	case abs(unit) > maxShift/most:
		return nil, c.errorf("timeShiftUnit", "%q is out of range", text)
	}
	var shifts []int64
	for i := start; i < end; i++ {
		if i != 0 {
			shifts = append(shifts, i*unit)
		}
	}
	return shifts, nil
}

// baselines returns the baseline of each series, or, if current is not nil, the ratio of
// the series of that name in current to its baseline.
func (c *Call) baselines(ctx context.Context, current map[string]Series) ([]Series, error) {
	shifts, err := c.baselineShifts()
	if err != nil {
		return nil, err
	}
	var names []string
	before := map[string][]Series{}
	for _, seconds := range shifts {
		series, err := c.SeriesIn(ctx, "seriesList", c.Window.Shift(seconds))
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			if _, ok := current[s.Name]; !ok && current != nil {
				continue
			}
			s.Start, s.End = s.Start-seconds, s.End-seconds
			if before[s.Name] == nil {
				names = append(names, s.Name)
			}
			before[s.Name] = append(before[s.Name], s)
		}
	}
	var results []Series
	for _, name := range names {
		list := operands(before[name])
		result := before[name][0]
		if current != nil {
			list = append(list, operands([]Series{current[name]})...)
		}
		// Older data may have another step.
		at, err := c.normalize(list)
		if err != nil {
			return nil, err
		}
		now := list[len(before[name]):]
		values, err := c.across(ctx, list[:len(before[name])], aggregate.Median)
		if err != nil {
			return nil, err
		}
		if c.insufficient(values) {
			continue
		}
		for _, s := range now {
			compare(values, s.values)
		}
		shown := c.spec.Name + "(" + name + ")"
		result = result.derived(shown, values).tagged("name", shown)
		result.Start, result.End, result.Step = at.start, at.end, at.step
		results = append(results, result)
	}
	return results, ctx.Err()
}

// insufficient reports whether a baseline exceeds "maxAbsentPercent" or is below
// "minAvg".
func (c *Call) insufficient(values []float64) bool {
	length, known := float64(len(values)), aggregate.Count(values)
	return c.Has("maxAbsentPercent") && 100*(length-known)/length > c.Float("maxAbsentPercent") ||
		c.Has("minAvg") && aggregate.Average(values) < c.Float("minAvg")
}

// compare replaces the values of a baseline with the ratios of now to them. As in
// carbonapi a baseline of 0 stays 0.
func compare(baseline, now []float64) {
	for i, usual := range baseline {
		switch {
		case i >= len(now) || now[i] != now[i]:
			baseline[i] = nan
		case usual != 0:
			baseline[i] = now[i] / usual
		}
	}
}
