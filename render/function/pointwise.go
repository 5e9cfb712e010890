package function

import (
	"math"

	"carbon/aggregate"
)

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

var add = &Spec{
	Name:  "add",
	Group: Transform,
	Doc: `Adds the constant to each point. The name shows only its whole part.

Example::

  &target=add(web.a.cpu,10)`,
	Params: []Param{seriesList, {Name: "constant", Type: Float, Required: true}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		k := c.Float("constant")
		shown, err := c.whole("constant")
		if err != nil {
			return s, err
		}
		s = s.rewritten("add("+s.Name+","+shown+")").tagged("add", repr(k))
		return c.pointwise(s, func(v float64) float64 { return v + k })
	}),
}

// pointwise returns the series with each known value put through a function.
func (c *Call) pointwise(s Series, point func(float64) float64) (Series, error) {
	values, err := c.makeValues(int64(len(s.Values)))
	for i := range values {
		v := s.Values[i]
		if v == v {
			v = point(v)
		}
		values[i] = v
	}
	s.Values = values
	return s, err
}

// plain makes a function that puts each known value through another, and says so
// in a tag.
func plain(name, tag, doc string, point func(v float64) float64) *Spec {
	return &Spec{
		Name:   name,
		Group:  Transform,
		Doc:    doc,
		Params: []Param{seriesList},
		Eval: each(func(_ *Call, s Series) (Series, func(float64) float64) {
			return s.rewritten(name+"("+s.Name+")").tagged(name, tag), point
		}),
	}
}

var absolute = plain("absolute", "1", `Takes the sign off each point.

Example::

  &target=absolute(web.a.cpu)`, math.Abs)

var invert = plain("invert", "1", `Shows 1 divided by each point; there is nothing where that is 0.

Example::

  &target=invert(web.a.cpu)`, func(v float64) float64 { return power(v, -1) })

var squareRoot = plain("squareRoot", "1", `Shows the square root of each point; points below 0 have none.

Example::

  &target=squareRoot(web.a.cpu)`, func(v float64) float64 { return power(v, 0.5) })

// graphite-web fails where the result is beyond all numbers.
var exp = plain("exp", "e", `Raises e to the power of each point.

Example::

  &target=exp(web.a.cpu)`, func(v float64) float64 {
	e := math.Exp(v)
	if math.IsInf(e, 1) && !math.IsInf(v, 1) {
		return nan
	}
	return e
})

var sigmoid = plain("sigmoid", "sigmoid", `Maps each point to between 0 and 1 by the logistic function, 0 to a half.

Example::

  &target=sigmoid(web.a.cpu)`, func(v float64) float64 { return 1 / (1 + math.Exp(-v)) })

var logit = plain("logit", "logit", `Shows the logarithm of the odds of each point: of 0.8 that of 4. There is
nothing where a point is not between 0 and 1.

Example::

  &target=logit(web.a.cpu)`, func(v float64) float64 {
	if odds := v / (1 - v); odds > 0 && v != 1 {
		return math.Log(odds)
	}
	return nan
})

var pow = &Spec{
	Name:  "pow",
	Group: Transform,
	Doc: `Raises each point to the power of the factor; there is nothing where that
cannot be done.

Example::

  &target=pow(web.a.cpu,2)`,
	Params: []Param{seriesList, {Name: "factor", Type: Float, Required: true}},
	Eval: each(func(c *Call, s Series) (Series, func(float64) float64) {
		k := c.Float("factor")
		s = s.rewritten("pow("+s.Name+","+formatG(k)+")").tagged("pow", c.Text("factor"))
		return s, func(v float64) float64 { return power(v, k) }
	}),
}

var log = &Spec{
	Name:  "log",
	Group: Transform,
	Doc: `Shows the logarithm of each point, to a base; there is none where a point is
not above 0.

Example::

  &target=log(web.a.cpu,2)`,
	Params: []Param{seriesList, {Name: "base", Type: Integer, Takes: Any, Default: 10}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		given, err := c.number("base")
		if err != nil {
			return s, err
		}
		base, _ := asFloat(given)
		shown := text(given)
		if base <= 0 || base == 1 {
			return s, c.errorf("base", "must be above 0, and not 1")
		}
		scale := math.Log(base)
		s = s.derived("log("+s.Name+", "+shown+")", s.Values).tagged("log", shown)
		return c.pointwise(s, func(v float64) float64 {
			if v <= 0 {
				return nan
			}
			return math.Log(v) / scale
		})
	}),
}

var round = &Spec{
	Name:  "round",
	Group: Transform,
	Doc: `Rounds each point to so many decimals: to none if nothing else is said, to
tens with -1. What is halfway goes to the even digit.

Example::

  &target=round(web.a.cpu,1)`,
	Params: []Param{seriesList, {Name: "precision", Type: Integer, Default: 0, Signature: "precision=None"}},
	Eval: each(func(c *Call, s Series) (Series, func(float64) float64) {
		n := c.Int("precision")
		if c.given("precision") {
			s = s.rewritten("round(" + s.Name + "," + formatG(float64(n)) + ")")
		} else {
			s = s.rewritten("round(" + s.Name + ")")
		}
		return s.tagged("round", text(n)), func(v float64) float64 { return roundDecimal(v, n) }
	}),
}

var scaleToSeconds = &Spec{
	Name:  "scaleToSeconds",
	Group: Transform,
	Doc: `Shows for how much each point would stand if its step were so many seconds:
with 1, what a count per step comes to per second.

Example::

  &target=scaleToSeconds(web.a.requests,1)`,
	Params: []Param{seriesList, {Name: "seconds", Type: Float, Required: true}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		if s.Step <= 0 {
			return s, c.errorf("seriesList", "%q has no step", s.Name)
		}
		shown, err := c.whole("seconds")
		if err != nil {
			return s, err
		}
		k := c.Float("seconds") / float64(s.Step)
		s = s.rewritten("scaleToSeconds("+s.Name+","+shown+")").tagged("scaleToSeconds", c.Text("seconds"))
		return c.pointwise(s, func(v float64) float64 { return round6(v * k) })
	}),
}

var offsetToZero = &Spec{
	Name:  "offsetToZero",
	Group: Transform,
	Doc: `Moves each series so that its lowest point is 0.

Example::

  &target=offsetToZero(web.*.cpu)`,
	Params: []Param{seriesList},
	Eval: each(func(_ *Call, s Series) (Series, func(float64) float64) {
		lowest, shown := aggregate.Min(s.Values), "None"
		if lowest == lowest {
			shown = repr(lowest)
		}
		s = s.rewritten("offsetToZero("+s.Name+")").tagged("offsetToZero", shown)
		return s, func(v float64) float64 { return v - lowest }
	}),
}

var minMax = &Spec{
	Name:  "minMax",
	Group: Transform,
	Doc: `Stretches each series so that its lowest point is 0 and its highest is 1; all
points of a constant one are 0.

Example::

  &target=minMax(web.*.cpu)`,
	Params: []Param{seriesList},
	Eval: each(func(_ *Call, s Series) (Series, func(float64) float64) {
		low := aggregate.Min(s.Values)
		height := aggregate.Max(s.Values) - low
		return s.rewritten("minMax(" + s.Name + ")"), func(v float64) float64 {
			if height == 0 {
				return 0
			}
			return (v - low) / height
		}
	}),
}
