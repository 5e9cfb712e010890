package function

import (
	"context"
	"math"
	"strings"

	"carbon/aggregate"
	"carbon/metric"
)

var intervalString = Param{
	Name: "intervalString", Type: Interval, Required: true, Suggestions: []any{"10min", "1h", "1d"},
}

var summarize = &Spec{
	Name:  "summarize",
	Group: Transform,
	Doc: `Combines all values within each interval into one, with an aggregation
function. Intervals start at multiples of their length since 1970 in UTC, or with
alignToFrom at the first value. An interval in which too few values are present for
the xFilesFactor has no value.

Example::

  &target=summarize(web.a.requests,"1h","sum")`,
	Params: []Param{
		seriesList, intervalString,
		{Name: "func", Type: AggFunc, Default: "sum"},
		{Name: "alignToFrom", Type: Boolean, Default: false},
	},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		interval, f, err := c.summary()
		if err != nil {
			return s, err
		}
		start, end := s.Start, s.End
		name := `summarize(` + s.Name + `, "` + c.Text("intervalString") + `", "` + c.Text("func") + `"`
		if c.Bool("alignToFrom") {
			name += ", true"
		} else {
			start -= floorMod(start, interval)
			end += interval - floorMod(end, interval)
		}
		values, reached, err := c.summarize(s, f, interval, start, end)
		if err != nil {
			return s, err
		}
		if c.Bool("alignToFrom") {
			end = reached
		}
		s = s.derived(name+")", values)
		s.Start, s.End, s.Step = start, end, interval
		return s.tagged("summarize", c.Text("intervalString")).tagged("summarizeFunction", c.Text("func")), nil
	}),
}

var smartSummarize = &Spec{
	Name:  "smartSummarize",
	Group: Transform,
	Doc: `Combines all values within each interval into one, with an aggregation
function. The first interval starts at the first value, or with alignTo at the start
of its year, month, week, day, hour, minute or second. A digit after "weeks" is the
first day of the week, from 1 for Monday to 7.

Example::

  &target=smartSummarize(web.a.requests,"1h","sum","hours")`,
	Params: []Param{
		seriesList, intervalString,
		{Name: "func", Type: AggFunc, Default: "sum"},
		{Name: "alignTo", Type: String, Options: []any{
			nil, "years", "months", "weeks", "days", "hours", "minutes", "seconds", true, false,
		}},
	},
	Window: func(c *Call, w metric.Window) metric.Window {
		if from, err := c.alignedTo(w.From); err == nil {
			w.From = from
		}
		return w
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		if _, err := c.alignedTo(c.Window.From); err != nil {
			return nil, err
		}
		interval, f, err := c.summary()
		if err != nil {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			values, end, err := c.summarize(s, f, interval, s.Start, s.End)
			if err != nil {
				return s, err
			}
			name := `smartSummarize(` + s.Name + `, "` + c.Text("intervalString") + `", "` + c.Text("func") + `")`
			s = s.derived(name, values)
			s.End, s.Step = end, interval
			return s.tagged("smartSummarize", c.Text("intervalString")).tagged("smartSummarizeFunction", c.Text("func")), nil
		})
	},
}

// alignedTo returns the start of the unit of time of t that "alignTo" names. Booleans are
// ignored: graphite-web had a parameter alignToFrom in its place.
func (c *Call) alignedTo(t int64) (int64, error) {
	var unit string
	switch v := c.value("alignTo").(type) {
	case nil, bool:
		return t, nil
	case string:
		unit = v
	}
	switch {
	case strings.HasPrefix(unit, "s"):
		return t, nil
	case strings.HasPrefix(unit, "min"):
		return t - int64(c.at(t).Second()), nil
	case strings.HasPrefix(unit, "h"):
		return c.hour(t), nil
	case strings.HasPrefix(unit, "d"):
		return c.midnight(t), nil
	case strings.HasPrefix(unit, "w"):
		first := int64(1) // Monday
		if last := unit[len(unit)-1]; last >= '0' && last <= '9' {
			first = int64(last - '0')
		}
		weekday := (int64(c.at(t).Weekday())+6)%7 + 1
		back := weekday - first
		if back < 0 {
			back += 7
		}
		return c.midnight(t) - back*day, nil
	case strings.HasPrefix(unit, "mon"):
		return c.midnight(t) - int64(c.at(t).Day()-1)*day, nil
	case strings.HasPrefix(unit, "y"):
		return c.midnight(t) - int64(c.at(t).YearDay()-1)*day, nil
	}
	return t, c.errorf("alignTo", "%s is not a unit of time, such as \"hours\"", describe(c.value("alignTo")))
}

// summary returns "intervalString" in seconds and the aggregation function "func".
func (c *Call) summary() (interval int64, f aggregate.Func, err error) {
	interval = c.Seconds("intervalString")
	if interval <= 0 {
		return 0, nil, c.errorf("intervalString", "must be positive, not %q", c.Text("intervalString"))
	}
	f, err = c.AggFunc("func")
	return interval, f, err
}

// summarize combines the values within each interval from start to end into one. It also
// returns the end of the last interval.
func (c *Call) summarize(s Series, f aggregate.Func, interval, start, end int64) ([]float64, int64, error) {
	if s.Step <= 0 {
		return nil, 0, c.errorf("seriesList", "%q has no step", s.Name)
	}
	values, err := c.makeValues((max(end-start, 0) + interval - 1) / interval)
	if err != nil {
		return nil, 0, err
	}
	perInterval := float64(interval) / float64(s.Step)
	points := s.Values[:s.pointsBefore(s.End)]
	next := 0
	for i := range values {
		from := start + int64(i)*interval
		first, known := next, 0
		for next < len(points) {
			t := s.Start + int64(next)*s.Step
			if t >= from+interval {
				break
			}
			if t <= from {
				first = next
			}
			if t >= from && points[next] == points[next] {
				known++
			}
			next++
		}
		values[i] = nan
		if enough(float64(known), perInterval, s.XFilesFactor) {
			values[i] = f(points[first:next])
		}
	}
	return values, start + int64(len(values))*interval, nil
}

// pointsBefore returns the number of values before a time.
func (s Series) pointsBefore(end int64) int64 {
	return min(int64(len(s.Values)), max(0, (end-s.Start+s.Step-1)/s.Step))
}

var hitcount = &Spec{
	Name:  "hitcount",
	Group: Transform,
	Doc: `Treats each value as a rate per second over its step, and returns the
total within each interval. Intervals are counted back from the end of the data, or
with alignToInterval from the start of the day, hour or minute.

Example::

  &target=hitcount(web.a.requests,"5min")`,
	Params: []Param{seriesList, intervalString, {Name: "alignToInterval", Type: Boolean, Default: false}},
	Window: func(c *Call, w metric.Window) metric.Window {
		if c.Bool("alignToInterval") {
			w.From = c.startOfUnit(w.From, c.Seconds("intervalString"))
		}
		return w
	},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		interval := c.Seconds("intervalString")
		if interval <= 0 || s.Step <= 0 {
			return s, c.errorf("intervalString", "must be positive, not %q", c.Text("intervalString"))
		}
		name := `hitcount(` + s.Name + `, "` + c.Text("intervalString") + `"`
		if c.Bool("alignToInterval") {
			s.End = s.Start + (s.End-s.Start)/interval*interval + interval
			name += ", true"
		}
		n := int64(math.Ceil(float64(s.End-s.Start) / float64(interval)))
		hits, err := c.makeValues(n)
		if err != nil {
			return s, err
		}
		start := s.End - n*interval
		spread(s, hits, start, interval)
		s = s.derived(name+")", hits).tagged("hitcount", c.Text("intervalString"))
		s.Start, s.Step = start, interval
		return s, nil
	}),
}

// spread distributes values over intervals: each value is multiplied by the seconds of
// its step that lie within an interval, and added to it. Intervals without values become
// NaN.
func spread(s Series, hits []float64, start, interval int64) {
	for i := range hits {
		hits[i] = nan
	}
	add := func(i int64, v float64) {
		if i < 0 || i >= int64(len(hits)) {
			return
		}
		if hits[i] != hits[i] {
			hits[i] = 0
		}
		hits[i] += v
	}
	for i, v := range s.Values {
		if v != v {
			continue
		}
		from := s.Start + int64(i)*s.Step - start
		first, into := from/interval, floorMod(from, interval)
		last, left := (from+s.Step)/interval, floorMod(from+s.Step, interval)
		if last >= int64(len(hits)) {
			last, left = int64(len(hits))-1, interval
		}
		if first == last {
			add(first, v*float64(left-into))
			continue
		}
		add(first, v*float64(interval-into))
		for j := first + 1; j < last; j++ {
			add(j, v*float64(interval))
		}
		if left > 0 {
			add(last, v*float64(left))
		}
	}
}
