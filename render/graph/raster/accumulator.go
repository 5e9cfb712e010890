package raster

import "math/bits"

// accumulator collects the edges of outlines. There is a cell per pixel with the change of
// coverage at that pixel, in units of 2^-17: the sum of the cells of a row up to a pixel is the
// coverage of that pixel. Sums are exact, so they are zero to the right of closed outlines.
//
// The coverage of overlapping areas adds up, and is limited to one.
type accumulator struct {
	width, height int
	stride        int // cells per row: two more than pixels, for edges at the right
	cells         []int32

	// A bit per block of cells that has changed. Only rows from top to bottom-1 have
	// changed cells.
	touched     []uint64
	words       int // per row
	top, bottom int

	cover []uint8 // of one row
}

// block is the number of cells per bit, as a power of two.
const block = 3

// whole is the sum of a completely covered pixel.
const whole = 1 << 17

func (a *accumulator) resize(width, height int) {
	if width == a.width && height == a.height {
		return
	}
	a.width, a.height, a.stride = width, height, width+2
	a.words = (a.stride>>block)/64 + 1
	a.cells = zeroed(a.cells, a.stride*height)
	a.touched = zeroed(a.touched, a.words*height)
	if cap(a.cover) < a.stride+1<<block {
		a.cover = make([]uint8, a.stride+1<<block)
	}
	a.top, a.bottom = height, 0
}

// zeroed returns n zeros, in the memory of s if possible. All elements of s must be zero.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// line adds an edge. Parts above, below and to the right of the picture have no effect; parts
// to the left count as its left border.
func (a *accumulator) line(p, q fixed) {
	if p.y == q.y {
		return
	}
	sign := int32(1)
	if p.y > q.y {
		p, q, sign = q, p, -1
	}
	if q.y <= 0 || p.y >= a.height<<8 {
		return
	}
	dx, dy := float64(q.x-p.x), float64(q.y-p.y)
	if p.y < 0 {
		p = fixed{p.x + int(dx*float64(-p.y)/dy), 0}
	}
	if bottom := a.height << 8; q.y > bottom {
		q = fixed{q.x - int(dx*float64(q.y-bottom)/dy), bottom}
	}
	a.between(p, q, sign)
}

// between adds a downward edge whose ends are neither above nor below the picture.
func (a *accumulator) between(p, q fixed, sign int32) {
	right := a.width << 8
	switch {
	case p.x >= right && q.x >= right:
		return
	case p.x <= 0 && q.x <= 0:
		p.x, q.x = 0, 0
	case min(p.x, q.x) < 0:
		a.split(p, q, 0, sign)
		return
	case max(p.x, q.x) > right:
		a.split(p, q, right, sign)
		return
	}
	first, last := p.y>>8, (q.y-1)>>8
	a.top, a.bottom = min(a.top, first), max(a.bottom, last+1)
	if first == last {
		a.row(first, p.x, q.x, int32(q.y-p.y), sign)
		return
	}
	slope := float64(q.x-p.x) / float64(q.y-p.y)
	x, y := p.x, p.y
	for row := first; row < last; row++ {
		end := (row + 1) << 8
		to := p.x + int(slope*float64(end-p.y))
		a.row(row, x, to, int32(end-y), sign)
		x, y = to, end
	}
	a.row(last, x, q.x, int32(q.y-y), sign)
}

// split adds both parts of an edge that crosses a border of the picture.
func (a *accumulator) split(p, q fixed, x int, sign int32) {
	m := fixed{x, p.y + int(float64(q.y-p.y)*float64(x-p.x)/float64(q.x-p.x))}
	if m.y > p.y {
		a.between(p, m, sign)
	}
	if m.y < q.y {
		a.between(m, q, sign)
	}
}

// row adds the part of an edge within a row of pixels, from x0 to x1, of height dy.
func (a *accumulator) row(y, x0, x1 int, dy, sign int32) {
	if dy == 0 {
		return
	}
	cells := a.cells[y*a.stride:][:a.stride]
	touched := a.touched[y*a.words:][:a.words]
	if x0 > x1 {
		x0, x1 = x1, x0
	}
	i, last := x0>>8, x1>>8
	if i == last {
		part := dy * int32(x0&255+x1&255)
		cells[i] += sign * (dy<<9 - part)
		cells[i+1] += sign * part
	} else {
		slope := float64(dy) / float64(x1-x0)
		done := int32(0)
		enters := int32(x0 & 255)
		for ; i < last; i++ {
			reached := int32(slope * float64((i+1)<<8-x0))
			d := reached - done
			part := d * (enters + 256)
			cells[i] += sign * (d<<9 - part)
			cells[i+1] += sign * part
			done, enters = reached, 0
			touched[i>>block>>6] |= 1 << (i >> block & 63)
		}
		d := dy - done
		part := d * int32(x1&255)
		cells[i] += sign * (d<<9 - part)
		cells[i+1] += sign * part
	}
	touched[i>>block>>6] |= 1 << (i >> block & 63)
	if i++; i&(1<<block-1) == 0 { // the first of the next block
		touched[i>>block>>6] |= 1 << (i >> block & 63)
	}
}

// brush paints covered pixels row by row.
type brush interface {
	span(y, x0, x1 int, a uint8)
	cells(y, x int, cover []uint8)
}

// sweep paints the pixels that the edges enclose, and removes the edges.
func (a *accumulator) sweep(b brush) {
	for y := a.top; y < a.bottom; y++ {
		touched := a.touched[y*a.words:][:a.words]
		sum, x := int32(0), 0 // sum applies from x on
		for w, set := range touched {
			touched[w] = 0
			for set != 0 {
				bit := bits.TrailingZeros64(set)
				run := bits.TrailingZeros64(^(set >> bit))
				set &^= (1<<run - 1) << bit
				from := (w<<6 + bit) << block
				if cover := coverage(sum); cover > 0 && from > x {
					b.span(y, x, min(from, a.width), cover)
				}
				x = min(from+run<<block, a.stride)
				sum = a.accumulate(b, y, from, x, sum)
			}
		}
		if cover := coverage(sum); cover > 0 && x < a.width {
			b.span(y, x, a.width, cover)
		}
	}
	a.top, a.bottom = a.height, 0
}

// accumulate paints the pixels from x to end-1. sum is the sum before x; it returns the sum at
// the end.
func (a *accumulator) accumulate(b brush, y, x, end int, sum int32) int32 {
	cells := a.cells[y*a.stride+x : y*a.stride+end]
	cover := a.cover[:len(cells)]
	for i, d := range cells {
		sum += d
		cover[i] = coverage(sum)
	}
	clear(cells)
	if x < a.width {
		b.cells(y, x, cover[:min(end, a.width)-x])
	}
	return sum
}

// shades is the number of levels of coverage. More levels are not visible, and this many nearly
// halve the size of compressed pictures.
const shades = 15

// coverage converts a sum to 0 to 255.
func coverage(sum int32) uint8 {
	if sum < 0 {
		sum = -sum
	}
	if sum >= whole {
		return 255
	}
	return uint8((sum*shades + whole/2) / whole * (255 / shades))
}
