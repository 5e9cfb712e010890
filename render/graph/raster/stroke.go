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

// sides are the two places beside a point of a line, right and left as one goes.
type sides struct {
	n           point // from the point to the right
	right, left fixed
}

func beside(at, n point) sides {
	return sides{n, toFixed(at.x+n.x, at.y+n.y), toFixed(at.x-n.x, at.y-n.y)}
}

// outline adds the outline of a line through points. All outlines turn the same
// way, so that where they overlap they never cancel each other.
func (p *pencil) outline(points []point, closed bool) {
	edges := &p.c.edges
	var first, last sides // where the line begins, and has got to
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

// flush paints what there is of a line, cut off where it has got to.
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

// miterLimit is the longest point of a join, in widths of the line: cairo's.
const miterLimit = 10

// join connects the outlines of two lines that meet at a point: the outer sides
// around it, the inner ones through it.
func (p *pencil) join(at point, a, b sides) {
	edges := &p.c.edges
	dot := (a.n.x*b.n.x + a.n.y*b.n.y) / (p.half * p.half)
	if dot > 0.95 { // too little of a turn to be seen
		edges.line(a.right, b.right)
		edges.line(b.left, a.left)
		return
	}
	from, to := a.right, b.right // of the outer side
	centre := toFixed(at.x, at.y)
	k := 1 / (1 + dot)
	if a.n.x*b.n.y > a.n.y*b.n.x { // a turn to the right
		from, to, k = b.left, a.left, -k
		edges.line(a.right, centre)
		edges.line(centre, b.right)
	} else {
		edges.line(b.left, centre)
		edges.line(centre, a.left)
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
