package raster

import "image/color"

// premultiplied packs a color with premultiplied alpha, red in the lowest byte, alpha in the
// highest.
func premultiplied(c color.NRGBA) uint32 {
	r, g, b, a := c.RGBA()
	return r>>8 | g>>8<<8 | b>>8<<16 | a>>8<<24
}

// pair masks two channels that are processed together: the lower bytes of both halves of a word.
const pair = 0x00ff00ff

// over255 divides both halves of a word by 255 and rounds. They must be at most 255*255.
func over255(v uint32) uint32 {
	v += 0x00800080
	return (v + v>>8&pair) >> 8 & pair
}

// scaled multiplies all channels by a/255.
func scaled(p, a uint32) uint32 {
	return over255(p&pair*a) | over255(p>>8&pair*a)<<8
}

// weigh returns a color that covers a/255 of a pixel, and the weight, of 255, that remains for
// the color below it.
func weigh(source, a uint32) (part, keep uint32) {
	if a != 255 {
		source = scaled(source, a)
	}
	return source, 255 - source>>24
}

// blend paints a weighed color over a pixel.
func blend(p, part, keep uint32) uint32 { return part + scaled(p, keep) }

// mix paints an opaque color over a/255 of a pixel.
func mix(p, source, a uint32) uint32 {
	keep := 255 - a
	return over255(p&pair*keep+source&pair*a) | over255(p>>8&pair*keep+source>>8&pair*a)<<8
}

// fill sets all pixels.
func fill(to []uint32, p uint32) {
	if len(to) == 0 {
		return
	}
	to[0] = p
	for n := 1; n < len(to); n *= 2 {
		copy(to[n:], to[:n])
	}
}
