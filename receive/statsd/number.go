package statsd

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// powers are the powers of ten that are exact and used by quickNumber.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseNumber parses a number as JavaScript's Number() does: decimal, with an exponent,
// with 0x, 0o or 0b, Infinity, with white space around it. White space alone is 0; an
// empty text is not a number.
func parseNumber(b []byte) (v float64, ok bool) {
	if v, ok = quickNumber(b); ok {
		return v, true
	}
	if len(b) == 0 {
		return 0, false
	}
	b = trimJS(b)
	if len(b) == 0 {
		return 0, true
	}
	if len(b) > 2 && b[0] == '0' {
		switch b[1] {
		case 'x', 'X':
			return wholeNumber(b[2:], 16)
		case 'o', 'O':
			return wholeNumber(b[2:], 8)
		case 'b', 'B':
			return wholeNumber(b[2:], 2)
		}
	}
	unsigned := b
	if b[0] == '+' || b[0] == '-' {
		unsigned = b[1:]
	}
	if string(unsigned) == "Infinity" {
		if b[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	for _, c := range unsigned {
		if !(c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-') {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// quickNumber parses decimal numbers of up to 15 digits, exactly.
func quickNumber(b []byte) (v float64, ok bool) {
	i := 0
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		i++
	}
	var mantissa uint64
	digits, fraction := 0, -1
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c-'0' < 10:
			mantissa = mantissa*10 + uint64(c-'0')
			digits++
			if fraction >= 0 {
				fraction++
			}
		case c == '.' && fraction < 0:
			fraction = 0
		default:
			return 0, false
		}
		if digits >= len(powers) {
			return 0, false
		}
	}
	if digits == 0 {
		return 0, false
	}
	v = float64(mantissa)
	if fraction > 0 {
		v /= powers[fraction]
	}
	if negative {
		v = -v
	}
	return v, true
}

// wholeNumber parses an integer in a base.
func wholeNumber(b []byte, base int) (v float64, ok bool) {
	if n, err := strconv.ParseUint(string(b), base, 53); err == nil {
		return float64(n), true
	}
	if bytes.ContainsAny(b, "_+-") || len(b) > 1100 {
		return 0, false
	}
	n, ok := new(big.Int).SetString(string(b), base)
	if !ok {
		return 0, false
	}
	v, _ = new(big.Float).SetInt(n).Float64()
	return v, true
}

// sampleRate parses '@' and a number that is not negative and not NaN.
func sampleRate(b []byte) (rate float64, ok bool) {
	if len(b) < 2 || b[0] != '@' || b[1] == '-' {
		return 0, false
	}
	if len(trimJS(b[1:])) == 0 {
		return 0, false
	}
	rate, ok = parseNumber(b[1:])
	return rate, ok && rate >= 0
}

// trimJS removes white space as JavaScript's trim does.
func trimJS(b []byte) []byte {
	if len(b) == 0 || b[0] > ' ' && b[0] < utf8.RuneSelf && b[len(b)-1] > ' ' && b[len(b)-1] < utf8.RuneSelf {
		return b
	}
	return bytes.TrimFunc(b, isSpaceJS)
}

// formatNumber formats a number as JavaScript does.
func formatNumber(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	case v == 0:
		return "0"
	}
	if size := math.Abs(v); size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	s := strconv.FormatFloat(v, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}
