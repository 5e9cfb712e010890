package graph

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"carbon/render/function"

	"gonum.org/v1/plot/vg"
)

// DrawSVG writes the graph of the series as an SVG image with real text. Each line and area
// has the name of its series as title. As in Graphite, a script sets the variable metadata,
// which describes the graph. Options.Scale has no effect. The error is an *OptionError or that
// of w.
func DrawSVG(w io.Writer, o Options, series []function.Series, span Span) error {
	o.Scale = 0
	d, err := Layout(o, series, span)
	if err != nil {
		return err
	}
	c := &svg{d: d}
	c.open()
	Paint(c, d)
	script, err := metadata(d)
	if err != nil {
		return err
	}
	c.print("</g>\n<script><![CDATA[\nmetadata = ", script, "\n]]></script>\n</svg>\n")
	_, err = w.Write(c.out)
	return err
}

// svg is a canvas that writes elements.
type svg struct {
	d     *Drawing
	out   []byte
	paint color.NRGBA
	width float64
	dash  []float64
	from  float64 // offset of the start in the dashes
}

// fontFamily is the font of the layout, and similar fonts.
const fontFamily = "DejaVu Sans, Bitstream Vera Sans, Verdana, sans-serif"

func (c *svg) open() {
	d := c.d
	c.out = fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="%dpx" height="%dpx" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%[3]s">
`, d.Width, d.Height, xmlText(d.label()))
	c.print(`<g class="graphite" fill="none" stroke-miterlimit="10" font-family="`, fontFamily, `"`)
	if d.Font.Bold {
		c.print(` font-weight="bold"`)
	}
	if d.Font.Italic {
		c.print(` font-style="oblique"`)
	}
	c.print(` xml:space="preserve">`, "\n")
	if d.Background.A > 0 {
		c.SetColor(d.Background.nrgba())
		c.print(`<rect width="100%" height="100%"`)
		c.color("fill")
		c.print("/>\n")
	}
}

// maxNamed is the number of series that the description of a picture names.
const maxNamed = 10

// label returns a description of the picture: its title, or the names of its series.
func (d *Drawing) label() string {
	var words []string
	for i := range d.Texts {
		if d.Texts[i].Kind == TitleText {
			words = append(words, d.Texts[i].Text)
		}
	}
	switch {
	case len(words) > 0:
		return shorten(strings.Join(words, " "))
	case d.NoData:
		return "No Data"
	}
	var names []string
	for i := range d.Series {
		if t := &d.Series[i]; !t.Outline {
			names = append(names, t.Name)
		}
	}
	if d.Pie != nil {
		for _, s := range d.Pie.Slices {
			names = append(names, s.Name)
		}
	}
	if n := len(names); n > maxNamed {
		names = append(names[:maxNamed], fmt.Sprintf("and %d more", n-maxNamed))
	}
	for i := range names {
		names[i] = shorten(names[i])
	}
	return strings.Join(names, ", ")
}

// shorten shortens a text for a description.
func shorten(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

func (c *svg) print(parts ...string) {
	for _, s := range parts {
		c.out = append(c.out, s...)
	}
}

// number writes v, rounded to a thousandth of a pixel.
func (c *svg) number(v float64) { c.out = appendThousandths(c.out, v) }

// appendThousandths appends v, rounded to thousandths, with as few digits as possible.
func appendThousandths(out []byte, v float64) []byte {
	if !(math.Abs(v) < 1e9) {
		v = 0
	}
	v = math.Round(v*1000) / 1000
	if v == 0 {
		v = 0 // and not -0
	}
	return strconv.AppendFloat(out, v, 'f', -1, 64)
}

func (c *svg) attribute(name string, v float64) {
	c.print(" ", name, `="`)
	c.number(v)
	c.print(`"`)
}

// color writes the color attributes of fill or stroke.
func (c *svg) color(of string) {
	p := c.paint
	c.out = fmt.Appendf(c.out, ` %s="#%02x%02x%02x"`, of, p.R, p.G, p.B)
	if p.A < 255 {
		c.attribute(of+"-opacity", float64(p.A)/255)
	}
}

// SetColor sets the color for drawing.
func (c *svg) SetColor(to color.Color) { c.paint = color.NRGBAModel.Convert(to).(color.NRGBA) }

// SetLineWidth sets the width of lines.
func (c *svg) SetLineWidth(w vg.Length) { c.width = float64(w) }

// SetLineDash sets the lengths of dashes and gaps, and the offset of the start.
func (c *svg) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.dash, c.from = c.dash[:0], float64(offset)
	for _, d := range pattern {
		c.dash = append(c.dash, float64(d))
	}
}

// Fill fills a path.
func (c *svg) Fill(path vg.Path) {
	if len(path) > 0 {
		c.path(path)
		c.color("fill")
		c.print("/>\n")
	}
}

// Stroke draws lines along a path.
func (c *svg) Stroke(path vg.Path) {
	if len(path) == 0 || !(c.width > 0) {
		return
	}
	c.path(path)
	c.color("stroke")
	c.attribute("stroke-width", c.width)
	for i, d := range c.dash {
		if i == 0 {
			c.attribute("stroke-dashoffset", c.from)
			c.print(` stroke-dasharray="`)
		} else {
			c.print(" ")
		}
		c.number(d)
	}
	if len(c.dash) > 0 {
		c.print(`"`)
	}
	c.print("/>\n")
}

func (c *svg) path(path vg.Path) {
	c.print(`<path d="`)
	for i := range path {
		switch s := &path[i]; s.Type {
		case vg.MoveComp:
			c.to("M", s.Pos)
		case vg.LineComp:
			c.to("L", s.Pos)
		case vg.CurveComp:
			c.to([]string{"L", "Q", "C"}[len(s.Control)])
			for _, p := range s.Control {
				c.to("", p)
			}
			c.to("", s.Pos)
		case vg.ArcComp:
			c.arc(s, i == 0)
		case vg.CloseComp:
			c.print("Z")
		}
	}
	c.print(`"`)
}

// to writes a path command with points.
func (c *svg) to(command string, places ...vg.Point) {
	c.print(command)
	for _, p := range places {
		if command == "" {
			c.print(" ")
		}
		c.number(float64(p.X))
		c.print(" ")
		c.number(float64(c.d.Height) - float64(p.Y))
	}
}

// arc writes a line to the start of an arc, and the arc in four parts, because one arc command
// cannot draw a whole circle.
func (c *svg) arc(s *vg.PathComp, first bool) {
	if first {
		c.to("M", arcPoint(s, 0))
	} else {
		c.to("L", arcPoint(s, 0))
	}
	for i := 1; i <= 4; i++ {
		c.print("A")
		c.number(float64(s.Radius))
		c.print(" ")
		c.number(float64(s.Radius))
		if s.Angle > 0 {
			c.print(" 0 0 0") // counterclockwise in the picture
		} else {
			c.print(" 0 0 1")
		}
		c.to("", arcPoint(s, float64(i)/4))
	}
}

// arcPoint returns the point at the fraction t of an arc.
func arcPoint(s *vg.PathComp, t float64) vg.Point {
	sin, cos := math.Sincos(s.Start + s.Angle*t)
	return vg.Point{X: s.Pos.X + s.Radius*vg.Length(cos), Y: s.Pos.Y + s.Radius*vg.Length(sin)}
}

// drawText writes a text with its width in the layout.
func (c *svg) drawText(t *Text, f *face, x, y float64) {
	text, width := visible(t.Text, f, 2*float64(c.d.Width+c.d.Height))
	if width == 0 {
		return
	}
	c.SetColor(t.Color.nrgba())
	c.print("<text")
	c.attribute("x", x)
	c.attribute("y", y)
	c.attribute("font-size", float64(f.size))
	c.attribute("textLength", width)
	if t.Rotate != 0 {
		c.print(` transform="rotate(`)
		c.number(t.Rotate)
		c.print(" ")
		c.number(x)
		c.print(" ")
		c.number(y)
		c.print(`)"`)
	}
	c.color("fill")
	c.print(">", xmlText(text), "</text>\n")
}

// visible returns the part of a text within limit pixels, without trailing spaces, and its
// width.
func visible(text string, f *face, limit float64) (string, float64) {
	text = strings.TrimRight(text, " ")
	width := 0.0
	for i, r := range text {
		if width > limit {
			return text[:i], width
		}
		width += f.glyph(r).advance
	}
	return text, width
}

// begin starts a group, with the name of the series as tooltip.
func (c *svg) begin(series string) {
	c.print(`<g class="series"><title>`, xmlText(series), "</title>\n")
}

// end ends a group.
func (c *svg) end() { c.print("</g>\n") }

// xmlText escapes a text. Characters that XML does not allow, such as control characters, and
// invalid UTF-8 become U+FFFD.
func xmlText(s string) string {
	return xmlEscapes.Replace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, s))
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
