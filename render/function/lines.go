package function

import (
	"context"
	"time"

	"carbon/attime"
)

var constantLine = &Spec{
	Name:  "constantLine",
	Group: Special,
	Doc: `Draws a horizontal line at a value.

Example::

  &target=constantLine(99.5)`,
	Params: []Param{{Name: "value", Type: Float, Takes: literal, Required: true}},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		return []Series{c.horizontal("value")}, nil
	},
}

var threshold = &Spec{
	Name:  "threshold",
	Group: Graph,
	Doc: `Draws a horizontal line at a value, with an optional name and color.

Example::

  &target=threshold(90,"too much","red")`,
	Params: []Param{
		{Name: "value", Type: Float, Takes: literal, Required: true},
		{Name: "label", Type: String},
		{Name: "color", Type: String},
	},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		s := c.horizontal("value")
		if label := c.value("label"); isTrue(label) {
			s = s.renamed(text(label))
			_, isString := label.(string)
			s.Bare = !isString
		}
		if color := c.value("color"); isTrue(color) {
			s.Style.Color = text(color)
		}
		return []Series{s}, nil
	},
}

// isTrue returns the truth value of v in Python.
func isTrue(v Value) bool {
	s, isString := v.(string)
	return isString && s != "" || !isString && toBool(v)
}

// horizontal returns a line at the value of an argument. As in graphite-web the value may
// be a string; such a line has no values to draw.
func (c *Call) horizontal(param string) Series {
	v := c.value(param)
	if f, ok := asFloat(v); ok {
		return c.line(repr(f), f)
	}
	s := c.line(text(v), nan)
	s.Word, _ = v.(string)
	return s
}

// line returns a horizontal line.
func (c *Call) line(name string, v float64) Series {
	w := c.Window
	s := newSeries(name, w.From, w.Until, (w.Until-w.From)/2, []float64{v, v, v})
	s.Path = "constantLine(" + name + ")"
	s.XFilesFactor = c.XFilesFactor
	return s
}

var verticalLine = &Spec{
	Name:  "verticalLine",
	Group: Graph,
	Doc: `Draws a vertical line at a time, in the formats of from and until, with an
optional name and color. The time must be within the time range of the graph.

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
		t := c.wallClock(at.Unix())
		if t < c.wallClock(c.Window.From) || t > c.wallClock(c.Window.Until) {
			return nil, c.errorf("ts", "%s is not in the time range of the graph", c.Text("ts"))
		}
		s := c.generated("label", t, t, 1, []float64{1, 1})
		s.Style.DrawAsInfinite = true
		if color := c.value("color"); isTrue(color) {
			s.Style.Color = text(color)
		}
		return []Series{s}, nil
	},
}

// generated returns a series that is not derived from others, named by an argument.
func (c *Call) generated(name string, start, end, step int64, values []float64) Series {
	s := newSeries(c.Text(name), start, end, step, values)
	_, isString := c.value(name).(string)
	s.Bare = !isString
	s.XFilesFactor = c.XFilesFactor
	return s
}

var aggregateLine = &Spec{
	Name:  "aggregateLine",
	Group: Calculate,
	Doc: `Draws a horizontal line for each series, at the value that an aggregation
function returns for all its values. The line has three values; with keepStep it has
as many as the series.

Example::

  &target=aggregateLine(web.a.cpu,"max")`,
	Params: []Param{
		seriesList,
		{Name: "func", Type: AggFunc, Default: "average"},
		{Name: "keepStep", Type: Boolean, Default: false},
	},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		f, err := c.AggFunc("func")
		if err != nil {
			return s, err
		}
		v := f(s.Values)
		shown := "None"
		if v == v {
			shown = formatG(v)
		}
		name := "aggregateLine(" + s.Name + ", " + shown + ")"
		if !c.Bool("keepStep") {
			if v == v && c.Text("func") != "count" { // which is an integer in Python
				shown = repr(v)
			}
			return c.line(shown, v).rewritten(name), nil
		}
		values, err := c.makeValues(int64(len(s.Values)))
		for i := range values {
			values[i] = v
		}
		return s.derived(name, values), err
	}),
}
