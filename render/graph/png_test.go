package graph

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"
)

func TestEncodePNG(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	f := func(name string, bounds image.Rectangle, alpha bool) {
		t.Helper()
		img := image.NewNRGBA(bounds)
		for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
			for x := bounds.Min.X; x < bounds.Max.X; x++ {
				c := color.NRGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}
				if alpha {
					c.A = uint8(r.Uint32())
				}
				img.Set(x, y, c)
			}
		}
		rgba := image.NewRGBA(bounds)
		for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
			for x := bounds.Min.X; x < bounds.Max.X; x++ {
				rgba.Set(x, y, img.At(x, y))
			}
		}
		var b bytes.Buffer
		if err := encodePNG(&b, rgba, !alpha); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := png.Decode(&b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Bounds().Size() != bounds.Size() {
			t.Fatalf("%s: size %v, want %v", name, got.Bounds().Size(), bounds.Size())
		}
		if _, opaque := got.(*image.RGBA); opaque == alpha {
			t.Errorf("%s: decoded as %T", name, got)
		}
		for y := range bounds.Dy() {
			for x := range bounds.Dx() {
				// compared as they are blended: colours that cannot be seen are lost
				a, b := color.RGBAModel.Convert(got.At(x, y)), rgba.At(bounds.Min.X+x, bounds.Min.Y+y)
				if difference(a, b) > 1 || !alpha && a != b {
					t.Fatalf("%s: at %d,%d %v, want %v", name, x, y, a, b)
				}
			}
		}
	}
	f("one pixel", image.Rect(0, 0, 1, 1), false)
	f("opaque", image.Rect(0, 0, 301, 203), false) // several chunks
	f("transparent", image.Rect(0, 0, 57, 33), true)
	f("part of a picture", image.Rect(3, 5, 40, 30), false)
}

// difference is the largest one of the four channels.
func difference(a, b color.Color) int {
	r0, g0, b0, a0 := a.RGBA()
	r1, g1, b1, a1 := b.RGBA()
	most := 0
	for _, d := range [4][2]uint32{{r0, r1}, {g0, g1}, {b0, b1}, {a0, a1}} {
		most = max(most, int(max(d[0], d[1])-min(d[0], d[1]))>>8)
	}
	return most
}

// brokenWriter fails once so many bytes were written.
type brokenWriter struct{ left int }

var errBroken = errors.New("broken")

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestEncodePNGReportsWriteErrors(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 300, 200))
	r := rand.New(rand.NewPCG(7, 8))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	for _, left := range []int{0, 8, 30, 100000} {
		if err := encodePNG(&brokenWriter{left}, img, true); !errors.Is(err, errBroken) {
			t.Errorf("after %d bytes: %v", left, err)
		}
	}
}
