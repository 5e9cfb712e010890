package graph

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

// Canvas is the part of gonum's vg.Canvas that Paint needs. Its y grows upwards.
type Canvas interface {
	SetColor(color.Color)
	SetLineWidth(vg.Length)
	SetLineDash(pattern []vg.Length, offset vg.Length)
	Stroke(vg.Path)
	Fill(vg.Path)
}

// textCanvas is a canvas that draws text itself. Other canvases fill the outlines of glyphs.
// x and y are the origin of the baseline.
type textCanvas interface {
	drawText(t *Text, f *face, x, y float64)
}

// groupCanvas is a canvas that groups the elements of a series.
type groupCanvas interface {
	begin(series string)
	end()
}

// Paint paints a drawing on a canvas of the same size in points, which is already filled with
// the background.
func Paint(c Canvas, d *Drawing) {
	p := painter{c: c, d: d, faces: map[float64]*face{}, scale: 1}
	p.textCanvas, _ = c.(textCanvas)
	p.groupCanvas, _ = c.(groupCanvas)
	if d.Scale > 0 {
		p.scale = d.Scale
	}
	for _, t := range d.Texts {
		if t.Kind != PieText { // painted after the slices
			p.text(t)
		}
	}
	if d.NoData {
		return
	}
	for _, e := range d.Legend.Entries {
		p.legendBox(e)
	}
	if d.Area.empty() {
		return
	}
	if d.Pie != nil {
		p.pie(d.Pie)
		return
	}
	p.grid()
	var covered cover
	lines := false // whether a line was painted
	for i := range d.Series {
		t := &d.Series[i]
		if p.groupCanvas != nil {
			p.groupCanvas.begin(t.Name)
		}
		if t.Stacked {
			p.area(t, &covered)
		} else {
			if !lines {
				covered, lines = cover{}, true // as in Graphite, areas after lines start anew
			}
			p.line(t)
		}
		if p.groupCanvas != nil {
			p.groupCanvas.end()
		}
	}
}

// painter paints a drawing. It converts coordinates to those of the canvas, whose y grows
// upwards.
type painter struct {
	c           Canvas
	textCanvas  // nil if c is not one
	groupCanvas // nil if c is not one
	d           *Drawing
	scale       float64           // pixels of the image per pixel of the drawing
	faces       map[float64]*face // by size
	path        vg.Path           // memory that is reused
	clamped     []PathPoint       // memory that is reused
}

func (p *painter) at(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(float64(p.d.Height) - y)}
}

// outside reports whether an element within size pixels of y is outside of the picture. A
// legend may have thousands of such entries.
func (p *painter) outside(y, size float64) bool { return y < -size || y > float64(p.d.Height)+size }

// text paints a text.
func (p *painter) text(t Text) {
	f := p.faces[t.Size]
	if f == nil {
		f = newFace(t.Size, p.d.Font.Bold, p.d.Font.Italic)
		p.faces[t.Size] = f
	}
	// Offset of the origin of the baseline from the anchor, before rotation.
	across, down := 0.0, 0.0
	switch t.Align {
	case Center:
		across = -t.Width / 2
	case Right:
		across = -t.Width
	}
	switch t.VAlign {
	case Top:
		down = f.ascent()
	case Middle:
		down = f.height()/2 - f.descent()
	}
	sin, cos := math.Sincos(t.Rotate * math.Pi / 180)
	// Hinted glyphs must start at integer coordinates.
	x := math.Round(t.X + across*cos - down*sin)
	y := math.Round(t.Y + across*sin + down*cos)
	if t.Rotate == 0 && p.outside(y, t.Size) {
		return
	}
	if p.textCanvas != nil {
		p.drawText(&t, f, x, y)
		return
	}
	p.outlines(&t, f, x, y)
}

// outlines fills the outlines of the glyphs of a text.
func (p *painter) outlines(t *Text, f *face, x, y float64) {
	sin, cos := math.Sincos(t.Rotate * math.Pi / 180)
	path := p.path[:0]
	place := func(gx, gy float64) vg.Point { // gy upwards
		return p.at(x+gx*cos+gy*sin, y+gx*sin-gy*cos)
	}
	pen := 0.0
	limit := float64(p.d.Width + p.d.Height)
	for _, r := range t.Text {
		g := f.glyph(r)
		if pen > limit*2 {
			break
		}
		for _, contour := range g.contours {
			outline(&path, contour, func(q glyphPoint) vg.Point { return place(pen+q.x, q.y) })
		}
		pen += g.advance
	}
	p.c.SetColor(t.Color.nrgba())
	p.c.Fill(path)
	p.path = path
}

// outline adds a closed curve to a path. Between two consecutive control points there is an
// implied point on the curve.
func outline(path *vg.Path, contour []glyphPoint, place func(glyphPoint) vg.Point) {
	n := len(contour)
	if n < 2 {
		return
	}
	middle := func(a, b glyphPoint) glyphPoint { return glyphPoint{(a.x + b.x) / 2, (a.y + b.y) / 2, true} }
	start, first := contour[0], 1
	if !start.on {
		start, first = middle(contour[n-1], contour[0]), 0
	}
	path.Move(place(start))
	for i := first; i < n; i++ {
		q := contour[i]
		if q.on {
			path.Line(place(q))
			continue
		}
		end := start
		if i+1 < n {
			end = contour[i+1]
			if !end.on {
				end = middle(q, end)
			} else {
				i++
			}
		}
		path.QuadTo(place(q), place(end))
	}
	path.Close()
}

func (p *painter) legendBox(e LegendEntry) {
	x, y := math.Round(e.BoxX), math.Round(e.BoxY)
	if p.outside(y, e.BoxSize) {
		return
	}
	rectangle := func(x, y, size float64) vg.Path {
		var path vg.Path
		path.Move(p.at(x, y))
		path.Line(p.at(x+size, y))
		path.Line(p.at(x+size, y+size))
		path.Line(p.at(x, y+size))
		path.Close()
		return path
	}
	p.c.SetColor(e.Color.withAlpha(1).nrgba())
	p.c.Fill(rectangle(x, y, e.BoxSize))
	p.c.SetLineWidth(1)
	p.c.SetColor(named("darkgrey").nrgba())
	p.c.Stroke(rectangle(x+0.5, y+0.5, e.BoxSize))
}

// grid paints the grid lines, each centered on a pixel: between two pixels it would look twice
// as wide and half as strong.
func (p *painter) grid() {
	g, a := &p.d.Grid, p.d.Area
	if !g.Drawn {
		return
	}
	lines := func(l GridLines, ends func(at float64) (from, to vg.Point)) {
		if len(l.At) == 0 {
			return
		}
		path := p.path[:0]
		width, middle := p.thin(l.Width)
		for _, at := range l.At {
			// tolerates rounding errors: 75.9999999 is 76
			from, to := ends(math.Round(math.Floor(at+1e-6)*p.scale)/p.scale + middle)
			path.Move(from)
			path.Line(to)
		}
		p.path = path
		p.c.SetLineWidth(vg.Length(width))
		p.c.SetColor(l.Color.nrgba())
		p.c.Stroke(path)
	}
	across := func(y float64) (from, to vg.Point) { return p.at(a.XMin, y), p.at(a.XMax, y) }
	upright := func(x float64) (from, to vg.Point) { return p.at(x, a.YMax), p.at(x, a.YMin) }
	p.c.SetLineDash(nil, 0)
	lines(g.HMinor, across)
	lines(g.HMajor, across)
	lines(g.VMinor, upright)
	lines(g.VMajor, upright)
	lines(g.Border, upright)
}

// thin returns the width of a line, rounded to whole pixels if it has at least one, and the
// distance of its center from the edge of its first pixel.
func (p *painter) thin(width float64) (fits, middle float64) {
	pixels := width * p.scale
	if pixels >= 1 {
		pixels = math.Round(pixels)
	}
	return pixels / p.scale, max(pixels, 1) / p.scale / 2
}

// area fills the part of an area that is not covered by those before it.
func (p *painter) area(t *Trace, covered *cover) {
	path := p.path[:0]
	for _, f := range t.Fills {
		piece := t.Path[f.First:f.End]
		p.clamped = clampPath(p.clamped[:0], piece)
		for _, polygon := range covered.add(p.clamped, clamp(f.BaseY)) {
			polygon = clipPolygon(polygon, p.d.Area)
			path = slices.Grow(path, len(polygon)+1)
			for i, q := range polygon {
				if i == 0 {
					path.Move(p.at(q.x, q.y))
				} else {
					path.Line(p.at(q.x, q.y))
				}
			}
			path.Close()
		}
	}
	p.path = path
	if len(path) == 0 || t.Color.A == 0 {
		return
	}
	p.c.SetColor(t.Color.nrgba())
	p.c.Fill(path)
}

// clampPath appends a path with clamped coordinates.
func clampPath(out, path []PathPoint) []PathPoint {
	for _, q := range path {
		out = append(out, PathPoint{q.Move, clamp(q.X), clamp(q.Y)})
	}
	return out
}

// leastDash is the length in pixels below which dashes are drawn as a solid line, because they
// would not be visible.
const leastDash = 0.5

// maxDashes is the number of dashes of a series above which it is drawn as a solid line. Such a
// line would cover the plot.
const maxDashes = 100_000

func (p *painter) line(t *Trace) {
	if t.Color.A == 0 {
		return
	}
	path := slices.Grow(p.path[:0], len(t.Path)+1)
	clipLine(t.Path, p.d.Area, func(move bool, q point) {
		if move {
			path.Move(p.at(q.x, q.y))
		} else {
			path.Line(p.at(q.x, q.y))
		}
	})
	p.path = path
	p.c.SetColor(t.Color.nrgba())
	p.dots(t)
	if len(path) == 0 {
		return
	}
	p.c.SetLineWidth(vg.Length(t.LineWidth))
	p.c.SetLineDash(nil, 0)
	if t.Dash >= leastDash && length(path) < maxDashes*t.Dash {
		p.c.SetLineDash([]vg.Length{vg.Length(t.Dash)}, 1)
	}
	p.c.Stroke(path)
}

// length returns the total length of the lines of a path.
func length(path vg.Path) float64 {
	sum := 0.0
	for i := 1; i < len(path); i++ {
		if path[i].Type == vg.LineComp {
			d := path[i].Pos.Sub(path[i-1].Pos)
			sum += math.Hypot(float64(d.X), float64(d.Y))
		}
	}
	return sum
}

// shortest is the length in pixels below which a line is invisible.
const shortest = 2

// dots marks isolated points, whose line is too short to be visible, so that the first point
// of a new series is not an empty graph. Graphite draws nothing there.
func (p *painter) dots(t *Trace) {
	if t.DrawAsInfinite {
		return
	}
	var path vg.Path
	for rest := t.Path; len(rest) > 0; {
		n := 1
		for n < len(rest) && !rest[n].Move {
			n++
		}
		piece := rest[:n]
		rest = rest[n:]
		if !isolated(t, piece, len(t.Path)-len(rest) == n) {
			continue
		}
		q := piece[0]
		if a := p.d.Area; q.X < a.XMin || q.X > a.XMax+1 || q.Y < a.YMin || q.Y > a.YMax {
			continue
		}
		radius := vg.Length(max(2, t.LineWidth))
		center := p.at(q.X, q.Y)
		path.Move(vg.Point{X: center.X + radius, Y: center.Y})
		path.Arc(center, radius, 0, 2*math.Pi)
		path.Close()
	}
	if len(path) > 0 {
		p.c.Fill(path)
	}
}

// isolated reports whether a part of a path is a single point. The first part of a path that
// starts with a missing value is not a point, although it has an end.
func isolated(t *Trace, piece []PathPoint, first bool) bool {
	if len(piece) == 1 && !(first && len(t.Values) > 0 && t.Values[0] == t.Values[0]) {
		return false
	}
	for _, q := range piece {
		if q.Y != piece[0].Y || math.Abs(q.X-piece[0].X) >= min(shortest, 1.01*t.XStep) {
			return false
		}
	}
	return true
}
