package function

import "context"

var color = &Spec{
	Name:  "color",
	Group: Graph,
	Doc: `Draws series in a color, given by name, as RRGGBB or as RRGGBBAA.

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
	Doc: `Draws series with lines of the given width in pixels.

Example::

  &target=lineWidth(web.a.cpu,2.5)`,
	Params: []Param{seriesList, {Name: "width", Type: Float, Takes: literal, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		s.Style.LineWidth = c.drawn("width")
		return s
	}),
}

var alpha = &Spec{
	Name:  "alpha",
	Group: Graph,
	Doc: `Draws series with the given opacity, from 0 (invisible) to 1 (opaque).

Example::

  &target=alpha(web.a.cpu,0.5)`,
	Params: []Param{seriesList, {Name: "alpha", Type: Float, Takes: literal, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		s.Style.Alpha = c.drawn("alpha")
		return s
	}),
}

// drawn returns an argument that affects only pictures. As in graphite-web it is not
// checked for other formats; anything that is not a number is ignored.
func (c *Call) drawn(param string) *float64 {
	if f, ok := asFloat(c.value(param)); ok {
		return &f
	}
	return nil
}

var dashed = &Spec{
	Name:  "dashed",
	Group: Graph,
	Doc: `Draws series as dashed lines. dashLength is the length of dashes and of
gaps in pixels.

Example::

  &target=dashed(web.a.cpu,2.5)`,
	Params: []Param{seriesList, {Name: "dashLength", Type: Integer, Takes: literal, Default: 5}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		length, err := c.number("dashLength")
		if err != nil {
			return s, err
		}
		f, _ := asFloat(length)
		s = s.renamed("dashed("+s.Name+", "+formatG(f)+")").tagged("dashed", text(length))
		s.Style.Dashed = &f
		return s, nil
	}),
}

var drawAsInfinite = &Spec{
	Name:  "drawAsInfinite",
	Group: Graph,
	Doc: `Draws a vertical line at each time at which a series is above 0, as for
events such as deployments.

Example::

  &target=drawAsInfinite(web.a.cpu)`,
	Params: []Param{seriesList},
	Eval: mark(func(_ *Call, s Series) Series {
		s = s.renamed("drawAsInfinite("+s.Name+")").tagged("drawAsInfinite", "1")
		s.Style.DrawAsInfinite = true
		return s
	}),
}

var secondYAxis = &Spec{
	Name:  "secondYAxis",
	Group: Graph,
	Doc: `Draws series on a second y axis, at the right.

Example::

  &target=secondYAxis(web.a.cpu)`,
	Params: []Param{seriesList},
	Eval: mark(func(_ *Call, s Series) Series {
		s = s.renamed("secondYAxis("+s.Name+")").tagged("secondYAxis", "1")
		s.Style.SecondYAxis = true
		return s
	}),
}

var areaBetween = &Spec{
	Name:  "areaBetween",
	Group: Graph,
	Doc: `Draws the area between two series. The lower one comes first.

Example::

  &target=areaBetween(group(web.a.cpu,web.b.cpu))`,
	Params: []Param{seriesList},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		if len(series) != 2 {
			return nil, c.errorf("seriesList", "must be two series, first the lower and then the upper, not %d", len(series))
		}
		// As in graphite-web the lower series has the tags of the upper one.
		upper := series[1].renamed("areaBetween("+series[1].Path+")").tagged("areaBetween", "1")
		upper.Style.Stacked = true
		lower := series[0].renamed(upper.Name)
		lower.Tags = upper.Tags
		lower.Style.Stacked, lower.Style.Invisible = true, true
		return []Series{lower, upper}, nil
	},
}

// defaultStack is the stack of calls without a stack name.
const defaultStack = "__DEFAULT__"

var stacked = &Spec{
	Name:  "stacked",
	Group: Graph,
	Doc: `Draws series as areas on top of each other and of all series that other
targets of the request put on the same stack. With a stack name, the series keep their
names.

Example::

  &target=stacked(web.*.cpu,"cpu")`,
	Params: []Param{
		{Name: "seriesList", Type: SeriesList, Required: true, Signature: "seriesLists"},
		{Name: "stack", Type: String, Signature: "stackName='" + defaultStack + "'"},
	},
	Stateful: true,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		name := Value(defaultStack)
		if given := c.values("stack"); len(given) > 0 {
			name = given[0]
		}
		stack := c.Stacks[name]
		results, err := c.eachSeries(ctx, series, func(s Series) (Series, error) {
			values, err := c.makeValues(int64(len(s.Values)))
			if err != nil {
				return s, err
			}
			// As in graphite-web values are stacked by position, not by time.
			if missing := len(s.Values) - len(stack); missing > 0 {
				more, err := c.makeValues(int64(missing))
				if err != nil {
					return s, err
				}
				stack = append(stack, more...)
			}
			for i, v := range s.Values {
				if v == v {
					stack[i] += v
					v = stack[i]
				}
				values[i] = v
			}
			result := s.derived(s.Name, values)
			result.Bare = s.Bare
			if name == defaultStack {
				result = s.derived("stacked("+s.Name+")", values).tagged("stacked", defaultStack)
			}
			result.Style.Stacked = true
			return result, nil
		})
		c.Stacks[name] = stack
		return results, err
	},
}
