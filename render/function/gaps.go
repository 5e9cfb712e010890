package function

import (
	"context"
	"math"

	"carbon/aggregate"
)

// gapLimit is the parameter for the longest gap that is filled, in values.
var gapLimit = Param{Name: "limit", Type: IntOrInf, Takes: Any, Default: math.Inf(1)}

var keepLastValue = &Spec{
	Name:  "keepLastValue",
	Group: Transform,
	Doc: `Replaces missing values with the last value before them, in gaps of at
most limit values.

Example::

  &target=keepLastValue(web.a.cpu,10)`,
	Params: []Param{seriesList, gapLimit},
	Eval: filled("keepLastValue", func(gap []float64, before, after float64) {
		for i := range gap {
			gap[i] = before
		}
	}),
}

var interpolate = &Spec{
	Name:  "interpolate",
	Group: Transform,
	Doc: `Replaces missing values with a straight line between the values around
them, in gaps of at most limit values.

Example::

  &target=interpolate(web.a.cpu,10)`,
	Params: []Param{seriesList, gapLimit},
	Eval: filled("interpolate", func(gap []float64, before, after float64) {
		if after != after {
			return
		}
		for i := range gap {
			gap[i] = before + float64(i+1)*(after-before)/float64(len(gap)+1)
		}
	}),
}

// filled makes an evaluator that fills gaps. fill gets a gap and the values before and
// after it. The one after a gap at the end of the series is NaN.
func filled(name string, fill func(gap []float64, before, after float64)) evaluator {
	return perSeries(func(c *Call, s Series) (Series, error) {
		limit, err := c.gapLimit()
		if err != nil {
			return s, err
		}
		values, err := c.makeValues(int64(len(s.Values)))
		if err != nil {
			return s, err
		}
		copy(values, s.Values)
		last := -1 // the last value present
		for i, v := range s.Values {
			if v != v {
				continue
			}
			if gap := values[last+1 : i]; last >= 0 && len(gap) > 0 && float64(len(gap)) <= limit {
				fill(gap, s.Values[last], v)
			}
			last = i
		}
		if gap := values[last+1:]; last >= 0 && len(gap) > 0 && float64(len(gap)) <= limit {
			fill(gap, s.Values[last], nan)
		}
		s = s.rewritten(name + "(" + s.Name + ")")
		s.Values = values
		return s, nil
	})
}

// gapLimit returns the argument "limit".
func (c *Call) gapLimit() (float64, error) {
	if f, ok := asFloat(c.value("limit")); ok && math.IsInf(f, 1) {
		return f, nil
	}
	v, err := c.number("limit")
	limit, _ := asFloat(v)
	return limit, err
}

var isNonNull = &Spec{
	Name:    "isNonNull",
	Aliases: []string{"isNotNull"}, // carbonapi's
	Group:   Transform,
	Doc: `Returns 1 where a series has a value and 0 where it has none.

Example::

  &target=isNonNull(web.a.cpu)`,
	Params: []Param{seriesList},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		values, err := c.makeValues(int64(len(s.Values)))
		for i := range values {
			if v := s.Values[i]; v == v {
				values[i] = 1
			}
		}
		s = s.rewritten("isNonNull("+s.Name+")").tagged("isNonNull", "1")
		s.Values = values
		return s, err
	}),
}

var transformNull = &Spec{
	Name:  "transformNull",
	Group: Transform,
	Doc: `Replaces missing values with a default. With referenceSeries, only those
at times at which one of the reference series has a value.

Example::

  &target=transformNull(web.a.requests,-1)`,
	Params: []Param{
		seriesList,
		{Name: "default", Type: Float, Default: 0},
		{Name: "referenceSeries", Type: SeriesList},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		if !c.Has("default") {
			return nil, c.errorf("default", "must be a number, not none")
		}
		references, err := c.Series(ctx, "referenceSeries")
		if err != nil {
			return nil, err
		}
		defaults, err := c.defaults(ctx, references)
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			name := "transformNull(" + s.Name + "," + formatG(c.Float("default"))
			values, err := c.makeValues(int64(max(len(s.Values), len(defaults))))
			if err != nil {
				return s, err
			}
			for i := range values {
				values[i] = nan
				if i < len(s.Values) {
					values[i] = s.Values[i]
				}
				switch {
				case values[i] == values[i]:
				case len(defaults) == 0:
					values[i] = c.Float("default")
				case i < len(defaults):
					values[i] = defaults[i]
				}
			}
			s = s.tagged("transformNull", c.Text("default"))
			if len(references) > 0 {
				name += ",referenceSeries"
				s = s.tagged("referenceSeries", "1")
			}
			s = s.rewritten(name + ")")
			// As in graphite-web, if the references are longer, the last values are kept.
			s.Values = values[len(values)-len(s.Values):]
			return s, nil
		})
	},
}

// defaults returns the replacements for missing values: the default at times at which a
// reference has a value, else NaN. Without references it returns no values.
func (c *Call) defaults(ctx context.Context, references []Series) ([]float64, error) {
	length := 0
	for _, s := range references {
		length = max(length, len(s.Values))
	}
	defaults, err := c.makeValues(int64(length))
	for i := range defaults {
		defaults[i] = nan
	}
	for _, s := range references {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, v := range s.Values {
			if v == v {
				defaults[i] = c.Float("default")
			}
		}
	}
	return defaults, err
}

var compressPeriodicGaps = &Spec{
	Name:  "compressPeriodicGaps",
	Group: Transform,
	Doc: `If a series has a value only every few steps, makes that distance its step,
so that the gaps disappear. The first three values must have the same distance.

Example::

  &target=compressPeriodicGaps(web.a.cpu)`,
	Params: []Param{seriesList},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		s = s.rewritten("compressPeriodicGaps(" + s.Name + ")")
		first, period := period(s.Values)
		if period == 0 {
			return s, nil
		}
		start, interval := s.Start+int64(first)*s.Step, int64(period)*s.Step
		values, _, err := c.summarize(s, aggregate.Last, interval, start, s.End)
		s = s.derived(s.Name, values)
		s.Start, s.Step = start, interval
		s.End = start + interval*int64(len(values)-1)
		return s, err
	}),
}

// period returns the index of the first value and the distance of the first three values.
// The period is 0 unless they are equally spaced and have gaps between them. As in
// graphite-web, 0 counts as missing here.
func period(values []float64) (first, period int) {
	known := func(i int) bool { return values[i] == values[i] && values[i] != 0 }
	first = -1
	for i := range values {
		switch {
		case !known(i):
		case first < 0:
			first = i
		default:
			period = i - first
			third := i + period
			if period > 1 && third <= len(values)-2 && known(third) &&
				values[third-1] != values[third-1] && values[third+1] != values[third+1] {
				return first, period
			}
			return first, 0
		}
	}
	return first, 0
}
