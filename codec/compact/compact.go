// Package compact encodes points in few bytes: usually three to six, where a time and
// a float64 take sixteen. It encodes the distance from a previous time and the value.
// The caller keeps track of the time.
//
// An encoded point is
//
//	header  uvarint: zigzag(distance in seconds) << 3 | kind
//	value   by kind
//
//	kind 0      zigzag varint: the value is a whole number
//	kind 1 2 3  zigzag varint: the value is this number divided by 10, 100, 1000
//	kind 4      4 bytes: float32, little-endian
//	kind 5      8 bytes: float64, little-endian
//
// Every float64 is decoded bit for bit, including NaN and -0.
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

// MaxPoint is the maximum number of bytes of an encoded point.
const MaxPoint = binary.MaxVarintLen64 + 8

// maxWhole limits the numbers of kinds 0 to 3: larger ones would not be shorter than
// a float64, and not all of them would be exact.
const maxWhole = 1 << 48

var powers = [...]float64{1, 10, 100, 1000}

// AppendPoint appends a point to b that is distance seconds after the previous one.
// distance has at most 60 bits.
func AppendPoint(b []byte, distance int64, v float64) []byte {
	for kind, power := range powers {
		scaled := v * power
		if !(scaled > -maxWhole && scaled < maxWhole) {
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

// Point decodes the point at the start of b. n is its number of bytes; 0: b does not
// begin with a complete point.
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
