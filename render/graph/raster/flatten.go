package raster

import (
	"iter"
	"math"

	"gonum.org/v1/plot/vg"
)

// point is a point in pixels; y grows downwards.
type point struct{ x, y float64 }

// flattened is a path converted to straight lines.
type flattened struct {
	points []point
	ends   []int // of its pieces
	closed []bool
}

// piece is a line through points. If it is closed, the last point is connected to the first.
type piece struct {
	points []point
	closed bool
}

// pieces iterates over the pieces of at least two points.
func (f *flattened) pieces() iter.Seq[piece] {
	return func(yield func(piece) bool) {
		from := 0
		for i, end := range f.ends {
			if end-from > 1 && !yield(piece{f.points[from:end], f.closed[i]}) {
				return
			}
			from = end
		}
	}
}

// take sets f to a path, scaled, in a picture of the given height.
func (f *flattened) take(path vg.Path, scale, height float64) {
	f.points, f.ends, f.closed = f.points[:0], f.ends[:0], f.closed[:0]
	place := func(p vg.Point) point { return point{float64(p.X) * scale, height - float64(p.Y)*scale} }
	for i := range path {
		switch c := &path[i]; c.Type {
		case vg.MoveComp:
			f.end(false)
			f.points = append(f.points, place(c.Pos))
		case vg.LineComp:
			f.points = append(f.points, place(c.Pos))
		case vg.ArcComp:
			f.arc(place(c.Pos), float64(c.Radius)*scale, c.Start, c.Angle)
		case vg.CurveComp:
			f.curve(c, place)
		case vg.CloseComp:
			f.end(true)
		}
	}
	f.end(false)
}

// end ends the current piece.
func (f *flattened) end(closed bool) {
	if n := len(f.ends); n == 0 && len(f.points) > 0 || n > 0 && f.ends[n-1] < len(f.points) {
		f.ends, f.closed = append(f.ends, len(f.points)), append(f.closed, closed)
	}
}

// fine is the maximum distance in pixels between a curve and the lines that replace it.
const fine = 0.05

func (f *flattened) arc(center point, radius, start, angle float64) {
	if !(radius > 0) || math.IsInf(radius, 0) || !(math.Abs(angle) <= 2*math.Pi) {
		radius, angle = 0, 0
	}
	n := 1.0
	if radius > fine {
		n = math.Ceil(math.Abs(angle) / (2 * math.Acos(1-fine/max(radius, 2*fine))))
	}
	n = min(max(n, 1), 1000)
	for i := range int(n) + 1 {
		sin, cos := math.Sincos(start + angle*float64(i)/n)
		f.points = append(f.points, point{center.x + radius*cos, center.y - radius*sin})
	}
}

// curve adds a quadratic or cubic curve from the last point.
func (f *flattened) curve(c *vg.PathComp, place func(vg.Point) point) {
	if len(f.points) == 0 {
		return
	}
	p, r := f.points[len(f.points)-1], place(c.Pos)
	if len(c.Control) == 0 {
		f.points = append(f.points, r)
		return
	}
	q0 := place(c.Control[0])
	q1 := q0
	if len(c.Control) > 1 {
		q1 = place(c.Control[1])
	}
	length := math.Hypot(q0.x-p.x, q0.y-p.y) + math.Hypot(q1.x-q0.x, q1.y-q0.y) + math.Hypot(r.x-q1.x, r.y-q1.y)
	n := int(min(max(math.Sqrt(length)*2, 2), 100))
	for i := 1; i <= n; i++ {
		t := float64(i) / float64(n)
		u := 1 - t
		if len(c.Control) == 1 {
			f.points = append(f.points, point{
				u*u*p.x + 2*u*t*q0.x + t*t*r.x,
				u*u*p.y + 2*u*t*q0.y + t*t*r.y,
			})
			continue
		}
		f.points = append(f.points, point{
			u*u*u*p.x + 3*u*u*t*q0.x + 3*u*t*t*q1.x + t*t*t*r.x,
			u*u*u*p.y + 3*u*u*t*q0.y + 3*u*t*t*q1.y + t*t*t*r.y,
		})
	}
}
