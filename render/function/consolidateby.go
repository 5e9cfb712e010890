package function

import "context"

var setXFilesFactor = &Spec{
	Name:    "setXFilesFactor",
	Aliases: []string{"xFilesFactor"},
	Group:   Special,
	Doc: `Sets the fraction of values, from 0 to 1, that must be present when
several values are combined into one. It applies to these series and to everything
that is evaluated after them in the request.

Example::

  &target=summarize(setXFilesFactor(web.a.requests,0.5),"1h")`,
	Params:   []Param{seriesList, {Name: "xFilesFactor", Type: Float, Takes: Any, Required: true}},
	Stateful: true,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		// As in graphite-web, anything is accepted and shown in the tag. With anything but
		// a number, consolidated values are missing; graphite-web fails then.
		factor, shown := nan, c.Text("xFilesFactor")
		switch v := c.value("xFilesFactor").(type) {
		case *Node, []Series:
			return nil, c.errorf("xFilesFactor", "must be a number, not a series: quote it if it is a string")
		default:
			if f, ok := asFloat(v); ok {
				factor, shown = f, repr(f)
			}
		}
		c.Env.XFilesFactor = factor
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			s.XFilesFactor = factor
			return s.tagged("xFilesFactor", shown), nil
		})
	},
}

var cumulative = &Spec{
	Name:  "cumulative",
	Group: Special,
	Doc: `Adds up values when a series has more of them than the graph has room for.
This is the same as consolidateBy with "sum".

Example::

  &target=cumulative(web.a.requests)`,
	Params: []Param{seriesList},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.Apply(ctx, consolidateBy, series, "sum")
	},
}

var consolidateBy = &Spec{
	Name:  "consolidateBy",
	Group: Special,
	Doc: `Sets the function that combines several values into one when a series has
more values than the graph has room for. The default is average.

Example::

  &target=consolidateBy(web.a.requests,"max")`,
	Params: []Param{seriesList, {Name: "consolidationFunc", Type: String, Required: true, Options: []any{
		"sum", "average", "avg", "avg_zero", "min", "max", "first", "last",
	}}},
	Eval: mark(func(c *Call, s Series) Series {
		name := c.Text("consolidationFunc")
		s = s.rewritten(`consolidateBy(`+s.Name+`,"`+name+`")`).tagged("consolidateBy", name)
		s.Consolidation = name
		return s
	}),
}
