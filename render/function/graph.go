package function

import "context"

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
	Params: []Param{seriesList, {Name: "width", Type: Float, Takes: literal, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		s.Style.LineWidth = c.drawn("width")
		return s
	}),
}

var alpha = &Spec{
	Name:  "alpha",
	Group: Graph,
	Doc: `Draws series with an opacity, from 0 for invisible to 1.

Example::

  &target=alpha(web.a.cpu,0.5)`,
	Params: []Param{seriesList, {Name: "alpha", Type: Float, Takes: literal, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		s.Style.Alpha = c.drawn("alpha")
		return s
	}),
}

// drawn returns a number that only says how a series is drawn. As in graphite-web
// data come without a look at it; what is no number draws as if nothing were said.
func (c *Call) drawn(param string) *float64 {
	if f, ok := asFloat(c.value(param)); ok {
		return &f
	}
	return nil
}

var dashed = &Spec{
	Name:  "dashed",
	Group: Graph,
	Doc: `Draws series as lines of dashes, as long in pixels as the gaps between them.

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
	Doc: `Draws a vertical line wherever a series is above 0, for what happens now and
then, such as deployments.

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
	Doc: `Draws series against the axis on the right.

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
	Doc: `Draws the area between two series: the lower one first, then the upper.

Example::

  &target=areaBetween(group(web.a.cpu,web.b.cpu))`,
	Params: []Param{seriesList},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		if len(series) != 2 {
			return nil, c.errorf("seriesList", "must be two series, the lower and the upper, not %d", len(series))
		}
		// As in graphite-web the lower one goes by the tags of the upper.
		upper := series[1].renamed("areaBetween("+series[1].Path+")").tagged("areaBetween", "1")
		upper.Style.Stacked = true
		lower := series[0].renamed(upper.Name)
		lower.Tags = upper.Tags
		lower.Style.Stacked, lower.Style.Invisible = true, true
		return []Series{lower, upper}, nil
	},
}

// defaultStack is the stack of those who name none.
const defaultStack = "__DEFAULT__"

var stacked = &Spec{
	Name:  "stacked",
	Group: Graph,
	Doc: `Draws each series as an area on top of those before it, also of those that other
targets of the request put on the same stack. Stacks with a name are apart from
each other, and leave the names of series as they are.

Example::

  &target=stacked(web.*.cpu,"cpu")`,
	Params: []Param{
		{Name: "seriesList", Type: SeriesList, Required: true, Signature: "seriesLists"},
		{Name: "stack", Type: String, Signature: "stackName='" + defaultStack + "'"},
	},
	Lasting: true,
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
			// As in graphite-web stacks go by the number of a point, not by its time.
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
