package function

import (
	"math"
	"strconv"
	"strings"
)

// AppendRepr appends a number as Python's repr shows a float: the shortest
// digits that read back as the same number, 1.0, 1e-05, 1e+16, inf, nan.
func AppendRepr(b []byte, v float64) []byte {
	abs := math.Abs(v)
	switch {
	case v != v:
		return append(b, "nan"...)
	case abs > math.MaxFloat64:
		if v < 0 {
			b = append(b, '-')
		}
		return append(b, "inf"...)
	case abs < 1e15 && v == math.Trunc(v):
		if v == 0 && math.Signbit(v) {
			b = append(b, '-')
		}
		return append(strconv.AppendInt(b, int64(v), 10), ".0"...)
	case abs >= 1e-4 && abs < 1e16:
		start := len(b)
		b = appendShort(b, v, abs)
		for _, c := range b[start:] {
			if c == '.' {
				return b
			}
		}
		return append(b, ".0"...)
	default:
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
}

// appendShort appends a number without an exponent. Most measurements have few
// decimals; taking those apart as integers is exact and twice as fast.
func appendShort(b []byte, v, abs float64) []byte {
	const scale = 10000
	n := math.Round(abs * scale)
	if abs >= 1e9 || n/scale != abs {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	if v < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendInt(b, int64(n)/scale, 10)
	b = append(b, '.')
	digits, width := int64(n)%scale, 4
	for digits%10 == 0 && width > 1 {
		digits, width = digits/10, width-1
	}
	for unit := pow10[width-1]; unit > 0; unit /= 10 {
		b = append(b, byte('0'+digits/unit%10))
	}
	return b
}

var pow10 = [...]int64{1, 10, 100, 1000}

// repr returns what AppendRepr appends.
func repr(v float64) string { return string(AppendRepr(nil, v)) }

// formatG returns a number as Python's %g shows it.
func formatG(v float64) string {
	s := strconv.FormatFloat(v, 'g', 6, 64)
	return strings.ToLower(strings.TrimPrefix(s, "+"))
}

// round6 rounds to six decimals as Python's round does: to the decimal nearest
// the exact binary value, of two equally near ones to the even.
func round6(v float64) float64 {
	const scale = 1e6
	scaled := v * scale
	if v != v {
		return v
	}
	if math.Abs(scaled) < 1e12 {
		// The product may be off in its last bits, which matters only near a half.
		n := math.RoundToEven(scaled)
		if math.Abs(scaled-n) < 0.499 {
			return n / scale
		}
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', 6, 64), 64)
	if err != nil {
		return v
	}
	return rounded
}
