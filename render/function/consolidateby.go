package function

import "context"

var setXFilesFactor = &Spec{
	Name:    "setXFilesFactor",
	Aliases: []string{"xFilesFactor"},
	Group:   Special,
	Doc: `Sets the share of known points, 0 to 1, that it takes to make one point of
several. It holds for these series and for all that come after them in the
request.

Example::

  &target=summarize(setXFilesFactor(web.a.requests,0.5),"1h")`,
	Params:  []Param{seriesList, {Name: "xFilesFactor", Type: Float, Takes: Any, Required: true}},
	Lasting: true,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		// As in graphite-web the tag shows anything. With what is no number nothing
		// can be made one; there it fails then.
		factor, shown := nan, c.Text("xFilesFactor")
		switch v := c.value("xFilesFactor").(type) {
		case *Node, []Series:
			return nil, c.errorf("xFilesFactor", "must be a number, not series (quote it if it is a word)")
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
	Doc: `Says that several points are made one by adding them up where there is no
room for all of them, as consolidateBy with "sum".

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
	Doc: `Says how several points are made one where there is no room for all of
them. The average is what happens else.

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
