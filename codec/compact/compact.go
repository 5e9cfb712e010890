// Package compact writes points in few bytes: mostly three to six instead of
// the sixteen of a time and a float64. A point is written as its distance from
// the time before and a value; who reads keeps the time.
//
// A point is
//
//	header  uvarint: zigzag(distance in seconds) << 3 | kind
//	value   by kind
//
//	kind 0      zigzag varint: the value is a whole number
//	kind 1 2 3  zigzag varint: the value is that over 10, 100, 1000
//	kind 4      4 bytes: float32, little-endian
//	kind 5      8 bytes: float64, little-endian
//
// Every float64 comes back bit for bit, NaN and -0 too.
package compact

import (
	"encoding/binary"
	"math"
)

const (
	kindFloat32 = 4
	kindFloat64 = 5

	kindBits = 3
)

// MaxPoint is how many bytes a point takes at most.
const MaxPoint = binary.MaxVarintLen64 + 8

// most is what whole numbers must be below to be written as such: beyond it
// they are no shorter, and not all of them are exact.
const most = 1 << 48

var powers = [...]float64{1, 10, 100, 1000}

// AppendPoint appends a point that is distance seconds after the one before.
// distance has at most 60 bits.
func AppendPoint(b []byte, distance int64, v float64) []byte {
	for kind, power := range powers {
		scaled := v * power
		if !(scaled > -most && scaled < most) {
			break
		}
		n := int64(math.RoundToEven(scaled))
		if float64(n)/power == v && (n != 0 || !math.Signbit(v)) {
			b = appendHeader(b, distance, kind)
			return binary.AppendUvarint(b, zigzag(n))
		}
	}
	if f := float32(v); float64(f) == v {
		b = appendHeader(b, distance, kindFloat32)
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	b = appendHeader(b, distance, kindFloat64)
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func appendHeader(b []byte, distance int64, kind int) []byte {
	return binary.AppendUvarint(b, zigzag(distance)<<kindBits|uint64(kind))
}

// Point reads the point at the start of b. n is how many bytes it takes; 0
// means that there is no whole point.
func Point(b []byte) (distance int64, v float64, n int) {
	header, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, 0, 0
	}
	distance = unzigzag(header >> kindBits)
	b = b[n:]
	switch kind := header & (1<<kindBits - 1); {
	case kind < uint64(len(powers)):
		u, m := binary.Uvarint(b)
		if m <= 0 {
			return 0, 0, 0
		}
		return distance, float64(unzigzag(u)) / powers[kind], n + m
	case kind == kindFloat32 && len(b) >= 4:
		return distance, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), n + 4
	case kind == kindFloat64 && len(b) >= 8:
		return distance, math.Float64frombits(binary.LittleEndian.Uint64(b)), n + 8
	}
	return 0, 0, 0
}

func zigzag(n int64) uint64   { return uint64(n<<1) ^ uint64(n>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
