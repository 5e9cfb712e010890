package function

import (
	"context"
	"time"

	"carbon/metric"
)

// Env holds what all calls of a request share.
type Env struct {
	Now          int64 // unix seconds
	Location     *time.Location
	XFilesFactor float64 // of fetched and combined series; setXFilesFactor changes it

	// Hashes holds the names that aliasByHash gives to nodes, by key and node. Keys are
	// in lower case.
	Hashes map[string]map[string]string

	// Spend counts values that a function is about to allocate. It returns an error
	// when the request exceeds its limit.
	Spend func(values int64) error

	// Evaluate returns the series of an input. It caches results within the request.
	Evaluate func(ctx context.Context, n *Node, w metric.Window) ([]Series, error)

	// Bind parses and binds another target, for functions that make targets from the
	// names of series.
	Bind func(target string) (*Node, error)

	// Events returns the events with all the given tags from w.From to w.Until, both
	// included, in order of time. No tags match every event.
	Events func(ctx context.Context, w metric.Window, tags []string) ([]Event, error)

	// Stacks holds the running totals of stacked, by the name of the stack. Calls
	// change them.
	Stacks map[Value][]float64
}

// Event is an entry of the event log.
type Event struct {
	What string
	Data string
	Tags []string
	When int64 // unix seconds
}

// Call is one evaluation of a function over a window. Its methods that return
// arguments panic if the function has no such parameter.
type Call struct {
	*Env
	Window metric.Window // of the result

	spec  *Spec
	args  [][]Value
	names int64 // spent on names, see spendName
}

// Call prepares the evaluation of a function over a window.
func (n *Node) Call(env *Env, w metric.Window) *Call {
	return &Call{Env: env, Window: w, spec: n.Spec, args: n.args}
}

// Eval evaluates a node over a window. The node must be a function.
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
	return series, located(err, n.target, n.pos)
}

// EvalLists evaluates a node that may return several lists of series. Other functions
// return one list.
func (n *Node) EvalLists(ctx context.Context, env *Env, w metric.Window) ([][]Series, error) {
	if n.Spec == nil || n.Spec.EvalLists == nil {
		series, err := env.Evaluate(ctx, n, w)
		return [][]Series{series}, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lists, err := n.Spec.EvalLists(ctx, n.Call(env, w))
	return lists, located(err, n.target, n.pos)
}

// InputWindows returns the windows of the inputs that a node needs for a window.
func (n *Node) InputWindows(env *Env, w metric.Window) []metric.Window {
	switch {
	case n.Spec != nil && n.Spec.Windows != nil:
		return n.Spec.Windows(n.Call(env, w), w)
	case n.Spec != nil && n.Spec.Window != nil:
		w = n.Spec.Window(n.Call(env, w), w)
	}
	return []metric.Window{w}
}

// Series returns the series given for a parameter, in order, over the window that
// Spec.Window declares.
func (c *Call) Series(ctx context.Context, param string) ([]Series, error) {
	w := c.Window
	if c.spec.Window != nil {
		w = c.spec.Window(c, w)
	}
	return c.SeriesIn(ctx, param, w)
}

// SeriesLists returns the lists of series given for a parameter, in order. Only
// mapSeries returns several lists; other expressions count as one.
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

// SeriesIn returns the series given for a parameter over a window. If the window is not
// one that the function declares, its data are fetched now.
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

// Apply calls another function with series that are already evaluated.
func (c *Call) Apply(ctx context.Context, s *Spec, series []Series, args ...Value) ([]Series, error) {
	n, err := bind(s, s.Name, append([]Value{series}, args...), nil)
	if err != nil {
		return nil, err
	}
	return n.Eval(ctx, c.Env, c.Window)
}

// makeValues allocates n values and counts them against the limit of the request.
// Functions must allocate all their values with it.
func (c *Call) makeValues(n int64) ([]float64, error) {
	n = max(n, 0)
	if err := c.Spend(n); err != nil {
		return nil, err
	}
	return make([]float64, n), nil
}

// nameWeight returns the memory of a name and a path expression in values. It is 0 for
// short ones, which are included in the weight of a series.
func nameWeight(name, path string) int64 {
	const short, perValue = 256, 8
	bytes := len(name)
	if path != name {
		bytes += len(path)
	}
	return int64(max(bytes-short, 0) / perValue)
}

// spendName counts a name as soon as it is made. Eval counts the names of all results;
// functions that may make many long names call spendName to fail early.
func (c *Call) spendName(name, path string) error {
	weight := nameWeight(name, path)
	if weight == 0 {
		return nil
	}
	c.names += weight
	return c.Spend(weight)
}

// single returns the series given for a parameter that takes at most one.
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

// evaluateTarget evaluates a target that the call made.
func (c *Call) evaluateTarget(ctx context.Context, target string) ([]Series, error) {
	node, err := c.Bind(target)
	if err != nil {
		return nil, err
	}
	return c.Evaluate(ctx, node, c.Window)
}
