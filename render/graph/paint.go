package graph

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

// Canvas is the part of gonum's vg.Canvas that graphs are drawn with. Its y grows
// upwards.
type Canvas interface {
	SetColor(color.Color)
	SetLineWidth(vg.Length)
	SetLineDash(pattern []vg.Length, offset vg.Length)
	Stroke(vg.Path)
	Fill(vg.Path)
}

// letterer is a canvas that knows better than to fill the outlines of letters.
// It gets the origin of the baseline.
type letterer interface {
	letters(t *Text, f *face, x, y float64)
}

// grouper is a canvas that keeps together what belongs to a series.
type grouper interface {
	begin(series string)
	end()
}

// Paint draws d on the canvas, which has d's size in points and is filled with
// its background already.
func Paint(c Canvas, d *Drawing) {
	p := painter{c: c, d: d, faces: map[float64]*face{}, scale: 1}
	p.letterer, _ = c.(letterer)
	p.grouper, _ = c.(grouper)
	if d.Scale > 0 {
		p.scale = d.Scale
	}
	for _, t := range d.Texts {
		if t.Kind != PieText { // they come over the slices
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
	resting := false // an area was followed by something else
	for i := range d.Series {
		t := &d.Series[i]
		if p.grouper != nil {
			p.grouper.begin(t.Name)
		}
		if t.Stacked {
			p.area(t, &covered)
		} else {
			if !resting {
				covered, resting = cover{}, true // as in Graphite
			}
			p.line(t)
		}
		if p.grouper != nil {
			p.grouper.end()
		}
	}
}

// painter turns the picture's coordinates into the canvas', whose y grows
// upwards.
type painter struct {
	c        Canvas
	letterer // nil: letters are outlines
	grouper  // nil: nothing is kept together
	d        *Drawing
	scale    float64           // pixels of the image per pixel of the drawing
	faces    map[float64]*face // by size
	path     vg.Path           // to be used again, as is
	clamped  []PathPoint
}

func (p *painter) at(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(float64(p.d.Height) - y)}
}

// outside reports whether what reaches size pixels up and down from y cannot be
// seen. A legend may have thousands of such entries.
func (p *painter) outside(y, size float64) bool { return y < -size || y > float64(p.d.Height)+size }

// text writes a text.
func (p *painter) text(t Text) {
	f := p.faces[t.Size]
	if f == nil {
		f = newFace(t.Size, p.d.Font.Bold, p.d.Font.Italic)
		p.faces[t.Size] = f
	}
	// Origin of the baseline, before rotation, from the anchor.
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
	// Letters fit the pixels only if they begin on one.
	x := math.Round(t.X + across*cos - down*sin)
	y := math.Round(t.Y + across*sin + down*cos)
	if t.Rotate == 0 && p.outside(y, t.Size) {
		return
	}
	if p.letterer != nil {
		p.letterer.letters(&t, f, x, y)
		return
	}
	p.outlines(&t, f, x, y)
}

// outlines fills the outlines of a text's letters.
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

// outline adds a closed curve to the path. Between two control points in a row
// there is an unwritten point of the curve.
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

// grid draws the thin lines, each in the middle of a pixel: between two it would
// be twice as wide and half as strong.
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
			// 75.9999999 is 76
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

// thin is the width of a line so that it fits the pixels, if it has one at least,
// and how far its middle is from where its first pixel begins.
func (p *painter) thin(width float64) (fits, middle float64) {
	pixels := width * p.scale
	if pixels >= 1 {
		pixels = math.Round(pixels)
	}
	return pixels / p.scale, max(pixels, 1) / p.scale / 2
}

// area fills what the areas before left of this one.
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

// clampPath appends a path whose coordinates can be calculated with.
func clampPath(out, path []PathPoint) []PathPoint {
	for _, q := range path {
		out = append(out, PathPoint{q.Move, clamp(q.X), clamp(q.Y)})
	}
	return out
}

// leastDash is the shortest dash, in pixels, that is not drawn as a solid line:
// shorter ones could not be seen, but would have to be drawn.
const leastDash = 0.5

// mostDashes is how many dashes are drawn of one series: a line of more of them
// covers the plot.
const mostDashes = 100_000

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
	if t.Dash >= leastDash && length(path) < mostDashes*t.Dash {
		p.c.SetLineDash([]vg.Length{vg.Length(t.Dash)}, 1)
	}
	p.c.Stroke(path)
}

// length is that of all lines of a path.
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

// shortest is how far, in pixels, a piece of line must reach to be seen.
const shortest = 2

// dots marks points that stand alone and whose line is too short to be seen: the
// first point that somebody sends must not be an empty graph. Graphite draws
// nothing there.
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
		if !alone(t, piece, len(t.Path)-len(rest) == n) {
			continue
		}
		q := piece[0]
		if a := p.d.Area; q.X < a.XMin || q.X > a.XMax+1 || q.Y < a.YMin || q.Y > a.YMax {
			continue
		}
		radius := vg.Length(max(2, t.LineWidth))
		centre := p.at(q.X, q.Y)
		path.Move(vg.Point{X: centre.X + radius, Y: centre.Y})
		path.Arc(centre, radius, 0, 2*math.Pi)
		path.Close()
	}
	if len(path) > 0 {
		p.c.Fill(path)
	}
}

// alone tells whether a piece of a path is one point. The first piece of a path
// that begins with an unknown point is none, though it has an end.
func alone(t *Trace, piece []PathPoint, first bool) bool {
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
