package function

import (
	"context"
	"time"

	"carbon/metric"
)

// Env is what the calls of a request share.
type Env struct {
	Now          int64 // unix seconds
	Location     *time.Location
	XFilesFactor float64 // of fetched and combined series

	// Hashes are what aliasByHash calls nodes, by key and node. Keys are in lower
	// case.
	Hashes map[string]map[string]string

	// Spend is told how many values a function is about to make, and refuses what
	// is beyond the limit of the request.
	Spend func(values int64) error

	// Evaluate computes an input. It is how functions get at their arguments, and
	// remembers what it computed.
	Evaluate func(ctx context.Context, n *Node, w metric.Window) ([]Series, error)

	// Bind parses and binds another target, for functions that make targets of
	// what their inputs are called.
	Bind func(target string) (*Node, error)

	// Events returns what happened from From to Until, both included, to what has
	// all tags, in order of time. No tags match every event.
	Events func(ctx context.Context, w metric.Window, tags []string) ([]Event, error)

	// Stacks are the sums that stacked has reached, by the name of the stack. They
	// are the only thing that calls change.
	Stacks map[Value][]float64
}

// Event is something that happened.
type Event struct {
	What string
	Data string
	Tags []string
	When int64 // unix seconds
}

// Call is one evaluation of a function: what it was called with, over which
// window. Accessors of arguments panic when the function has no such parameter.
type Call struct {
	*Env
	Window metric.Window // what was asked of the function

	spec  *Spec
	args  [][]Value
	names int64 // spent on names
}

// Call returns the evaluation of a function over a window.
func (n *Node) Call(env *Env, w metric.Window) *Call {
	return &Call{Env: env, Window: w, spec: n.Spec, args: n.args}
}

// Eval computes a node that is no path over a window.
func (n *Node) Eval(ctx context.Context, env *Env, w metric.Window) ([]Series, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := n.Call(env, w)
	series, err := n.Spec.Eval(ctx, c)
	if err == nil {
		var names int64
		for _, s := range series {
			names += nameWeight(s.Name, s.Path)
		}
		err = c.Spend(max(names-c.names, 0))
	}
	return series, placed(err, n.target, n.pos)
}

// EvalLists is Eval for functions that make lists of series. Others make one.
func (n *Node) EvalLists(ctx context.Context, env *Env, w metric.Window) ([][]Series, error) {
	if n.Spec == nil || n.Spec.EvalLists == nil {
		series, err := env.Evaluate(ctx, n, w)
		return [][]Series{series}, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lists, err := n.Spec.EvalLists(ctx, n.Call(env, w))
	return lists, placed(err, n.target, n.pos)
}

// InputWindows returns the windows of the data a node needs for a window.
func (n *Node) InputWindows(env *Env, w metric.Window) []metric.Window {
	switch {
	case n.Spec != nil && n.Spec.Windows != nil:
		return n.Spec.Windows(n.Call(env, w), w)
	case n.Spec != nil && n.Spec.Window != nil:
		w = n.Spec.Window(n.Call(env, w), w)
	}
	return []metric.Window{w}
}

// Series returns the series given for a parameter, in order, over the window
// that the function declares.
func (c *Call) Series(ctx context.Context, param string) ([]Series, error) {
	w := c.Window
	if c.spec.Window != nil {
		w = c.spec.Window(c, w)
	}
	return c.SeriesIn(ctx, param, w)
}

// SeriesLists returns the lists of series given for a parameter, in order. What
// gives no lists, as mapSeries does, gives a list of one series for each.
func (c *Call) SeriesLists(ctx context.Context, param string) ([][]Series, error) {
	var all [][]Series
	for _, v := range c.values(param) {
		switch v := v.(type) {
		case []Series:
			all = append(all, v)
		case *Node:
			lists, err := v.EvalLists(ctx, c.Env, c.Window)
			if err != nil {
				return nil, err
			}
			all = append(all, lists...)
		}
	}
	return all, nil
}

// SeriesIn returns the series given for a parameter over another window: one of
// those that the function declares, or one that only the data can tell, which
// nobody has planned for.
func (c *Call) SeriesIn(ctx context.Context, param string, w metric.Window) ([]Series, error) {
	var all []Series
	values := c.values(param)
	for _, v := range values {
		series, _ := v.([]Series)
		if n, ok := v.(*Node); ok {
			var err error
			if series, err = c.Evaluate(ctx, n, w); err != nil {
				return nil, err
			}
		}
		if len(values) == 1 {
			return series, nil
		}
		all = append(all, series...)
	}
	return all, nil
}

// Apply calls another function on series that are already there.
func (c *Call) Apply(ctx context.Context, s *Spec, series []Series, args ...Value) ([]Series, error) {
	n, err := bind(s, s.Name, append([]Value{series}, args...), nil)
	if err != nil {
		return nil, err
	}
	return n.Eval(ctx, c.Env, c.Window)
}

// makeValues returns room for n new values, unless the request has no room for
// so many. All values that a function makes are to come from here.
func (c *Call) makeValues(n int64) ([]float64, error) {
	n = max(n, 0)
	if err := c.Spend(n); err != nil {
		return nil, err
	}
	return make([]float64, n), nil
}

// nameWeight returns how many values take as much memory as names: 0 if they are
// short, which those who count series have thought of.
func nameWeight(name, path string) int64 {
	const short, perValue = 256, 8
	bytes := len(name)
	if path != name {
		bytes += len(path)
	}
	return int64(max(bytes-short, 0) / perValue)
}

// spendName counts a name, and perhaps another, right when it is made. All names
// of results count in the end; this is for what makes far longer ones of those it
// was given, or of its arguments.
func (c *Call) spendName(name, path string) error {
	weight := nameWeight(name, path)
	if weight == 0 {
		return nil
	}
	c.names += weight
	return c.Spend(weight)
}

// single returns the series given for a parameter that takes only one. There
// may be none.
func (c *Call) single(ctx context.Context, param string) (s Series, ok bool, err error) {
	series, err := c.Series(ctx, param)
	switch {
	case err != nil || len(series) == 0:
		return s, false, err
	case len(series) > 1:
		return s, false, c.errorf(param, "must be one series, not %d", len(series))
	}
	return series[0], true, nil
}

// evaluateTarget computes a target that an argument made.
func (c *Call) evaluateTarget(ctx context.Context, target string) ([]Series, error) {
	node, err := c.Bind(target)
	if err != nil {
		return nil, err
	}
	return c.Evaluate(ctx, node, c.Window)
}
