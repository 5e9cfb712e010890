package graph

import (
	"image/color"
	"strconv"
	"strings"
)

// Color is a color given by a parameter or a function.
type Color struct {
	R, G, B uint8
	A       float64 // 0 to 1

	// OwnAlpha reports that A was given with the color. It overrides the opacity of the
	// graph and of the series.
	OwnAlpha bool
}

// withAlpha returns the color with opacity a, unless it has its own.
func (c Color) withAlpha(a float64) Color {
	if !c.OwnAlpha {
		c.A = min(max(a, 0), 1)
	}
	return c
}

func (c Color) nrgba() color.NRGBA {
	return color.NRGBA{R: c.R, G: c.G, B: c.B, A: uint8(c.A*255 + 0.5)}
}

const notAColor = "not a color: use a color name, RRGGBB or RRGGBBAA"

// parseColor parses a color name, RRGGBB or RRGGBBAA, with or without a #, which may be
// percent-encoded. As in Graphite, the opacity is ignored if there are other than two more
// digits.
func parseColor(s string) (Color, bool) {
	if rgb, ok := colorNames[s]; ok {
		return rgb24(rgb), true
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "#"), "%23")
	if len(s) < 6 {
		return Color{}, false
	}
	rgb, err := strconv.ParseUint(s[:6], 16, 24)
	if err != nil {
		return Color{}, false
	}
	c := rgb24(uint32(rgb))
	if len(s) == 8 {
		a, err := strconv.ParseUint(s[6:], 16, 8)
		if err != nil {
			return Color{}, false
		}
		c.A, c.OwnAlpha = float64(a)/255, true
	}
	return c, true
}

func rgb24(rgb uint32) Color {
	return Color{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 1}
}

// colorNames are Graphite's color names. They differ from those of HTML: darkgreen is brighter
// than green.
var colorNames = map[string]uint32{
	"black":     0x000000,
	"white":     0xffffff,
	"blue":      0x6464ff,
	"green":     0x00c800,
	"red":       0xc80032,
	"yellow":    0xffff00,
	"orange":    0xffa500,
	"purple":    0xc864ff,
	"brown":     0x966432,
	"cyan":      0x00ffff,
	"aqua":      0x009696,
	"gray":      0xafafaf,
	"grey":      0xafafaf,
	"magenta":   0xff00ff,
	"pink":      0xff6464,
	"gold":      0xc8c800,
	"rose":      0xc896c8,
	"darkblue":  0x0000ff,
	"darkgreen": 0x00ff00,
	"darkred":   0xff0000,
	"darkgray":  0x6f6f6f,
	"darkgrey":  0x6f6f6f,
}
