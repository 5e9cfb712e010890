package render

import (
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
// evaluation had before.
func (ev *evaluation) plan(nodes []*function.Node, w metric.Window) Plan {
	var p Plan
	for _, n := range nodes {
		at := want{n, w}
		if ev.planned[at] {
			continue
		}
		ev.planned[at] = true
		if n.Spec == nil {
			p = append(p, at)
		} else {
			for _, w := range n.InputWindows(&ev.env, w) {
				p = append(p, ev.plan(n.Inputs(), w)...)
			}
		}
	}
	return p
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
