package raster

import (
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

var (
	white = color.NRGBA{255, 255, 255, 255}
	blue  = color.NRGBA{0, 0, 255, 255}
	veil  = color.NRGBA{200, 0, 0, 100}
)

// strokes are the methods that both canvases have.
type strokes interface {
	SetColor(color.Color)
	SetLineWidth(vg.Length)
	SetLineDash([]vg.Length, vg.Length)
	Stroke(vg.Path)
	Fill(vg.Path)
}

func path(xy ...float64) vg.Path {
	var p vg.Path
	for i := 0; i < len(xy); i += 2 {
		if at := (vg.Point{X: vg.Length(xy[i]), Y: vg.Length(xy[i+1])}); i == 0 {
			p.Move(at)
		} else {
			p.Line(at)
		}
	}
	return p
}

// closed returns a closed path.
func closed(p vg.Path) vg.Path {
	p.Close()
	return p
}

// Pictures equal those of vgimg, except for joins of lines.
func TestAsVgimg(t *testing.T) {
	const width, height = 60, 40
	f := func(name string, draw func(c strokes)) {
		t.Helper()
		for _, scale := range []int{1, 2} {
			reference := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(72*scale))
			got := New(width*scale, height*scale, float64(scale), white)
			for _, c := range []strokes{got, reference} {
				c.SetLineWidth(1)
				draw(c)
			}
			overall, worst := 0, 0
			for y := range height * scale {
				for x := range width * scale {
					p := got.pix[y*width*scale+x]
					d := difference(color.RGBA{uint8(p), uint8(p >> 8), uint8(p >> 16), uint8(p >> 24)}, reference.Image().At(x, y))
					overall, worst = overall+d, max(worst, d)
				}
			}
			if mean := float64(overall) / float64(width*height*scale*scale); mean > 0.5 || worst > 60 {
				t.Errorf("%s, scale %d: differs by %.2f overall, by %d at worst", name, scale, mean, worst)
			}
			got.Release()
		}
	}
	f("rectangle", func(c strokes) { c.Fill(closed(path(3, 4, 30, 4, 30, 20.5, 3, 20.5))) })
	f("triangle", func(c strokes) { c.SetColor(blue); c.Fill(closed(path(3, 4, 50.3, 10, 20, 37.7))) })
	f("open", func(c strokes) { c.Fill(path(3, 4, 50.3, 10, 20, 37.7)) })
	f("through", func(c strokes) { c.SetColor(veil); c.Fill(closed(path(3, 4, 50, 30, 3, 30, 50, 4))) })
	f("outside", func(c strokes) { c.Fill(closed(path(-30, -10, 90, 20, 30, 70, -20, 50))) })
	f("line", func(c strokes) { c.SetColor(blue); c.Stroke(path(3, 4, 50, 30)) })
	f("steep", func(c strokes) { c.SetLineWidth(3); c.Stroke(path(20, -10, 30, 60)) })
	f("flat", func(c strokes) { c.SetLineWidth(0.4); c.Stroke(path(2, 20.5, 58, 20.5)) })
	f("wave", func(c strokes) {
		c.SetColor(veil)
		c.SetLineWidth(1.2)
		var p []float64
		for x := 0.0; x < 60; x++ {
			p = append(p, x, 20+15*math.Sin(x/9))
		}
		c.Stroke(path(p...))
	})
	f("dashes", func(c strokes) {
		c.SetLineDash([]vg.Length{5, 3}, 1)
		c.Stroke(path(2, 4, 55, 10, 10, 30)) // vgimg forgets the offset after the first piece
	})
	f("circle", func(c strokes) {
		p := path(45, 20)
		p.Arc(vg.Point{X: 30, Y: 20}, 15, 0, 2*math.Pi)
		p.Close()
		c.Fill(p)
	})
	f("slice", func(c strokes) {
		p := path(30, 20, 30, 35)
		p.Arc(vg.Point{X: 30, Y: 20}, 15, math.Pi/2, -2)
		p.Close()
		c.SetColor(veil)
		c.Fill(p)
	})
	f("curves", func(c strokes) {
		p := path(5, 5)
		p.QuadTo(vg.Point{X: 30, Y: 40}, vg.Point{X: 50, Y: 5})
		p.CubeTo(vg.Point{X: 40, Y: 20}, vg.Point{X: 10, Y: -10}, vg.Point{X: 5, Y: 5})
		p.Close()
		c.Fill(p)
	})
}

// Edges add up exactly: nothing is painted beside closed outlines.
func TestNothingBeside(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	c := New(50, 50, 1, white)
	for range 300 {
		var xy []float64
		for range 3 + r.IntN(20) {
			xy = append(xy, 10+30*r.Float64(), 10+30*r.Float64())
		}
		c.SetLineWidth(vg.Length(r.Float64()))
		c.Fill(closed(path(xy...)))
		c.Stroke(path(xy...))
	}
	for i, p := range c.pix {
		if x, y := i%50, i/50; (x < 4 || x > 46 || y < 4 || y > 46) && p != 0xffffffff {
			t.Fatalf("%08x at %d,%d", p, x, y)
		}
	}
	for i, cell := range c.edges.cells {
		if cell != 0 {
			t.Fatalf("cell %d holds %d for the next picture", i, cell)
		}
	}
}

// As in cairo, lines are joined with miters up to a limit.
func TestMiter(t *testing.T) {
	f := func(blunt bool, xy ...float64) {
		t.Helper()
		c := New(60, 40, 1, white)
		c.SetLineWidth(4)
		c.Stroke(path(xy...))
		// 2 above the corner, which is at 30, 30
		if painted := c.pix[(40-33)*60+30] != 0xffffffff; painted == blunt {
			t.Errorf("%v: the point is drawn: %t", xy, painted)
		}
	}
	f(false, 10, 5, 30, 30, 50, 5)
	f(true, 29, 5, 30, 30, 31, 5)
}

// Invalid lengths and coordinates neither fail nor take long.
func FuzzCanvas(f *testing.F) {
	f.Add(3.0, 4.0, 50.0, 1e300, math.Inf(-1), math.NaN(), 1.5, 2.0)
	f.Add(0.0, 0.0, 59.999, 39.999, 60.0, 40.0, 1e9, 1e-9)
	f.Fuzz(func(t *testing.T, x0, y0, x1, y1, x2, y2, width, dash float64) {
		c := New(60, 40, 1.5, white)
		c.SetLineWidth(vg.Length(width))
		p := path(x0, y0, x1, y1, x2, y2)
		c.Stroke(p)
		c.Fill(p)
		p.Arc(vg.Point{X: vg.Length(x0), Y: vg.Length(y0)}, vg.Length(width), x1, y1)
		c.Fill(p)
		if dash < 1 || !(math.Abs(x0)+math.Abs(x1)+math.Abs(x2)+math.Abs(y0)+math.Abs(y1)+math.Abs(y2) < 1e5) {
			return // as many as there are: that is for the caller to bound
		}
		c.SetLineDash([]vg.Length{vg.Length(dash)}, 1)
		c.Stroke(p[:3])
		for _, cell := range c.edges.cells {
			if cell != 0 {
				t.Fatal("a cell is left over for the next picture")
			}
		}
		c.Release()
	})
}
