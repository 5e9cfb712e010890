package function

import (
	"math"

	"carbon/aggregate"
)

var scale = &Spec{
	Name:  "scale",
	Group: Transform,
	Doc: `Multiplies each value by a factor.

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
	Doc: `Adds a number to each value. The parameter is called factor, as in
Graphite.

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
	Doc: `Adds a constant to each value. The name of the result shows only the
integer part of the constant.

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
		return c.mapValues(s, func(v float64) float64 { return v + k })
	}),
}

// plain makes a function that maps each value with point and has no parameters but the
// series. The result has a tag with the name of the function.
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

var absolute = plain("absolute", "1", `Returns the absolute value of each value.

Example::

  &target=absolute(web.a.cpu)`, math.Abs)

var invert = plain("invert", "1", `Returns the reciprocal of each value. 0 has
none.

Example::

  &target=invert(web.a.cpu)`, func(v float64) float64 { return power(v, -1) })

var squareRoot = plain("squareRoot", "1", `Returns the square root of each value.
Negative values have none.

Example::

  &target=squareRoot(web.a.cpu)`, func(v float64) float64 { return power(v, 0.5) })

// exp returns no value where graphite-web fails because the result is too large.
var exp = plain("exp", "e", `Returns e to the power of each value.

Example::

  &target=exp(web.a.cpu)`, func(v float64) float64 {
	e := math.Exp(v)
	if math.IsInf(e, 1) && !math.IsInf(v, 1) {
		return nan
	}
	return e
})

var sigmoid = plain("sigmoid", "sigmoid", `Applies the logistic function, 1/(1 +
exp(-x)), to each value. The result is between 0 and 1.

Example::

  &target=sigmoid(web.a.cpu)`, func(v float64) float64 { return 1 / (1 + math.Exp(-v)) })

var logit = plain("logit", "logit", `Returns the log-odds, ln(x/(1 - x)), of each
value. Values that are not between 0 and 1 have none.

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
	Doc: `Raises each value to the power of a factor. There is no result where the
power is not a real number or too large.

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
	Doc: `Returns the logarithm of each value to a base. Values of 0 and below have
none.

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
		return c.mapValues(s, func(v float64) float64 {
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
	Doc: `Rounds each value to precision decimals. Negative numbers round to tens,
hundreds and so on. Halves are rounded to the even digit.

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
	Doc: `Converts values per step into values per the given number of seconds: each
value is divided by the step of the series and multiplied by seconds.

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
		return c.mapValues(s, func(v float64) float64 { return round6(v * k) })
	}),
}

var offsetToZero = &Spec{
	Name:  "offsetToZero",
	Group: Transform,
	Doc: `Subtracts the minimum of each series from its values, so that its lowest
value is 0.

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
	Doc: `Scales each series so that its minimum is 0 and its maximum is 1. All
values of a constant series become 0.

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
