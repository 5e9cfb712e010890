package graph

import "slices"

// clipLine calls draw for the parts of a path within the area. move is true for the first
// point of a part that does not continue the one before.
func clipLine(path []PathPoint, a Area, draw func(move bool, p point)) {
	var last point
	open := false // whether draw was called with last
	for i, next := range path {
		p := point{clamp(next.X), clamp(next.Y)}
		if i == 0 || next.Move {
			last, open = p, false
			continue
		}
		from, to, ok := clipSegment(last, p, a)
		if ok {
			if !open || from != last {
				draw(true, from)
			}
			draw(false, to)
		}
		last, open = p, ok && to == p
	}
}

// clamp limits coordinates so that calculations do not overflow.
func clamp(v float64) float64 { return min(max(v, -1e6), 1e6) }

// clipSegment returns the part of a line within the area (Liang-Barsky).
func clipSegment(p, q point, a Area) (from, to point, ok bool) {
	t0, t1 := 0.0, 1.0
	dx, dy := q.x-p.x, q.y-p.y
	for _, side := range [4]struct{ d, room float64 }{
		{-dx, p.x - a.XMin},
		{dx, a.XMax - p.x},
		{-dy, p.y - a.YMin},
		{dy, a.YMax - p.y},
	} {
		switch {
		case side.d == 0 && side.room < 0:
			return p, q, false
		case side.d < 0:
			t0 = max(t0, side.room/side.d)
		case side.d > 0:
			t1 = min(t1, side.room/side.d)
		}
	}
	if t0 > t1 {
		return p, q, false
	}
	from, to = p, q
	if t0 > 0 {
		from = point{p.x + t0*dx, p.y + t0*dy}
	}
	if t1 < 1 {
		to = point{p.x + t1*dx, p.y + t1*dy}
	}
	return from, to, true
}

// clipPolygon clips a polygon to the area (Sutherland-Hodgman).
func clipPolygon(polygon []point, a Area) []point {
	for _, side := range [4]struct {
		inside func(point) bool
		meet   func(p, q point) point
	}{
		{func(p point) bool { return p.x >= a.XMin }, func(p, q point) point { return atX(p, q, a.XMin) }},
		{func(p point) bool { return p.x <= a.XMax }, func(p, q point) point { return atX(p, q, a.XMax) }},
		{func(p point) bool { return p.y >= a.YMin }, func(p, q point) point { return atY(p, q, a.YMin) }},
		{func(p point) bool { return p.y <= a.YMax }, func(p, q point) point { return atY(p, q, a.YMax) }},
	} {
		if !slices.ContainsFunc(polygon, func(p point) bool { return !side.inside(p) }) {
			continue
		}
		out := make([]point, 0, len(polygon)+4)
		for i, q := range polygon {
			p := polygon[(i+len(polygon)-1)%len(polygon)]
			if side.inside(p) != side.inside(q) {
				out = append(out, side.meet(p, q))
			}
			if side.inside(q) {
				out = append(out, q)
			}
		}
		polygon = out
	}
	return polygon
}

// atX returns the point at x on the line through p and q, atY the one at y.
func atX(p, q point, x float64) point { return point{x, p.y + (q.y-p.y)*(x-p.x)/(q.x-p.x)} }
func atY(p, q point, y float64) point { return point{p.x + (q.x-p.x)*(y-p.y)/(q.y-p.y), y} }
