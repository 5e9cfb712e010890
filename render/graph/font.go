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

// The styles of DejaVu Sans, the font that cairo uses for the name Sans on most systems that
// run Graphite.
var (
	regular     = embedded(dejavusans.TTF)
	bold        = embedded(dejavusansbold.TTF)
	oblique     = embedded(dejavusansoblique.TTF)
	boldOblique = embedded(dejavusansboldoblique.TTF)
)

// embedded returns a function that parses a font once, when it is first called.
func embedded(ttf []byte) func() *truetype.Font {
	return sync.OnceValue(func() *truetype.Font {
		f, err := truetype.Parse(ttf)
		if err != nil {
			panic(fmt.Sprintf("embedded font: %v", err))
		}
		return f
	})
}

// styled returns the font of a style.
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

// faceCache holds the faces in use, so that a glyph is loaded once and not for each picture.
// It is cleared when it holds too many glyphs.
var faceCache struct {
	sync.Mutex
	faces  map[faceKey]*face
	glyphs int // loaded so far
}

type faceKey struct {
	size         int
	bold, italic bool
}

// maxGlyphs bounds faceCache to about 10 MB.
const maxGlyphs = 5000

// face is a font at one size, with a cache of glyphs. It is safe for concurrent use.
//
// As in cairo, glyphs are hinted by the instructions in the font, and advances are integers;
// there is no kerning.
type face struct {
	faceKey
	font *truetype.Font

	mu     sync.RWMutex
	glyphs map[rune]*glyph
	buf    truetype.GlyphBuf
}

// newFace returns the face of a size in pixels, rounded to an integer.
func newFace(size float64, bold, italic bool) *face {
	key := faceKey{int(math.Round(size)), bold, italic}
	faceCache.Lock()
	defer faceCache.Unlock()
	if faceCache.faces == nil || faceCache.glyphs > maxGlyphs {
		faceCache.faces, faceCache.glyphs = map[faceKey]*face{}, 0
	}
	f := faceCache.faces[key]
	if f == nil {
		f = &face{faceKey: key, font: key.styled(), glyphs: map[rune]*glyph{}}
		faceCache.faces[key] = f
		faceCache.glyphs++
	}
	return f
}

// glyph is the shape of a character: closed curves in pixels from the origin on the baseline;
// y grows upwards.
type glyph struct {
	advance  float64
	contours [][]glyphPoint
	masks    [4]*raster.Mask // by clockwise quarter turns; nil: not made yet
}

// glyphPoint is a point on the curve or a control point of a quadratic curve.
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
			g = f.load(r)
			f.glyphs[r] = g
			faceCache.Lock()
			faceCache.glyphs++
			faceCache.Unlock()
		}
	}
	return g
}

// mask returns the mask of a glyph, rotated clockwise by quarter turns.
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

// load reads a glyph from the font.
func (f *face) load(r rune) *glyph {
	if f.size < 1 {
		return &glyph{} // invisible
	}
	index := f.font.Index(r)
	// The oblique fonts have no instructions, and automatic hinting differs from
	// cairo's.
	if f.italic || f.size < leastHinted || !f.loadOutline(index, font.HintingFull) {
		f.loadOutline(index, font.HintingNone)
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

// leastHinted is the smallest size that is hinted. Smaller text is not readable.
const leastHinted = 5

// loadOutline loads a glyph into the buffer. The interpreter of the font's instructions does
// not support those of a few rare glyphs, and may panic.
func (f *face) loadOutline(index truetype.Index, hinting font.Hinting) (ok bool) {
	defer func() {
		if recover() != nil {
			f.buf = truetype.GlyphBuf{} // its state is undefined
			ok = false
		}
	}()
	return f.buf.Load(f.font, fixed.I(f.size), index, hinting) == nil
}

// width returns the advance of a text in pixels.
func (f *face) width(text string) float64 {
	w := 0.0
	for _, r := range text {
		w += f.glyph(r).advance
	}
	return w
}

// scaled returns an integer length as cairo reports it: divided by the size and multiplied
// again. The rounding error, as of 6 pixels at size 10, may decide whether one more point fits
// into the plot.
func (f *face) scaled(pixels float64) float64 {
	size := float64(max(f.size, 1))
	return pixels * (1 / size) * size
}

// The metrics of a line of DejaVu Sans relative to its size, rounded as cairo does.
func (f *face) ascent() float64  { return f.scaled(math.Ceil(0.9282 * float64(f.size))) }
func (f *face) descent() float64 { return f.scaled(math.Ceil(0.2358 * float64(f.size))) }
func (f *face) height() float64  { return f.scaled(math.Round(1.1641 * float64(f.size))) }
