package raster

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"
)

// noise returns a picture of random pixels.
func noise(width, height int, alpha bool) (c *Canvas, want *image.NRGBA) {
	r := rand.New(rand.NewPCG(5, 6))
	c = New(width, height, 1, color.NRGBA{})
	want = image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range c.pix {
		p := color.NRGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}
		if alpha {
			p.A = uint8(r.Uint32())
		}
		c.pix[i] = premultiplied(p)
		want.SetNRGBA(i%width, i/width, p)
	}
	return c, want
}

func TestWritePNG(t *testing.T) {
	f := func(width, height int, alpha bool) {
		t.Helper()
		c, want := noise(width, height, alpha)
		for range 2 { // the encoder is used again
			var b bytes.Buffer
			if err := c.WritePNG(&b, !alpha); err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			if got.Bounds() != want.Bounds() {
				t.Fatalf("size %v, want %v", got.Bounds(), want.Bounds())
			}
			if _, opaque := got.(*image.RGBA); opaque == alpha {
				t.Errorf("decoded as %T", got)
			}
			for y := range height {
				for x := range width {
					// compared with premultiplied alpha: the colors of invisible pixels are lost
					if d := difference(got.At(x, y), want.At(x, y)); d > 1 || !alpha && d > 0 {
						t.Fatalf("at %d,%d %v, want %v", x, y, got.At(x, y), want.At(x, y))
					}
				}
			}
		}
	}
	f(1, 1, false)
	f(301, 203, false) // several chunks
	f(57, 33, true)
}

// difference returns the largest difference of the four channels.
func difference(a, b color.Color) int {
	r0, g0, b0, a0 := a.RGBA()
	r1, g1, b1, a1 := b.RGBA()
	most := 0
	for _, d := range [4][2]uint32{{r0, r1}, {g0, g1}, {b0, b1}, {a0, a1}} {
		most = max(most, int(max(d[0], d[1])-min(d[0], d[1]))>>8)
	}
	return most
}

// brokenWriter fails after left bytes.
type brokenWriter struct{ left int }

var errBroken = errors.New("broken")

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestWritePNGReportsErrors(t *testing.T) {
	c, _ := noise(300, 200, false)
	for _, left := range []int{0, 8, 30, 100000} {
		if err := c.WritePNG(&brokenWriter{left}, true); !errors.Is(err, errBroken) {
			t.Errorf("after %d bytes: %v", left, err)
		}
	}
}
