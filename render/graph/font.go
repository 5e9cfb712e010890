package graph

import (
	"fmt"
	"math"
	"sync"

	"carbon/render/graph/raster"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusansboldoblique"
	"github.com/go-fonts/dejavu/dejavusansoblique"
	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/vg"
)

// regular and the others are DejaVu Sans: the font that cairo finds under the
// name Sans on most systems that Graphite runs on.
var (
	regular     = embedded(dejavusans.TTF)
	bold        = embedded(dejavusansbold.TTF)
	oblique     = embedded(dejavusansoblique.TTF)
	boldOblique = embedded(dejavusansboldoblique.TTF)
)

// embedded returns a font that is parsed when it is first needed.
func embedded(ttf []byte) func() *truetype.Font {
	return sync.OnceValue(func() *truetype.Font {
		f, err := truetype.Parse(ttf)
		if err != nil {
			panic(fmt.Sprintf("embedded font: %v", err))
		}
		return f
	})
}

// styled is the font of a style.
func (k faceKey) styled() *truetype.Font {
	switch {
	case k.bold && k.italic:
		return boldOblique()
	case k.bold:
		return bold()
	case k.italic:
		return oblique()
	}
	return regular()
}

// typecase holds the faces in use, so that a letter is taken out of the font once
// and not for each picture. When there are too many letters it is begun anew.
var typecase struct {
	sync.Mutex
	faces  map[faceKey]*face
	glyphs int // taken out so far
}

type faceKey struct {
	size         int
	bold, italic bool
}

// mostGlyphs bounds the typecase: some 10 MB.
const mostGlyphs = 5000

// face is a font at one size. It remembers the glyphs it was asked for, and may
// be used by many at once.
//
// Like cairo's, its letters are fitted to whole pixels by the instructions in
// the font, and all advances are whole pixels; there is no kerning.
type face struct {
	faceKey
	font *truetype.Font

	mu     sync.RWMutex
	glyphs map[rune]*glyph
	buf    truetype.GlyphBuf
}

// newFace returns the font at the size in pixels, rounded to a whole number.
func newFace(size float64, bold, italic bool) *face {
	key := faceKey{int(math.Round(size)), bold, italic}
	typecase.Lock()
	defer typecase.Unlock()
	if typecase.faces == nil || typecase.glyphs > mostGlyphs {
		typecase.faces, typecase.glyphs = map[faceKey]*face{}, 0
	}
	f := typecase.faces[key]
	if f == nil {
		f = &face{faceKey: key, font: key.styled(), glyphs: map[rune]*glyph{}}
		typecase.faces[key] = f
		typecase.glyphs++
	}
	return f
}

// glyph is the shape of a character: closed curves around the origin of the
// baseline, y upwards, in pixels.
type glyph struct {
	advance  float64
	contours [][]glyphPoint
	masks    [4]*raster.Mask // by quarter turns clockwise; nil: not asked for yet
}

// glyphPoint is on the curve or, if not, a control point of a quadratic curve.
type glyphPoint struct {
	x, y float64
	on   bool
}

func (f *face) glyph(r rune) *glyph {
	f.mu.RLock()
	g := f.glyphs[r]
	f.mu.RUnlock()
	if g == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		if g = f.glyphs[r]; g == nil {
			g = f.take(r)
			f.glyphs[r] = g
			typecase.Lock()
			typecase.glyphs++
			typecase.Unlock()
		}
	}
	return g
}

// mask is what of the pixels a glyph covers, turned clockwise by quarters.
func (f *face) mask(g *glyph, quarters int) *raster.Mask {
	f.mu.RLock()
	m := g.masks[quarters]
	f.mu.RUnlock()
	if m == nil {
		var path vg.Path
		for _, contour := range g.contours {
			outline(&path, contour, func(q glyphPoint) vg.Point {
				for range quarters {
					q.x, q.y = q.y, -q.x
				}
				return vg.Point{X: vg.Length(q.x), Y: vg.Length(q.y)}
			})
		}
		m = raster.NewMask(path)
		f.mu.Lock()
		g.masks[quarters] = m
		f.mu.Unlock()
	}
	return m
}

// take takes a glyph out of the font.
func (f *face) take(r rune) *glyph {
	if f.size < 1 {
		return &glyph{} // nothing to be seen
	}
	index := f.font.Index(r)
	// The oblique fonts have no instructions; what is made up instead is not what
	// cairo does.
	if f.italic || f.size < leastHinted || !f.load(index, font.HintingFull) {
		f.load(index, font.HintingNone)
	}
	g := &glyph{advance: f.scaled(math.Round(float64(f.buf.AdvanceWidth) / 64))}
	from := 0
	for _, end := range f.buf.Ends {
		contour := make([]glyphPoint, 0, end-from)
		for _, p := range f.buf.Points[from:end] {
			contour = append(contour, glyphPoint{float64(p.X) / 64, float64(p.Y) / 64, p.Flags&1 != 0})
		}
		g.contours = append(g.contours, contour)
		from = end
	}
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
