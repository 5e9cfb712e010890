package graph

import "slices"

// point is a point of the picture; y grows downwards.
type point struct{ x, y float64 }

// edge is a straight part of a boundary, from left to right.
type edge struct{ x0, y0, x1, y1 float64 }

// at returns the y coordinate of the edge at x.
func (e edge) at(x float64) float64 {
	if x == e.x0 {
		return e.y0
	}
	if x == e.x1 {
		return e.y1
	}
	return e.y0 + (e.y1-e.y0)*(x-e.x0)/(e.x1-e.x0)
}

// cover is the region that areas have covered so far. As in Graphite, an area does not paint
// over those before it, so that stacked and translucent areas keep their colors.
//
// The region extends from the base line to a boundary above it, and to one below it, which is
// stored mirrored at the base line.
type cover struct {
	upper, lower boundary
	above, below []edge // of the area being added
}

// boundary is a list of edges from left to right. spare is memory for the next list.
type boundary struct {
	edges, spare []edge
	strip        strip
}

// add returns the part of an area that is not covered yet, as polygons, and adds the area to
// the cover. The area lies between base and the path, whose points must not go back to the
// left.
func (c *cover) add(path []PathPoint, base float64) [][]point {
	above, below := c.above[:0], c.below[:0]
	for i := 1; i < len(path); i++ {
		a, b := path[i-1], path[i]
		if b.Move || b.X <= a.X {
			continue
		}
		whole := edge{a.X, a.Y - base, b.X, b.Y - base}
		halves := []edge{whole}
		if whole.y0*whole.y1 < 0 { // crosses the base
			x := whole.x0 + (whole.x1-whole.x0)*whole.y0/(whole.y0-whole.y1)
			if x > whole.x0 && x < whole.x1 {
				halves = []edge{{whole.x0, whole.y0, x, 0}, {x, 0, whole.x1, whole.y1}}
			}
		}
		for _, h := range halves {
			if h.y0+h.y1 <= 0 {
				above = append(above, edge{h.x0, h.y0 + base, h.x1, h.y1 + base})
			} else {
				below = append(below, edge{h.x0, base - h.y0, h.x1, base - h.y1})
			}
		}
	}
	c.above, c.below = above, below
	shown, mirrored := c.upper.add(above, base), c.lower.add(below, base)
	for _, polygon := range mirrored {
		for i := range polygon {
			polygon[i].y = 2*base - polygon[i].y
		}
	}
	return append(shown, mirrored...)
}

// add returns the part of an area that lies above the boundary, as polygons, and raises the
// boundary to the area. The area lies between its edges and base. add changes the edges.
func (b *boundary) add(area []edge, base float64) (shown [][]point) {
	if len(area) == 0 {
		return nil
	}
	old, higher := b.edges, slices.Grow(b.spare[:0], len(b.edges)+len(area))
	strip := &b.strip
	strip.done = nil
	for len(old) > 0 || len(area) > 0 {
		switch {
		case len(area) == 0 || len(old) > 0 && old[0].x0 < area[0].x0:
			// Only the old boundary, up to the start of the area.
			end := old[0].x1
			if len(area) > 0 {
				end = min(end, area[0].x0)
			}
			higher = append(higher, cut(&old, end))
		case len(old) == 0 || area[0].x0 < old[0].x0:
			end := area[0].x1
			if len(old) > 0 {
				end = min(end, old[0].x0)
			}
			e := cut(&area, end)
			higher = append(higher, e)
			strip.add(e, edge{e.x0, base, e.x1, base})
		default: // both start at the same x
			end := min(old[0].x1, area[0].x1)
			a, o := area[0], old[0]
			if d0, d1 := a.y0-o.y0, a.at(end)-o.at(end); d0*d1 < 0 { // they cross
				if x := a.x0 + (end-a.x0)*d0/(d0-d1); x > a.x0 && x < end {
					end = x
				}
			}
			e, o := cut(&area, end), cut(&old, end)
			if e.y0+e.y1 < o.y0+o.y1 {
				higher = append(higher, e)
				strip.add(e, o)
			} else {
				higher = append(higher, o)
			}
		}
	}
	b.edges, b.spare = higher, b.edges
	return strip.close()
}

// cut removes the part up to x from the first edge and returns it.
func cut(edges *[]edge, x float64) edge {
	e := &(*edges)[0]
	if x >= e.x1 {
		*edges = (*edges)[1:]
		return *e
	}
	piece := edge{e.x0, e.y0, x, e.at(x)}
	e.x0, e.y0 = piece.x1, piece.y1
	return piece
}

// strip joins adjacent parts of an area into polygons, so that no seams are visible between
// them.
type strip struct {
	top, bottom []point
	done        [][]point
}

func (s *strip) add(top, bottom edge) {
	if n := len(s.top); n > 0 && s.top[n-1].x != top.x0 {
		s.close()
	}
	s.top = extend(s.top, top)
	s.bottom = extend(s.bottom, bottom)
}

// extend appends an edge to a line. The start of the edge may be the end of the line.
func extend(line []point, e edge) []point {
	if from := (point{e.x0, e.y0}); len(line) == 0 || line[len(line)-1] != from {
		line = append(line, from)
	}
	return append(line, point{e.x1, e.y1})
}

// close ends the current polygon and returns all polygons.
func (s *strip) close() [][]point {
	if len(s.top) > 0 {
		slices.Reverse(s.bottom)
		s.done = append(s.done, slices.Concat(s.top, s.bottom))
	}
	s.top, s.bottom = s.top[:0], s.bottom[:0]
	return s.done
}
