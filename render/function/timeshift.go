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
	Doc: `Shows what was a time ago as if it were now; with a + before the time, what
will be. Unless resetEnd is true, and it is, the series end as long after their
beginning as the shifted ones do. With alignDST an hour is added or taken where
clocks were changed in between.

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
		// The first series as it is now says when the shifted ones are to begin.
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

// shiftedWindow is when what timeShift shows was.
func shiftedWindow(c *Call, w metric.Window) metric.Window {
	_, seconds := c.shift()
	shifted := w.Shift(seconds)
	if c.Bool("alignDst") {
		shifted = shifted.Shift(c.clockChange(w, shifted))
	}
	return shifted
}

// shift returns the argument of timeShift, which is backwards unless it has a
// sign.
func (c *Call) shift() (shown string, seconds int64) { return backwards(c.Text("timeShift")) }

// backwards returns a time to shift by, back unless it has a sign.
func backwards(shown string) (string, int64) {
	if shown != "" && shown[0] >= '0' && shown[0] <= '9' {
		shown = "-" + shown
	}
	seconds, _ := attime.ParseOffset(shown) // checked when it was bound
	return shown, seconds
}

// clockChange returns by how much a shifted window must be moved, so that its
// clocks show what those of w do, where all of one is in summer time and all of
// the other is not.
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
	Doc: `Shows series several times: shifted by as many units as each number from
timeShiftStart up to, but not including, timeShiftEnd says. Units go back, unless
they have a + before them.

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

// stack returns the unit of timeStack and how many of them it shifts by, from
// first until before end.
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
		return "", 0, 0, 0, c.errorf("timeShiftEnd", "must be at most %d more than timeShiftStart", most)
	}
	if first < end && abs(seconds) > longest/max(abs(first), abs(end), 1) {
		return "", 0, 0, 0, c.errorf("timeShiftUnit", "%q is too long", shown)
	}
	return shown, seconds, first, end, nil
}

var delay = &Spec{
	Name:  "delay",
	Group: Transform,
	Doc: `Moves all points by so many steps, later or, if negative, earlier. Those that
leave the graph are lost, and others do not come in.

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
	Doc: `Shows only the points between two times, which may be anything that from and
until may be.

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
		// As in graphite-web the first point counts as if it were at the beginning
		// of the graph.
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

// date returns a time that is named by an argument, in the zone that wallClock is
// about.
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
