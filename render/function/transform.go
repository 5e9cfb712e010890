package function

import "math"

// transformRows are the functions that change the values of each series.
var transformRows = []*Spec{
	hitcount, integral, offset, perSecond, scale, smartSummarize, summarize, timeShift,
}

var scale = &Spec{
	Name:  "scale",
	Group: Transform,
	Doc: `Multiplies each point by the factor.

Example::

  &target=scale(web.a.cpu,0.01)`,
	Params: []Param{seriesList, {Name: "factor", Type: Float, Required: true}},
	Eval: each(func(c *Call, s Series) (Series, func(float64) float64) {
		k := c.Float("factor")
		s = s.rewritten("scale("+s.Name+","+formatG(k)+")").tagged("scale", c.Text("factor"))
		return s, func(v float64) float64 { return v * k }
	}),
}

var offset = &Spec{
	Name:  "offset",
	Group: Transform,
	Doc: `Adds the factor to each point.

Example::

  &target=offset(web.a.cpu,-1)`,
	Params: []Param{seriesList, {Name: "factor", Type: Float, Required: true}},
	Eval: each(func(c *Call, s Series) (Series, func(float64) float64) {
		k := c.Float("factor")
		s = s.rewritten("offset("+s.Name+","+formatG(k)+")").tagged("offset", c.Text("factor"))
		return s, func(v float64) float64 { return v + k }
	}),
}

var integral = &Spec{
	Name:  "integral",
	Group: Transform,
	Doc: `Shows the sum of all points so far.

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

var perSecond = &Spec{
	Name:  "perSecond",
	Group: Transform,
	Doc: `Shows by how much a counter grew, per second. Where it fell there is no
point, unless maxValue says where it wraps around or minValue where it begins;
points beyond those count as missing.

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

// counter returns a function that is told the readings of a counter in turn, and
// says by how much it grew, NaN if that cannot be known. The call has the
// parameters maxValue and minValue.
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
