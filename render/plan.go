package render

import (
	"context"
	"fmt"
	"strings"

	"carbon/metric"
	"carbon/render/function"
)

// Plan lists what to fetch: each path expression once per window. The windows come from
// the window of the request and, for functions that read other times, from Spec.Window or
// Spec.Windows in package function.
type Plan []nodeWindow

// nodeWindow is an expression and a window. Equal expressions of a request are the same node, so
// it also serves as the key of results.
type nodeWindow struct {
	node   *function.Node
	window metric.Window
}

// plan returns the fetches that nodes need over a window, without those that an earlier
// plan of the evaluation contained. Nested calls that use many windows multiply them, so
// each additional window counts against the limit.
func (ev *evaluation) plan(ctx context.Context, nodes []*function.Node, w metric.Window) (p Plan, err error) {
	for _, n := range nodes {
		p, err = ev.planNode(ctx, p, nodeWindow{n, w})
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (ev *evaluation) planNode(ctx context.Context, p Plan, at nodeWindow) (Plan, error) {
	if ev.planned[at] {
		return p, nil
	}
	ev.planned[at] = true
	if at.node.Spec == nil {
		return append(p, at), nil
	}
	inputs, windows := at.node.Inputs(), at.node.InputWindows(&ev.env, at.window)
	if more := len(inputs) * (len(windows) - 1); more > 0 {
		if err := ev.spend(windowWeight * int64(more)); err != nil {
			return nil, err
		}
	}
	for _, w := range windows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, n := range inputs {
			var err error
			if p, err = ev.planNode(ctx, p, nodeWindow{n, w}); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// Text returns the plan as text, one line per fetch, with windows relative to w.
func (p Plan) Text(w metric.Window) string {
	var b strings.Builder
	for _, at := range p {
		fmt.Fprintf(&b, "%s  from%s until%s\n", at.node.Path,
			duration(at.window.From-w.From), duration(at.window.Until-w.Until))
	}
	return b.String()
}

// duration returns seconds as Graphite writes them, as in -1d10min.
func duration(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := sign
	for _, unit := range []struct {
		name   string
		length int64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}} {
		if n := seconds / unit.length; n > 0 {
			text += fmt.Sprintf("%d%s", n, unit.name)
		}
		seconds %= unit.length
	}
	return text
}
