package graph

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"unicode/utf16"

	"carbon/render/function"

	"gonum.org/v1/plot/vg"
)

// DrawPDF writes the graph of the series as a PDF document of one page, with one point per
// pixel. Its text can be searched and copied, and its fonts are embedded. Options.Scale has
// no effect. The error is an *OptionError or that of w.
func DrawPDF(w io.Writer, o Options, series []function.Series, span Span) error {
	o.Scale = 0
	d, err := Layout(o, series, span)
	if err != nil {
		return err
	}
	c := &pdf{d: d, alpha: 255, states: map[uint8]bool{}}
	c.font.face = newFace(pdfFontSize, d.Font.Bold, d.Font.Italic)
	if d.Background.A > 0 {
		c.SetColor(d.Background.nrgba())
		c.op("re f", 0, 0, float64(d.Width), float64(d.Height))
	}
	Paint(c, d)
	return c.writeTo(w)
}

// pdf is a canvas that writes the content of a page.
type pdf struct {
	d      *Drawing
	page   []byte
	alpha  uint8
	states map[uint8]bool // opacities in use
	font   pdfFont
}

// op writes an operator with its operands.
func (c *pdf) op(name string, operands ...float64) { c.page = appendOp(c.page, name, operands...) }

func appendOp(out []byte, name string, operands ...float64) []byte {
	for _, v := range operands {
		out = append(appendThousandths(out, v), ' ')
	}
	return append(append(out, name...), '\n')
}

// SetColor sets the color for drawing.
func (c *pdf) SetColor(to color.Color) {
	n := color.NRGBAModel.Convert(to).(color.NRGBA)
	r, g, b := float64(n.R)/255, float64(n.G)/255, float64(n.B)/255
	c.op("rg", r, g, b)
	c.op("RG", r, g, b)
	if n.A != c.alpha {
		c.alpha = n.A
		c.states[n.A] = true
		c.page = fmt.Appendf(c.page, "/A%d gs\n", n.A)
	}
}

// SetLineWidth sets the width of lines.
func (c *pdf) SetLineWidth(w vg.Length) { c.op("w", float64(w)) }

// SetLineDash sets the lengths of dashes and gaps, and the offset of the start.
func (c *pdf) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.page = append(c.page, '[')
	for _, d := range pattern {
		c.page = append(appendThousandths(c.page, float64(d)), ' ')
	}
	c.page = append(c.page, "] "...)
	c.op("d", float64(offset))
}

// Fill fills a path.
func (c *pdf) Fill(path vg.Path) { c.path(path, "f") }

// Stroke draws lines along a path.
func (c *pdf) Stroke(path vg.Path) { c.path(path, "S") }

func (c *pdf) path(path vg.Path, paint string) {
	if len(path) > 0 {
		c.page = append(appendPath(c.page, path), paint+"\n"...)
	}
}

// appendPath appends the operators of a path. PDF has only cubic curves.
func appendPath(out []byte, path vg.Path) []byte {
	var at vg.Point
	line := func(p vg.Point) {
		out = appendOp(out, "l", float64(p.X), float64(p.Y))
		at = p
	}
	cubic := func(p, q, r vg.Point) {
		out = appendOp(out, "c", float64(p.X), float64(p.Y), float64(q.X), float64(q.Y), float64(r.X), float64(r.Y))
		at = r
	}
	move := func(p vg.Point) {
		out = appendOp(out, "m", float64(p.X), float64(p.Y))
		at = p
	}
	for i := range path {
		switch s := &path[i]; s.Type {
		case vg.MoveComp:
			move(s.Pos)
		case vg.LineComp:
			line(s.Pos)
		case vg.CurveComp:
			if len(s.Control) == 2 {
				cubic(s.Control[0], s.Control[1], s.Pos)
				continue
			}
			q := s.Control[0]
			cubic(at.Add(q.Sub(at).Scale(2./3)), s.Pos.Add(q.Sub(s.Pos).Scale(2./3)), s.Pos)
		case vg.ArcComp:
			if i == 0 {
				move(arcPoint(s, 0))
			} else {
				line(arcPoint(s, 0))
			}
			const parts = 8 // within a 10,000th of the radius
			for n := range parts {
				part := vg.PathComp{Pos: s.Pos, Radius: s.Radius, Start: s.Start + s.Angle*float64(n)/parts, Angle: s.Angle / parts}
				from, to := arcPoint(&part, 0), arcPoint(&part, 1)
				k := vg.Length(4. / 3 * math.Tan(part.Angle/4))
				cubic(
					vg.Point{X: from.X - k*(from.Y-s.Pos.Y), Y: from.Y + k*(from.X-s.Pos.X)},
					vg.Point{X: to.X + k*(to.Y-s.Pos.Y), Y: to.Y - k*(to.X-s.Pos.X)},
					to,
				)
			}
		case vg.CloseComp:
			out = append(out, "h\n"...)
		}
	}
	return out
}

// drawText draws a text, with each glyph at its position in the layout.
func (c *pdf) drawText(t *Text, f *face, x, y float64) {
	text, width := visible(t.Text, f, 2*float64(c.d.Width+c.d.Height))
	if width == 0 {
		return
	}
	c.SetColor(t.Color.nrgba())
	sin, cos := math.Sincos(-t.Rotate * math.Pi / 180)
	c.page = append(c.page, "BT\n"...)
	c.op("Tm", cos, sin, -sin, cos, x, float64(c.d.Height)-y)
	part := -1
	for _, r := range text {
		font, code, natural := c.font.use(r)
		if font != part {
			if part >= 0 {
				c.page = append(c.page, "] TJ\n"...)
			}
			c.page = fmt.Appendf(c.page, "/F%d %d Tf\n[", font, f.size)
			part = font
		}
		c.page = fmt.Appendf(c.page, "<%02x>", code)
		if lacks := math.Round(natural - f.glyph(r).advance*pdfFontSize/float64(f.size)); lacks != 0 {
			c.page = append(appendThousandths(c.page, lacks), ' ')
		}
	}
	c.page = append(c.page, "] TJ\nET\n"...)
}

// pdfString returns a text string object.
func pdfString(s string) string {
	out := "<FEFF"
	for _, u := range utf16.Encode([]rune(s)) {
		out += fmt.Sprintf("%04X", u)
	}
	return out + ">"
}
