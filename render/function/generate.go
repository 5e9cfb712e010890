package function

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"
)

var timeFunction = &Spec{
	Name:    "timeFunction",
	Aliases: []string{"time"},
	Group:   Transform,
	Doc: `Returns the time itself, in seconds since 1970. step is the distance of
values in seconds.

Example::

  &target=timeFunction("now",60)`,
	Params: []Param{
		{Name: "name", Type: String, Required: true},
		everyStep,
	},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		values, step, err := c.everyStep()
		if err != nil {
			return nil, err
		}
		start := c.wallClock(c.Window.From)
		for i := range values {
			values[i] = math.Floor(float64(start) + float64(i)*step)
		}
		return []Series{c.generated("name", start, c.wallClock(c.Window.Until), int64(step), values)}, nil
	},
}

var sinFunction = &Spec{
	Name:    "sinFunction",
	Aliases: []string{"sin"},
	Group:   Transform,
	Doc: `Returns the sine of the time in seconds, multiplied by amplitude. step is
the distance of values in seconds.

Example::

  &target=sinFunction("wave",2)`,
	Params: []Param{
		{Name: "name", Type: String, Required: true},
		{Name: "amplitude", Type: Integer, Takes: literal, Default: 1},
		everyStep,
	},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		amplitude, err := c.number("amplitude")
		if err != nil {
			return nil, err
		}
		values, step, err := c.everyStep()
		if err != nil {
			return nil, err
		}
		factor, _ := asFloat(amplitude)
		start := c.wallClock(c.Window.From)
		for i := range values {
			values[i] = math.Sin(math.Floor(float64(start)+float64(i)*step)) * factor
		}
		return []Series{c.generated("name", c.Window.From, c.Window.Until, int64(step), values)}, nil
	},
}

var randomWalkFunction = &Spec{
	Name:    "randomWalkFunction",
	Aliases: []string{"randomWalk"},
	Group:   Special,
	Doc: `Returns a random walk that starts at 0 and changes by less than 0.5 at
each step. step is in seconds. The walk is the same for all requests with the same
name and the same current time.

Example::

  &target=randomWalkFunction("drunk",60)`,
	Params: []Param{
		{Name: "name", Type: String, Required: true},
		everyStep,
	},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		values, step, err := c.everyStep()
		if err != nil {
			return nil, err
		}
		name := fnv.New64a()
		name.Write([]byte(c.Text("name")))
		random := rand.New(rand.NewPCG(uint64(c.Now), name.Sum64()))
		at := 0.0
		for i := range values {
			values[i] = at
			at += random.Float64() - 0.5
		}
		return []Series{c.generated("name", c.Window.From, c.Window.Until, int64(step), values)}, nil
	},
}

var everyStep = Param{Name: "step", Type: Integer, Takes: literal, Default: 60}

// everyStep allocates a value for every "step" seconds of the window.
func (c *Call) everyStep() (values []float64, step float64, err error) {
	v, err := c.number("step")
	if err != nil {
		return nil, 0, err
	}
	step, _ = asFloat(v)
	if !(step >= 1) {
		return nil, 0, c.errorf("step", "must be 1 or more, not %s", text(v))
	}
	step = min(step, maxStep)
	values, err = c.makeValues(int64(math.Ceil(float64(c.Window.Until-c.Window.From) / step)))
	return values, step, err
}

// maxStep is longer than any window, and short enough to avoid overflows.
const maxStep = 1 << 40

var identity = &Spec{
	Name:  "identity",
	Group: Calculate,
	Doc: `Returns the time itself, in seconds since 1970, with one value per minute.

Example::

  &target=identity("now")`,
	Params: []Param{{Name: "name", Type: String, Required: true}},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		w := c.Window
		values, err := c.makeValues((w.Until - w.From + minute - 1) / minute)
		for i := range values {
			values[i] = float64(w.From + int64(i)*minute)
		}
		s := newSeries(c.Text("name"), w.From, w.Until, minute, values)
		s.Path = `identity("` + c.Text("name") + `")`
		s.XFilesFactor = c.XFilesFactor
		_, isString := c.value("name").(string)
		s.Bare = !isString
		return []Series{s}, err
	},
}
