package raster

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// Stroke paints lines along the path. As cairo does it, they end straight at
// their ends, and meet in a point unless that were very long.
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

// leastDashes is the shortest sum of dashes, in pixels, that are drawn as such:
// shorter ones could not be seen.
const leastDashes = 0.1

// pencil adds the outlines of lines to the canvas' edges.
type pencil struct {
	c    *Canvas
	half float64 // of the width
	used int     // points since the edges were painted
}

// mostPoints is the number of points after which edges are painted: more of them
// above each other could be too much for a cell.
const mostPoints = 8000

// normal is half of the line's width across the way from p to q.
func (p *pencil) normal(a, b point) (n point, ok bool) {
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Sqrt(dx*dx + dy*dy)
	if !(length > 1e-6) {
		return point{}, false
	}
	k := p.half / length
	return point{-dy * k, dx * k}, true
}

func (p *pencil) edge(ax, ay, bx, by float64) { p.c.edges.line(toFixed(ax, ay), toFixed(bx, by)) }

// outline adds the outline of a line through points.
func (p *pencil) outline(points []point, closed bool) {
	var first, last point // normals
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
		if p.used++; p.used > mostPoints {
			p.flush(at, last, begun)
		}
		if begun {
			p.join(at, last, n)
		} else {
			begun, first, from = true, n, at
			if !closed {
				p.edge(at.x-n.x, at.y-n.y, at.x+n.x, at.y+n.y)
			}
		}
		p.edge(at.x+n.x, at.y+n.y, to.x+n.x, to.y+n.y)
		p.edge(to.x-n.x, to.y-n.y, at.x-n.x, at.y-n.y)
		at, last = to, n
	}
	switch {
	case !begun:
	case closed:
		p.join(from, last, first)
	default:
		p.edge(at.x+last.x, at.y+last.y, at.x-last.x, at.y-last.y)
	}
}

// flush paints what there is of a line, cut off at a point, where it goes on.
func (p *pencil) flush(at, n point, begun bool) {
	if begun {
		p.edge(at.x+n.x, at.y+n.y, at.x-n.x, at.y-n.y)
	}
	p.c.paint()
	p.used = 0
	if begun {
		p.edge(at.x-n.x, at.y-n.y, at.x+n.x, at.y+n.y)
	}
}

// miterLimit is the longest point of a join, in widths of the line: cairo's.
const miterLimit = 10

// join connects the outlines of two lines that meet at a point. The outer one
// goes around it, the inner one through it, so that the turns of all outlines
// have the same direction and never cancel each other.
func (p *pencil) join(at, n0, n1 point) {
	dot := (n0.x*n1.x + n0.y*n1.y) / (p.half * p.half)
	if dot > 0.95 { // too little of a turn to be seen
		p.edge(at.x+n0.x, at.y+n0.y, at.x+n1.x, at.y+n1.y)
		p.edge(at.x-n1.x, at.y-n1.y, at.x-n0.x, at.y-n0.y)
		return
	}
	if n0.x*n1.y > n0.y*n1.x { // a turn to the right: outside is the left
		p.inner(at, n0, n1)
		n0, n1 = point{-n1.x, -n1.y}, point{-n0.x, -n0.y}
	} else {
		p.inner(at, point{-n1.x, -n1.y}, point{-n0.x, -n0.y})
	}
	ax, ay, bx, by := at.x+n0.x, at.y+n0.y, at.x+n1.x, at.y+n1.y
	if 2 <= miterLimit*miterLimit*(1+dot) {
		x, y := at.x+(n0.x+n1.x)/(1+dot), at.y+(n0.y+n1.y)/(1+dot)
		p.edge(ax, ay, x, y)
		p.edge(x, y, bx, by)
		return
	}
	p.edge(ax, ay, bx, by)
}

// inner connects the sides that two lines have in common.
func (p *pencil) inner(at, n0, n1 point) {
	p.edge(at.x+n0.x, at.y+n0.y, at.x, at.y)
	p.edge(at.x, at.y, at.x+n1.x, at.y+n1.y)
}

// dashed adds the outlines of the dashes of a line.
func (p *pencil) dashed(line piece) {
	pattern := p.c.dash
	i, left, on := 0, p.c.offset, true
	for left >= pattern[i] { // where in the pattern the line begins
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
