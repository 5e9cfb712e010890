package graph

import (
	"fmt"
	"math"
	"sync"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// fonts returns DejaVu Sans, regular and bold: the font that cairo finds under
// the name Sans on most systems that Graphite runs on.
var fonts = sync.OnceValue(func() (f struct{ regular, bold *truetype.Font }) {
	for _, one := range []struct {
		to  **truetype.Font
		ttf []byte
	}{{&f.regular, dejavusans.TTF}, {&f.bold, dejavusansbold.TTF}} {
		parsed, err := truetype.Parse(one.ttf)
		if err != nil {
			panic(fmt.Sprintf("embedded font: %v", err))
		}
		*one.to = parsed
	}
	return f
})

// face is a font at one size. It remembers the glyphs it was asked for, so it
// belongs to one drawing and one goroutine.
//
// Like cairo's, its letters are fitted to whole pixels by the instructions in
// the font, and all advances are whole pixels; there is no kerning.
type face struct {
	font   *truetype.Font
	size   int
	italic bool
	glyphs map[rune]glyph
	buf    truetype.GlyphBuf
}

// newFace returns the font at the size in pixels, rounded to a whole number.
func newFace(size float64, bold, italic bool) *face {
	f := &face{font: fonts().regular, size: int(math.Round(size)), italic: italic, glyphs: make(map[rune]glyph)}
	if bold {
		f.font = fonts().bold
	}
	return f
}

// glyph is the shape of a character: closed curves around the origin of the
// baseline, y upwards, in pixels.
type glyph struct {
	advance  float64
	contours [][]glyphPoint
}

// glyphPoint is on the curve or, if not, a control point of a quadratic curve.
type glyphPoint struct {
	x, y float64
	on   bool
}

func (f *face) glyph(r rune) glyph {
	if g, ok := f.glyphs[r]; ok {
		return g
	}
	index := f.font.Index(r)
	if f.size < leastHinted || !f.load(index, font.HintingFull) {
		f.load(index, font.HintingNone)
	}
	g := glyph{advance: f.scaled(math.Round(float64(f.buf.AdvanceWidth) / 64))}
	from := 0
	for _, end := range f.buf.Ends {
		contour := make([]glyphPoint, 0, end-from)
		for _, p := range f.buf.Points[from:end] {
			q := glyphPoint{float64(p.X) / 64, float64(p.Y) / 64, p.Flags&1 != 0}
			if f.italic {
				q.x += q.y * slant
			}
			contour = append(contour, q)
		}
		g.contours = append(g.contours, contour)
		from = end
	}
	f.glyphs[r] = g
	return g
}

// leastHinted is the smallest size at which letters are fitted to pixels; below
// there is nothing to read.
const leastHinted = 5

// load puts a glyph into the buffer. The interpreter of the font's instructions
// knows not all that a few rare glyphs ask of it, and may panic about it.
func (f *face) load(index truetype.Index, hinting font.Hinting) (ok bool) {
	defer func() {
		if recover() != nil {
			f.buf = truetype.GlyphBuf{} // in no defined state
			ok = false
		}
	}()
	return f.buf.Load(f.font, fixed.I(f.size), index, hinting) == nil
}

// slant is how far DejaVu Sans Oblique leans to the right: 11 degrees. Its
// advances are those of the upright font.
const slant = 0.194

// width is the advance of a text in pixels.
func (f *face) width(text string) float64 {
	w := 0.0
	for _, r := range text {
		w += f.glyph(r).advance
	}
	return w
}

// scaled is a length of whole pixels as cairo reports it: divided by the size and
// multiplied again, which 6 pixels at size 10 do not survive unchanged. Whether a
// point more fits into the plot may depend on it.
func (f *face) scaled(pixels float64) float64 {
	size := float64(max(f.size, 1))
	return pixels * (1 / size) * size
}

// The metrics of a line of DejaVu Sans in units of its size, and how cairo
// makes whole pixels of them.
func (f *face) ascent() float64  { return f.scaled(math.Ceil(0.9282 * float64(f.size))) }
func (f *face) descent() float64 { return f.scaled(math.Ceil(0.2358 * float64(f.size))) }
func (f *face) height() float64  { return f.scaled(math.Round(1.1641 * float64(f.size))) }
