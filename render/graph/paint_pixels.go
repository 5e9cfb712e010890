package graph

import (
	"math"

	"carbon/render/graph/raster"
)

// pixels is a canvas for PNG images. It draws glyphs with cached masks.
type pixels struct {
	*raster.Canvas
	p            painter // for glyphs without masks
	scale        float64
	faces        map[float64]*face // scaled, by size before scaling
	bold, italic bool
}

func newPixels(d *Drawing) *pixels {
	c := &pixels{scale: 1, faces: map[float64]*face{}, bold: d.Font.Bold, italic: d.Font.Italic}
	if d.Scale > 0 {
		c.scale = d.Scale
	}
	width, height := math.Round(float64(d.Width)*c.scale), math.Round(float64(d.Height)*c.scale)
	c.Canvas = raster.New(int(width), int(height), c.scale, d.Background.nrgba())
	c.p = painter{c: c.Canvas, d: d, scale: c.scale}
	return c
}

// maxMaskSize is the largest font size in pixels whose masks are cached.
const maxMaskSize = 64

// drawText draws a text. A scaled text has the glyphs of a larger font at the positions of
// the layout.
func (c *pixels) drawText(t *Text, f *face, x, y float64) {
	quarters := int(t.Rotate/90) % 4
	if float64(quarters)*90 != t.Rotate || t.Size*c.scale > maxMaskSize {
		c.p.outlines(t, f, x, y)
		return
	}
	drawn := f
	if c.scale != 1 {
		if drawn = c.faces[t.Size]; drawn == nil {
			drawn = newFace(float64(f.size)*c.scale, c.bold, c.italic)
			c.faces[t.Size] = drawn
		}
	}
	c.SetColor(t.Color.nrgba())
	dx, dy := [4]float64{1, 0, -1, 0}[quarters], [4]float64{0, 1, 0, -1}[quarters]
	pen, limit := 0.0, 2*float64(c.p.d.Width+c.p.d.Height)
	for _, r := range t.Text {
		if pen > limit {
			return
		}
		along := math.Round(pen * c.scale)
		c.Mask(drawn.mask(drawn.glyph(r), quarters), int(math.Round(x*c.scale)+dx*along), int(math.Round(y*c.scale)+dy*along))
		pen += f.glyph(r).advance
	}
}
