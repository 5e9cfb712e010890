// Package raster draws paths and masks on an image and writes it as PNG, as fast as possible
// and only as far as graphs need it.
//
// A Canvas has the methods of gonum's vg.Canvas that graphs need, with the same paths and
// coordinates: y grows upwards, one unit is one pixel times the scale. Unlike vgimg it joins
// lines with miters, as cairo does.
//
// Edges are accumulated as exact coverage of the pixels that they cross; pixels between them
// are painted as spans. So the cost depends on the length of the outlines, and on the memory to
// fill.
package raster

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

// Canvas is an image to draw on. It is not safe for concurrent use.
type Canvas struct {
	width, height int // pixels
	scale         float64
	pix           []uint32 // premultiplied, red in the lowest byte

	source uint32 // the color, premultiplied
	opaque bool   // whether the color is opaque
	line   float64
	dash   []float64
	offset float64

	edges accumulator
	flat  flattened
	out   encoder
}

// New returns a canvas of width times height pixels, filled with a color. A unit of its paths
// is scale pixels.
func New(width, height int, scale float64, background color.NRGBA) *Canvas {
	c, _ := canvases.Get().(*Canvas)
	if c == nil {
		c = &Canvas{}
	}
	c.width, c.height, c.scale = width, height, scale
	if n := width * height; cap(c.pix) < n {
		c.pix = make([]uint32, n)
	} else {
		c.pix = c.pix[:n]
	}
	fill(c.pix, premultiplied(background))
	c.edges.resize(width, height)
	c.SetColor(color.Black)
	c.line, c.dash, c.offset = 1, c.dash[:0], 0
	return c
}

// Release allows another canvas to reuse the memory. The canvas must not be used afterwards.
func (c *Canvas) Release() {
	if cap(c.pix) <= keepPixels {
		canvases.Put(c)
	}
}

// SetColor sets the color for drawing.
func (c *Canvas) SetColor(to color.Color) {
	n := color.NRGBAModel.Convert(to).(color.NRGBA)
	c.source, c.opaque = premultiplied(n), n.A == 255
}

// SetLineWidth sets the width of lines.
func (c *Canvas) SetLineWidth(w vg.Length) { c.line = float64(w) * c.scale }

// SetLineDash sets the alternating lengths of dashes and gaps, and the offset of the start of a
// line in them. Without lengths, lines are solid.
func (c *Canvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.dash = c.dash[:0]
	for _, d := range pattern {
		c.dash = append(c.dash, float64(d)*c.scale)
	}
	c.offset = float64(offset) * c.scale
}

// Fill paints the area that the path encloses, with the nonzero winding rule.
func (c *Canvas) Fill(path vg.Path) {
	c.flat.take(path, c.scale, float64(c.height))
	for piece := range c.flat.pieces() {
		last := piece.points[len(piece.points)-1]
		from := toFixed(last.x, last.y)
		for _, p := range piece.points {
			to := toFixed(p.x, p.y)
			c.edges.line(from, to)
			from = to
		}
	}
	c.paint()
}

// paint paints the area that the accumulated edges enclose.
func (c *Canvas) paint() { c.edges.sweep(c) }

// span paints the pixels x0 to x1-1 of a row with coverage a/255.
func (c *Canvas) span(y, x0, x1 int, a uint8) {
	row := c.pix[y*c.width+x0 : y*c.width+x1]
	if a == 255 && c.opaque {
		fill(row, c.source)
		return
	}
	source, keep := weigh(c.source, uint32(a))
	for i, p := range row {
		row[i] = blend(p, source, keep)
	}
}

// cells paints the pixels of a row from x on, each with its own coverage.
func (c *Canvas) cells(y, x int, cover []uint8) {
	row := c.pix[y*c.width+x:][:len(cover)]
	for i, a := range cover {
		switch {
		case a == 0:
		case !c.opaque:
			source, keep := weigh(c.source, uint32(a))
			row[i] = blend(row[i], source, keep)
		case a == 255:
			row[i] = c.source
		default:
			row[i] = mix(row[i], c.source, uint32(a))
		}
	}
}

// Mask paints the color through a mask with its origin at pixel x, y; y grows downwards.
func (c *Canvas) Mask(m *Mask, x, y int) {
	x, y = x+m.x, y+m.y
	left, right := max(0, -x), min(m.width, c.width-x)
	if left >= right {
		return
	}
	for row := max(0, -y); row < min(m.height, c.height-y); row++ {
		c.cells(y+row, x+left, m.cover[row*m.width:][left:right])
	}
}

// fixed is a point in units of 1/256 pixel; y grows downwards.
type fixed struct{ x, y int }

// reach is the largest coordinate in pixels.
const reach = 1 << 20

func toFixed(x, y float64) fixed { return fixed{toFixed1(x), toFixed1(y)} }

func toFixed1(v float64) int {
	if !(v > -reach) { // or not a number
		return -reach << 8
	}
	return int(math.Floor(min(v, reach)*256 + 0.5))
}
