package function

import (
	"context"

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
	Window: func(c *Call, w metric.Window) metric.Window {
		_, seconds := c.shift()
		shifted := w.Shift(seconds)
		if c.Bool("alignDst") {
			shifted = shifted.Shift(c.clockChange(w, shifted))
		}
		return shifted
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		if c.Text("timeShift") == "" {
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
		return eachSeries(ctx, series, func(s Series) (Series, error) {
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

// shift returns the argument of timeShift, which is backwards unless it has a
// sign.
func (c *Call) shift() (shown string, seconds int64) {
	shown = c.Text("timeShift")
	if shown != "" && shown[0] >= '0' && shown[0] <= '9' {
		shown = "-" + shown
	}
	seconds, _ = attime.ParseOffset(shown) // checked when it was bound
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
