package raster

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// Mask is the coverage of pixels by a shape, such as a glyph. It is safe for concurrent use.
type Mask struct {
	x, y, width, height int // rectangle of its pixels, relative to the origin
	cover               []uint8
}

// NewMask returns the mask of the area that a path encloses. Its origin is that of the path.
func NewMask(path vg.Path) *Mask {
	var f flattened
	f.take(path, 1, 0)
	left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range f.points {
		left, right, top, bottom = min(left, p.x), max(right, p.x), min(top, p.y), max(bottom, p.y)
	}
	if !(right-left < largestMask && bottom-top < largestMask) {
		return &Mask{} // empty, or too large
	}
	m := &Mask{x: int(math.Floor(left)), y: int(math.Floor(top))}
	m.width, m.height = int(math.Ceil(right))-m.x+1, int(math.Ceil(bottom))-m.y+1
	m.cover = make([]uint8, m.width*m.height)
	var a accumulator
	a.resize(m.width, m.height)
	for piece := range f.pieces() {
		last := piece.points[len(piece.points)-1]
		from := toFixed(last.x-float64(m.x), last.y-float64(m.y))
		for _, p := range piece.points {
			to := toFixed(p.x-float64(m.x), p.y-float64(m.y))
			a.line(from, to)
			from = to
		}
	}
	a.sweep(m)
	return m
}

// largestMask is the maximum width and height of masks in pixels.
const largestMask = 1000

// Size returns the memory of the mask in bytes.
func (m *Mask) Size() int { return len(m.cover) }

func (m *Mask) span(y, x0, x1 int, a uint8) {
	row := m.cover[y*m.width:]
	for x := x0; x < x1; x++ {
		row[x] = a
	}
}

func (m *Mask) cells(y, x int, cover []uint8) { copy(m.cover[y*m.width+x:], cover) }
