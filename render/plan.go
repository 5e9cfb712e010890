package render

import (
	"context"
	"fmt"
	"strings"

	"carbon/metric"
	"carbon/render/function"
)

// Plan is what is to be fetched: each path expression once per window.
type Plan []want

// want is an expression and a window it is wanted over. As nodes of a request
// are equal if their expressions are, it is also what results are known by.
type want struct {
	node   *function.Node
	window metric.Window
}

// plan returns the fetches that nodes need over a window and that no plan of the
// evaluation had before. Where windows are shifted within windows that are, each by
// a thousand times, they are more than could ever be evaluated: each counts.
func (ev *evaluation) plan(ctx context.Context, nodes []*function.Node, w metric.Window) (p Plan, err error) {
	for _, n := range nodes {
		p, err = ev.planNode(ctx, p, want{n, w})
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (ev *evaluation) planNode(ctx context.Context, p Plan, at want) (Plan, error) {
	if ev.planned[at] {
		return p, nil
	}
	ev.planned[at] = true
	if at.node.Spec == nil {
		return append(p, at), nil
	}
	inputs, windows := at.node.Inputs(), at.node.InputWindows(&ev.env, at.window)
	if more := len(inputs) * (len(windows) - 1); more > 0 {
		if err := ev.spend(wantWeight * int64(more)); err != nil {
			return nil, err
		}
	}
	for _, w := range windows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, n := range inputs {
			var err error
			if p, err = ev.planNode(ctx, p, want{n, w}); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// Text shows the plan, a line per fetch, its window by how far it is from w.
func (p Plan) Text(w metric.Window) string {
	var b strings.Builder
	for _, at := range p {
		fmt.Fprintf(&b, "%s  from%s until%s\n", at.node.Path,
			duration(at.window.From-w.From), duration(at.window.Until-w.Until))
	}
	return b.String()
}

// duration shows seconds as Graphite writes them: -1d10min.
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
