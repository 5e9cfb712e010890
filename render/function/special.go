package function

import (
	"context"
	"time"

	"carbon/attime"
)

// specialRows are the functions that fit nowhere else.
var specialRows = []*Spec{
	consolidateBy, constantLine, seriesByTag, timeFunction,
}

// seriesByTag is a path expression rather than a call: the binder makes it one.
var seriesByTag = &Spec{
	Name:  "seriesByTag",
	Group: Special,
	Doc: `Shows the series whose tags match all expressions: tag=value, tag!=value,
tag=~regex or tag!=~regex, where a regex must match from the beginning.

Example::

  &target=seriesByTag("name=cpu","host=~web.*")`,
	Params: []Param{{Name: "tagExpressions", Type: String, Required: true, Multiple: true}},
}

var constantLine = &Spec{
	Name:  "constantLine",
	Group: Special,
	Doc: `Draws a horizontal line at the value.

Example::

  &target=constantLine(99.5)`,
	Params: []Param{{Name: "value", Type: Float, Required: true}},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		return []Series{c.line(c.Text("value"), c.Float("value"))}, nil
	},
}

// line returns a horizontal line.
func (c *Call) line(name string, v float64) Series {
	w := c.Window
	s := newSeries(name, w.From, w.Until, (w.Until-w.From)/2, []float64{v, v, v})
	s.Path = "constantLine(" + name + ")"
	s.XFilesFactor = c.XFilesFactor
	return s
}

var timeFunction = &Spec{
	Name:    "timeFunction",
	Aliases: []string{"time"},
	Group:   Transform,
	Doc: `Shows the time itself, in seconds since 1970, every step seconds.

Example::

  &target=timeFunction("now",60)`,
	Params: []Param{
		{Name: "name", Type: String, Required: true},
		{Name: "step", Type: Integer, Default: 60},
	},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		step, w := c.Int("step"), c.Window
		if step <= 0 {
			return nil, c.errorf("step", "must be above 0, not %d", step)
		}
		values, err := c.makeValues((w.Until - w.From + step - 1) / step)
		if err != nil {
			return nil, err
		}
		start := c.wallClock(w.From)
		for i := range values {
			values[i] = float64(start + int64(i)*step)
		}
		s := newSeries(c.Text("name"), start, c.wallClock(w.Until), step, values)
		s.XFilesFactor = c.XFilesFactor
		return []Series{s}, nil
	},
}

var verticalLine = &Spec{
	Name:  "verticalLine",
	Group: Graph,
	Doc: `Draws a vertical line at a time, which may be anything that from and until
may be.

Example::

  &target=verticalLine("-2min","deployed","blue")`,
	Params: []Param{
		{Name: "ts", Type: Date, Required: true},
		{Name: "label", Type: String},
		{Name: "color", Type: String},
	},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		at, err := attime.Parse(c.Text("ts"), time.Unix(c.Now, 0).In(c.Location))
		if err != nil {
			return nil, c.errorf("ts", "%v", err)
		}
		if at.Unix() < c.Window.From || at.Unix() > c.Window.Until {
			return nil, c.errorf("ts", "%s is not in the range of the graph", c.Text("ts"))
		}
		t := c.wallClock(at.Unix())
		s := newSeries(c.Text("label"), t, t, 1, []float64{1, 1})
		s.Bare = !c.Has("label")
		s.XFilesFactor = c.XFilesFactor
		s.Style.DrawAsInfinite = true
		s.Style.Color = c.String("color")
		return []Series{s}, nil
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
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		name := c.Text("consolidationFunc")
		if _, ok := consolidations[name]; !ok || name == "" {
			return s, c.errorf("consolidationFunc", "unknown consolidation function %q", name)
		}
		s = s.rewritten(`consolidateBy(`+s.Name+`,"`+name+`")`).tagged("consolidateBy", name)
		s.Consolidation = name
		return s, nil
	}),
}
