package function

// graphRows are the functions that say how series are drawn.
var graphRows = []*Spec{
	alpha, color, lineWidth, verticalLine,
}

var color = &Spec{
	Name:  "color",
	Group: Graph,
	Doc: `Draws series in a colour, given by name or as RRGGBB or RRGGBBAA.

Example::

  &target=color(web.a.cpu,"ff8800")`,
	Params: []Param{seriesList, {Name: "theColor", Type: String, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		s.Style.Color = c.Text("theColor")
		return s
	}),
}

var lineWidth = &Spec{
	Name:  "lineWidth",
	Group: Graph,
	Doc: `Draws series with lines of a width in pixels.

Example::

  &target=lineWidth(web.a.cpu,2.5)`,
	Params: []Param{seriesList, {Name: "width", Type: Float, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		width := c.Float("width")
		s.Style.LineWidth = &width
		return s
	}),
}

var alpha = &Spec{
	Name:  "alpha",
	Group: Graph,
	Doc: `Draws series with an opacity, from 0 for invisible to 1.

Example::

  &target=alpha(web.a.cpu,0.5)`,
	Params: []Param{seriesList, {Name: "alpha", Type: Float, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		opacity := c.Float("alpha")
		s.Style.Alpha = &opacity
		return s
	}),
}
