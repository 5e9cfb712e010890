package raster

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// Stroke paints lines along a path. As in cairo, they have butt ends and miter joins, up to a
// miter limit.
func (c *Canvas) Stroke(path vg.Path) {
	if !(c.line > 0) || math.IsInf(c.line, 0) {
		return
	}
	c.flat.take(path, c.scale, float64(c.height))
	p := pencil{c: c, half: c.line / 2}
	dashes := 0.0
	for _, d := range c.dash {
		dashes += d
	}
	for piece := range c.flat.pieces() {
		if dashes >= leastDashes {
			p.dashed(piece)
		} else {
			p.outline(piece.points, piece.closed)
		}
	}
	c.paint()
}

// leastDashes is the sum of dashes and gaps in pixels below which lines are solid, because
// dashes would not be visible.
const leastDashes = 0.1

// pencil adds the outlines of lines to the edges of the canvas.
type pencil struct {
	c    *Canvas
	half float64 // of the width
	used int     // points since the last paint
}

// maxPoints is the number of points after which edges are painted: more of them on top of each
// other could overflow a cell.
const maxPoints = 8000

// normal returns the vector of half of the line width, perpendicular to the line from a to b.
func (p *pencil) normal(a, b point) (n point, ok bool) {
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Sqrt(dx*dx + dy*dy)
	if !(length > 1e-6) {
		return point{}, false
	}
	k := p.half / length
	return point{-dy * k, dx * k}, true
}

// sides are the points of the outline to the right and left of a point of a line.
type sides struct {
	n           point // the vector to the right one
	right, left fixed
}

func beside(at, n point) sides {
	return sides{n, toFixed(at.x+n.x, at.y+n.y), toFixed(at.x-n.x, at.y-n.y)}
}

// outline adds the outline of a line through points. All outlines have the same orientation, so
// that overlapping ones do not cancel each other.
func (p *pencil) outline(points []point, closed bool) {
	edges := &p.c.edges
	var first, last sides // of the start and the current end of the line
	var from point
	begun := false
	at := points[0]
	ends := len(points) - 1
	if closed {
		ends++
	}
	for i := range ends {
		to := points[(i+1)%len(points)]
		n, ok := p.normal(at, to)
		if !ok {
			continue
		}
		if p.used++; p.used > maxPoints {
			p.flush(last, begun)
		}
		here, there := beside(at, n), beside(to, n)
		if begun {
			p.join(at, last, here)
		} else {
			begun, first, from = true, here, at
			if !closed {
				edges.line(here.left, here.right)
			}
		}
		edges.line(here.right, there.right)
		edges.line(there.left, here.left)
		at, last = to, there
	}
	switch {
	case !begun:
	case closed:
		p.join(from, last, first)
	default:
		edges.line(last.right, last.left)
	}
}

// flush paints the line up to its current end.
func (p *pencil) flush(last sides, begun bool) {
	if begun {
		p.c.edges.line(last.right, last.left)
	}
	p.c.paint()
	p.used = 0
	if begun {
		p.c.edges.line(last.left, last.right)
	}
}

// miterLimit is the maximum length of a miter in line widths, as in cairo.
const miterLimit = 10

// join connects the outlines of two lines that meet at a point: the outer sides around it, the
// inner sides through it.
func (p *pencil) join(at point, a, b sides) {
	edges := &p.c.edges
	dot := (a.n.x*b.n.x + a.n.y*b.n.y) / (p.half * p.half)
	if dot > 0.95 { // the turn is too small to be visible
		edges.line(a.right, b.right)
		edges.line(b.left, a.left)
		return
	}
	from, to := a.right, b.right // of the outer side
	center := toFixed(at.x, at.y)
	k := 1 / (1 + dot)
	if a.n.x*b.n.y > a.n.y*b.n.x { // a turn to the right
		from, to, k = b.left, a.left, -k
		edges.line(a.right, center)
		edges.line(center, b.right)
	} else {
		edges.line(b.left, center)
		edges.line(center, a.left)
	}
	if 2 <= miterLimit*miterLimit*(1+dot) {
		tip := toFixed(at.x+(a.n.x+b.n.x)*k, at.y+(a.n.y+b.n.y)*k)
		edges.line(from, tip)
		edges.line(tip, to)
		return
	}
	edges.line(from, to)
}

// dashed adds the outlines of the dashes of a line.
func (p *pencil) dashed(line piece) {
	pattern := p.c.dash
	i, left, on := 0, p.c.offset, true
	for left >= pattern[i] { // find the start of the line in the pattern
		left -= pattern[i]
		i, on = (i+1)%len(pattern), !on
	}
	left = pattern[i] - left // of this dash or gap
	at := line.points[0]
	dash := []point{at}
	points := line.points[1:]
	if line.closed {
		points = append(points[:len(points):len(points)], at)
	}
	for _, to := range points {
		length := math.Hypot(to.x-at.x, to.y-at.y)
		if !(length < reach) {
			at = to
			continue
		}
		for length > left {
			k := left / length
			at = point{at.x + (to.x-at.x)*k, at.y + (to.y-at.y)*k}
			length -= left
			if on {
				p.outline(append(dash, at), false)
			}
			dash = append(dash[:0], at)
			i, on = (i+1)%len(pattern), !on
			left = pattern[i]
		}
		left -= length
		at = to
		if on {
			dash = append(dash, at)
		}
	}
	if on && len(dash) > 1 {
		p.outline(dash, false)
	}
}
