package graph

import "slices"

// traces stacks and sorts the curves, areas first, and computes their traces.
func (l *layout) traces() {
	if slices.ContainsFunc(l.curves, func(c *curve) bool { return c.stacked }) {
		slices.SortStableFunc(l.curves, func(a, b *curve) int { return order(a) - order(b) })
	}
	switch l.o.AreaMode {
	case AreaStacked:
		if !l.secondYAxis {
			l.stack()
		}
	case AreaFirst:
		l.curves[0].stacked = true
	case AreaAll:
		for _, c := range l.curves {
			c.stacked = c.stacked || !c.Style.DrawAsInfinite
		}
	}
	for _, c := range l.curves {
		if l.o.AreaAlpha == nil || !c.stacked {
			continue
		}
		c.alpha = l.o.AreaAlpha
		outline := &curve{
			color: c.color, outline: true,
			raw: c.points(), perPoint: 1, xStep: c.xStep,
		}
		outline.Name, outline.Start, outline.End, outline.Step = c.Name, c.Start, c.End, c.Step*int64(c.perPoint)
		outline.Style.SecondYAxis = c.Style.SecondYAxis
		l.curves = append(l.curves, outline)
	}
	for _, c := range l.curves {
		l.d.Series = append(l.d.Series, l.trace(c))
	}
}

// order is the sort key of curves: areas first.
func order(c *curve) int {
	if c.stacked {
		return 0
	}
	return 1
}

// stack stacks each curve on those before it, value by value.
func (l *layout) stack() {
	var total []float64
	for _, c := range l.curves {
		if c.Style.DrawAsInfinite {
			continue
		}
		c.stacked = true
		if n := len(c.raw) - len(total); n > 0 {
			total = append(total, make([]float64, n)...)
		}
		c.restack(total)
	}
}

// trace computes the trace of a curve.
func (l *layout) trace(c *curve) Trace {
	t := Trace{
		Name: c.Name, Color: l.colorOf(c), LineWidth: l.o.LineWidth, Alpha: c.alpha,
		Stacked: c.stacked, Outline: c.outline,
		SecondYAxis: c.Style.SecondYAxis, DrawAsInfinite: c.Style.DrawAsInfinite, Invisible: c.Style.Invisible,
		Start: c.Start, End: c.End, Step: c.Step,
		Consolidation: c.Consolidation, ValuesPerPoint: c.perPoint, XStep: c.xStep,
		Values: c.points(),
	}
	if t.Consolidation == "" {
		t.Consolidation = "average"
	}
	if c.lineWidth != nil {
		t.LineWidth = max(*c.lineWidth, 0)
	}
	if c.dashed != nil {
		t.Dash = *c.dashed
	}
	scale := l.left
	if scale == nil || c.Style.SecondYAxis {
		scale = l.right
	}
	missing := float64(c.Start-l.start) / float64(c.Step)
	p := pen{
		t: &t, scale: scale, area: l.area, o: &l.o, xStep: c.xStep,
		x: l.area.XMin + c.xStep*(missing/float64(c.perPoint)) + l.o.LineWidth/2,
		y: l.area.YMin,
	}
	t.Path = make([]PathPoint, 0, len(t.Values)+1)
	p.draw()
	return t
}

func (l *layout) colorOf(c *curve) Color {
	switch {
	case c.Style.Invisible:
		color := c.color
		color.A = 0
		return color
	case c.alpha != nil && *c.alpha != 0: // as in Graphite, 0 means not given
		return c.color.withAlpha(*c.alpha)
	}
	return c.color.withAlpha(1)
}

// pen computes the path of a trace.
type pen struct {
	t     *Trace
	scale *YScale
	area  Area
	o     *Options
	xStep float64

	x, y   float64
	startX float64 // of the current part of the line
	first  int     // index of that part in the path
}

func (p *pen) draw() {
	p.startX = p.x
	missing := 0 // missing values since the last one present
	for i, v := range p.t.Values {
		if v != v && p.o.DrawNullAsZero {
			v = 0
		}
		y, ok := p.scale.y(v, p.area)
		if !ok {
			// At a gap, the line continues horizontally for one step.
			if missing == 0 {
				p.line(p.y)
				if p.t.Stacked {
					p.fill(p.x)
				}
			}
			p.x += p.xStep
			missing++
			continue
		}
		p.y = max(y, 0)
		if p.t.DrawAsInfinite && v > 0 {
			p.move(p.area.YMax)
			p.line(p.area.YMin)
			p.x += p.xStep
			continue
		}
		if missing > 0 {
			p.startX = p.x
		}
		switch p.o.LineMode {
		case Staircase:
			if missing > 0 {
				p.move(p.y)
			} else {
				p.line(p.y)
			}
			p.x += p.xStep
			p.line(p.y)
		case Connected:
			if float64(missing) > p.o.ConnectedLimit || missing == i {
				p.move(p.y)
			}
			p.line(p.y)
			p.x += p.xStep
		default:
			if missing > 0 {
				p.move(p.y)
			}
			p.line(p.y)
			p.x += p.xStep
		}
		missing = 0
	}
	if p.t.Stacked {
		end := p.x
		if p.o.LineMode != Staircase {
			end -= p.xStep
		}
		p.fill(end)
	}
}

func (p *pen) move(y float64) { p.t.Path = append(p.t.Path, PathPoint{true, p.x, y}) }
func (p *pen) line(y float64) { p.t.Path = append(p.t.Path, PathPoint{false, p.x, y}) }

// fill adds the area between zero and the path since the last fill. If the axis has no zero, the
// area ends at the lower edge of the plot.
func (p *pen) fill(toX float64) {
	base, ok := p.scale.y(0, p.area)
	if !ok {
		base = p.area.YMax
	}
	p.t.Fills = append(p.t.Fills, Fill{p.startX, toX, base, p.first, len(p.t.Path)})
	p.first = len(p.t.Path)
}
