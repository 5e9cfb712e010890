package function

import (
	"context"
	"time"

	"carbon/attime"
	"carbon/metric"
)

var timeShift = &Spec{
	Name:  "timeShift",
	Group: Transform,
	Doc: `Returns the series as they were some time ago, at the times of the graph.
timeShift is a duration, such as "1d"; with a + before it, the series are shifted into
the future. With resetEnd, the default, they end where the series that are not shifted
do. With alignDST, an hour is added or subtracted when the clocks changed in between.

Example::

  &target=timeShift(web.a.cpu,"1d")`,
	Params: []Param{
		seriesList,
		{Name: "timeShift", Type: Interval, Required: true, Suggestions: []any{
			"1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d",
		}},
		{Name: "resetEnd", Type: Boolean, Default: true},
		{Name: "alignDst", Type: Boolean, Default: false, Signature: "alignDST=False"},
	},
	Window: shiftedWindow,
	Windows: func(c *Call, w metric.Window) []metric.Window {
		return []metric.Window{w, shiftedWindow(c, w)}
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		if c.String("timeShift") == "" {
			return nil, c.errorf("timeShift", "must not be empty")
		}
		// The shifted series start when the first unshifted one does.
		now, err := c.SeriesIn(ctx, "seriesList", c.Window)
		if err != nil || len(now) == 0 {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		shown, _ := c.shift()
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			s = s.renamed(`timeShift(`+s.Name+`, "`+shown+`")`).tagged("timeShift", shown)
			s.End += now[0].Start - s.Start
			if c.Bool("resetEnd") {
				s.End = now[0].End
			}
			s.Start = now[0].Start
			return s, nil
		})
	},
}

// shiftedWindow returns the window of the data that timeShift shows.
func shiftedWindow(c *Call, w metric.Window) metric.Window {
	_, seconds := c.shift()
	shifted := w.Shift(seconds)
	if c.Bool("alignDst") {
		shifted = shifted.Shift(c.clockChange(w, shifted))
	}
	return shifted
}

// shift returns the argument "timeShift".
func (c *Call) shift() (shown string, seconds int64) { return backwards(c.Text("timeShift")) }

// backwards returns a duration with its sign, and in seconds. A duration without a sign
// is negative.
func backwards(shown string) (string, int64) {
	if shown != "" && shown[0] >= '0' && shown[0] <= '9' {
		shown = "-" + shown
	}
	seconds, _ := attime.ParseOffset(shown) // checked by bind
	return shown, seconds
}

// clockChange returns by how many seconds to move a shifted window so that the wall clock
// shows the same times as in w. It is 0 unless one window is entirely in daylight saving
// time and the other entirely in standard time.
func (c *Call) clockChange(w, shifted metric.Window) int64 {
	from, until := c.at(w.From).IsDST(), c.at(w.Until).IsDST()
	thenFrom, thenUntil := c.at(shifted.From).IsDST(), c.at(shifted.Until).IsDST()
	switch {
	case from && until && !thenFrom && !thenUntil:
		return hour
	case !from && !until && thenFrom && thenUntil:
		return -hour
	}
	return 0
}

var timeStack = &Spec{
	Name:  "timeStack",
	Group: Transform,
	Doc: `Returns the series several times, shifted back by i times timeShiftUnit,
for i from timeShiftStart to timeShiftEnd - 1. With a + before the unit, they are
shifted into the future.

Example::

  &target=timeStack(web.a.cpu,"1d",0,7)`,
	Params: []Param{
		seriesList,
		{Name: "timeShiftUnit", Type: Interval, Default: "1d", Suggestions: []any{
			"1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d",
		}},
		{Name: "timeShiftStart", Type: Integer, Takes: truncated, Default: 0},
		{Name: "timeShiftEnd", Type: Integer, Takes: truncated, Default: 7},
	},
	Windows: func(c *Call, w metric.Window) []metric.Window {
		windows := []metric.Window{w}
		_, seconds, first, end, err := c.stack()
		for n := first; err == nil && n < end; n++ {
			windows = append(windows, w.Shift(n*seconds))
		}
		return windows
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		shown, seconds, first, end, err := c.stack()
		if err != nil {
			return nil, err
		}
		now, err := c.SeriesIn(ctx, "seriesList", c.Window)
		if err != nil || len(now) == 0 {
			return nil, err
		}
		var results []Series
		for n := first; n < end; n++ {
			series, err := c.SeriesIn(ctx, "seriesList", c.Window.Shift(n*seconds))
			if err != nil {
				return nil, err
			}
			for _, s := range series {
				shift := text(n)
				s = s.rewritten("timeShift("+s.Name+", "+shown+", "+shift+")").tagged("timeShiftUnit", shown)
				s = s.tagged("timeShift", shift)
				s.Start, s.End = now[0].Start, now[0].End
				if err := c.spendName(s.Name, s.Path); err != nil {
					return nil, err
				}
				results = append(results, s)
			}
		}
		return results, nil
	},
}

// stack returns the unit of timeStack with its sign, and in seconds, and the numbers of
// units to shift by: first to end-1.
func (c *Call) stack() (shown string, seconds, first, end int64, err error) {
	const most = 1000
	for _, param := range []string{"timeShiftUnit", "timeShiftStart", "timeShiftEnd"} {
		if !c.Has(param) || c.Text(param) == "" {
			return "", 0, 0, 0, c.errorf(param, "must not be empty")
		}
	}
	shown, seconds = backwards(c.Text("timeShiftUnit"))
	first, end = c.Int("timeShiftStart"), c.Int("timeShiftEnd")
	if first < end && (end > 1<<30 || first < -1<<30 || end-first > most) {
		return "", 0, 0, 0, c.errorf("timeShiftEnd", "must exceed timeShiftStart by at most %d", most)
	}
	if first < end && abs(seconds) > maxShift/max(abs(first), abs(end), 1) {
		return "", 0, 0, 0, c.errorf("timeShiftUnit", "%q is too long", shown)
	}
	return shown, seconds, first, end, nil
}

var delay = &Spec{
	Name:  "delay",
	Group: Transform,
	Doc: `Moves all values later by a number of steps, or earlier if it is negative.
Values that leave the time range are lost, and none enter.

Example::

  &target=delay(web.a.cpu,5)`,
	Params: []Param{seriesList, {Name: "steps", Type: Integer, Required: true}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		values, err := c.makeValues(int64(len(s.Values)))
		if err != nil {
			return s, err
		}
		for i := range values {
			values[i] = nan
		}
		steps, length := c.Int("steps"), int64(len(values))
		if steps = max(-length, min(steps, length)); steps < 0 {
			copy(values, s.Values[-steps:])
		} else {
			copy(values[steps:], s.Values)
		}
		shown := c.Text("steps")
		return s.derived("delay("+s.Name+","+shown+")", values).tagged("delay", shown), nil
	}),
}

var timeSlice = &Spec{
	Name:  "timeSlice",
	Group: Transform,
	Doc: `Keeps only the values between two times, in the formats of from and until.
All other values become missing.

Example::

  &target=timeSlice(web.a.cpu,"noon-1d","midnight")`,
	Params: []Param{
		seriesList,
		{Name: "startSliceAt", Type: Date, Required: true},
		{Name: "endSliceAt", Type: Date, Default: "now"},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		start, err := c.date("startSliceAt")
		if err != nil {
			return nil, err
		}
		end, err := c.date("endSliceAt")
		if err != nil {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		// As in graphite-web the first value is taken to be at the start of the window.
		from := c.wallClock(c.Window.From)
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			values, err := c.makeValues(int64(len(s.Values)))
			for i := range values {
				values[i] = nan
				if t := from + int64(i)*s.Step; t >= start && t <= end {
					values[i] = s.Values[i]
				}
			}
			s = s.renamed("timeSlice("+s.Name+", "+text(start)+", "+text(end)+")").tagged("timeSliceStart", text(start))
			s = s.tagged("timeSliceEnd", text(end))
			s.Values = values
			return s, err
		})
	},
}

// date returns an argument that is a time, on the scale of wallClock.
func (c *Call) date(param string) (int64, error) {
	if !c.Has(param) {
		return 0, c.errorf(param, "must be a date in quotes, not none")
	}
	t, err := attime.Parse(c.Text(param), time.Unix(c.Now, 0).UTC())
	if err != nil {
		return 0, c.errorf(param, "%v", err)
	}
	return t.Unix(), nil
}
