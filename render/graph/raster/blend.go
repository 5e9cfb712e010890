package raster

import "image/color"

// premultiplied packs a colour, red in the lowest byte, alpha in the highest.
func premultiplied(c color.NRGBA) uint32 {
	r, g, b, a := c.RGBA()
	return r>>8 | g>>8<<8 | b>>8<<16 | a>>8<<24
}

// Two channels at a time: the lower byte of each half of a word.
const pair = 0x00ff00ff

// over255 divides both halves of a word by 255, rounding. They are up to 255*255.
func over255(v uint32) uint32 {
	v += 0x00800080
	return (v + v>>8&pair) >> 8 & pair
}

// scaled multiplies all channels by a of 255.
func scaled(p, a uint32) uint32 {
	return over255(p&pair*a) | over255(p>>8&pair*a)<<8
}

// weigh returns a colour as covers a of 255 of a pixel, and how much of 255 it
// leaves of what was there.
func weigh(source, a uint32) (part, keep uint32) {
	if a != 255 {
		source = scaled(source, a)
	}
	return source, 255 - source>>24
}

// blend lays a weighed colour over a pixel.
func blend(p, part, keep uint32) uint32 { return part + scaled(p, keep) }

// mix lays a of 255 of an opaque colour over a pixel.
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
