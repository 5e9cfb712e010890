package graph

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"math"
	"os"
	"reflect"
	"sync"
	"testing"

	"carbon/render/function"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

// TestGolden compares pictures with those of testdata. They may differ as those of two
// rasterizers do: slightly in many pixels, but not visibly over an area.
func TestGolden(t *testing.T) {
	lines := []function.Series{
		wave("web01", 240, 10, 50, 100), wave("web02", 240, 15, 60, 70), wave("db01", 240, 0, 30, 45),
	}
	gaps := series("gaps", 3, 4, unknown, 6, 5, unknown, unknown, 8, unknown, unknown, unknown, 4, 3, 6)
	dashed := wave("dashed", 60, 2, 9, 20)
	length, width := 6.0, 3.0
	dashed.Style.Dashed = &length
	wide := wave("wide", 60, 1, 6, 33)
	wide.Style.LineWidth = &width
	right := wave("bytes", 240, 1e9, 7e9, 90)
	right.Style.SecondYAxis = true
	deploy := series("deploy", unknown, unknown, unknown, unknown, unknown, 1, unknown, unknown)
	deploy.Style.DrawAsInfinite, deploy.Style.Color = true, "red"
	crossing := []function.Series{wave("a", 240, -20, 20, 60), wave("b", 240, -10, 30, 80), wave("c", 240, -30, 5, 50)}

	for _, g := range []struct {
		name, query string
		series      []function.Series
	}{
		{"lines", "width=600&height=300&title=Load+of+three+servers&vtitle=percent", lines},
		{"default-size", "", lines[:1]},
		{"stacked", "width=600&height=300&areaMode=stacked", lines},
		{"areas", "width=600&height=300&areaMode=all&areaAlpha=0.4", crossing},
		{"staircase", "width=400&height=200&lineMode=staircase", []function.Series{gaps}},
		{"gaps", "width=400&height=200", []function.Series{gaps, deploy}},
		{"connected", "width=400&height=200&lineMode=connected&connectedLimit=2", []function.Series{gaps}},
		{"styles", "width=400&height=200", []function.Series{dashed, wide}},
		{"two-axes", "width=600&height=300&vtitle=left&vtitleRight=right", []function.Series{lines[0], right}},
		{"colors", "width=400&height=200&bgcolor=black&fgcolor=white&minorGridLineColor=darkgrey&colorList=gold,aqua&fontBold=1", lines},
		{"cut", "width=400&height=200&yMin=20&yMax=40&areaMode=first", lines},
		{"transparent", "width=200&height=120&bgcolor=ffffff00&fontItalic=1", lines[:1]},
		{"graph-only", "width=120&height=40&graphOnly=true&areaMode=all", lines[:1]},
		{"lone-points", "width=300&height=150", []function.Series{series("lone", sparsely(600, 100, 350, 599)...)}},
		{"no-data", "width=300&height=150", nil},
		{"pie", "width=300&height=200&graphType=pie&pieLabels=rotated&areaAlpha=0.8&valueLabelsColor=white", lines},
		{"light", "width=400&height=200&template=light", lines},
		{"dark", "width=400&height=200&template=dark", lines},
	} {
		got := picture(t, g.query, g.series...)
		file := "testdata/" + g.name + ".png"
		if *update {
			var b bytes.Buffer
			if err := png.Encode(&b, got); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if got.Bounds() != want.Bounds() {
			t.Errorf("%s: %v, want %v", g.name, got.Bounds(), want.Bounds())
			continue
		}
		if overall, worst := perceived(got, want); overall > 1 || worst > 24 {
			t.Errorf("%s: differs by %.2f overall, %.1f in places; see it with -update", g.name, overall, worst)
		}
	}
}

// perceived returns the mean difference of two pictures per pixel, and the largest difference
// of the means of squares of 4x4 pixels, both of 255.
func perceived(a, b image.Image) (overall, worst float64) {
	const side = 4
	bounds := a.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y += side {
		for x := bounds.Min.X; x < bounds.Max.X; x += side {
			var sum [4]float64
			n := 0.0
			for i := range side * side {
				px, py := x+i%side, y+i/side
				if px >= bounds.Max.X || py >= bounds.Max.Y {
					continue
				}
				n++
				r0, g0, b0, a0 := a.At(px, py).RGBA()
				r1, g1, b1, a1 := b.At(px, py).RGBA()
				for c, d := range [4][2]uint32{{r0, r1}, {g0, g1}, {b0, b1}, {a0, a1}} {
					sum[c] += (float64(d[0]) - float64(d[1])) / 257
				}
			}
			most := 0.0
			for _, s := range sum {
				most = max(most, math.Abs(s)/n)
			}
			overall += most * n
			worst = max(worst, most)
		}
	}
	return overall / float64(bounds.Dx()*bounds.Dy()), worst
}

// The comparison must notice visible differences.
func TestPerceived(t *testing.T) {
	plain := picture(t, "width=200&height=100", wave("a", 100, 0, 5, 30))
	f := func(query string, values float64) {
		t.Helper()
		other := picture(t, "width=200&height=100&"+query, wave("a", 100, 0, values, 30))
		if overall, worst := perceived(plain, other); overall <= 1 && worst <= 24 {
			t.Errorf("%s: differs by %.2f, in places %.1f: it would pass", query, overall, worst)
		}
	}
	f("colorList=green", 5)
	f("hideLegend=1", 5)
	f("lineWidth=3", 5)
	f("hideGrid=1", 5)
	f("yMax=5", 4.6)
	if overall, worst := perceived(plain, picture(t, "width=200&height=100", wave("a", 100, 0, 5, 30))); overall != 0 || worst != 0 {
		t.Errorf("the same picture differs by %g, %g", overall, worst)
	}
}

// A scaled picture looks the same when it is reduced.
func TestScale(t *testing.T) {
	const query = "width=300&height=200&title=A+title&vtitle=side"
	all := []function.Series{wave("web01", 240, 10, 50, 100), wave("web02", 240, 15, 60, 70)}
	plain, large := picture(t, query, all...), picture(t, query+"&scale=2", all...)
	if large.Bounds() != image.Rect(0, 0, 600, 400) {
		t.Fatalf("is %v", large.Bounds())
	}
	smaller := image.NewRGBA(plain.Bounds())
	for i := range smaller.Pix {
		sum, x, y := 0, i/4%300*2, i/4/300*2
		for _, at := range [4]image.Point{{x, y}, {x + 1, y}, {x, y + 1}, {x + 1, y + 1}} {
			r, g, b, a := large.At(at.X, at.Y).RGBA()
			sum += int([4]uint32{r, g, b, a}[i%4] >> 8)
		}
		smaller.Pix[i] = uint8(sum / 4)
	}
	if overall, worst := perceived(plain, smaller); overall > 1.5 || worst > 60 {
		t.Errorf("differs by %.2f overall, by %.1f in places", overall, worst)
	}
	if odd := picture(t, query+"&scale=1.5", all...); odd.Bounds() != image.Rect(0, 0, 450, 300) {
		t.Errorf("at 1.5 it is %v", odd.Bounds())
	}
}

// Pictures can be drawn concurrently with the same cached glyphs.
func TestConcurrently(t *testing.T) {
	want := picture(t, "title=Together&fontSize=13", wave("a", 60, 0, 5, 30))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				if got := picture(t, "title=Together&fontSize=13", wave("a", 60, 0, 5, 30)); !reflect.DeepEqual(got, want) {
					t.Error("differs")
				}
			}
		})
	}
	all.Wait()
}

// Grid lines are centered on pixels: between two they would look wider and weaker.
func TestGridLinesAreOnePixelWide(t *testing.T) {
	const query = "width=301&height=223&minorY=0"
	all := oneSeries(unknown, unknown, unknown)
	img, d := picture(t, query, all...), drawing(t, query, all...)
	between := int(d.Grid.VMajor.At[0]) + 2 // where no line goes up
	for _, y := range d.Grid.HMajor.At {
		at := int(y + 1e-6)
		for dy, drawn := range map[int]bool{-1: false, 0: true, 1: false} {
			r, g, b, _ := img.At(between, at+dy).RGBA()
			if white := r&g&b == 0xffff; white == drawn {
				t.Errorf("line at %g: row %d is drawn: %t", y, at+dy, !white)
			}
		}
	}
}

// sparsely returns n values, of which only those at the given positions are present.
func sparsely(n int, at ...int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = unknown
	}
	for i, place := range at {
		values[place] = float64(i + 1)
	}
	return values
}
