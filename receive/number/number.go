// Package number reads the numbers and times that clients send. It reads numbers as
// Python's float() does.
package number

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"
)

// powers are the powers of ten that are exact and used by Quick.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// Quick reads the decimal number that b begins with, and returns its length. ok is
// false for numbers with an exponent or more than 15 digits. For the others the digits
// and the power of ten are exact, so that one division rounds as strconv does. b must
// have a byte after the number.
func Quick(b []byte) (v float64, n int, ok bool) {
	negative := false
	switch b[0] {
	case '-':
		negative = true
		n++
	case '+':
		n++
	}
	var mantissa uint64
	digits := -n
	for ; b[n]-'0' < 10; n++ {
		mantissa = mantissa*10 + uint64(b[n]-'0')
	}
	digits += n
	fraction := 0
	if b[n] == '.' {
		fraction = -n - 1
		for n++; b[n]-'0' < 10; n++ {
			mantissa = mantissa*10 + uint64(b[n]-'0')
		}
		fraction += n
	}
	digits += fraction
	if digits == 0 || digits >= len(powers) || b[n] > ' ' {
		return 0, 0, false
	}
	v = float64(mantissa)
	if fraction > 0 {
		v /= powers[fraction]
	}
	if negative {
		v = -v
	}
	return v, n, true
}

// Float reads b as Python's float() does, except for digits outside ASCII and digit
// grouping. A number that is too large is infinite.
func Float(b []byte) (v float64, ok bool) {
	unsigned := b
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		unsigned = b[1:]
	}
	switch {
	case bytes.EqualFold(unsigned, []byte("nan")):
		return math.NaN(), true
	case bytes.EqualFold(unsigned, []byte("inf")), bytes.EqualFold(unsigned, []byte("infinity")):
		if b[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9', c == '.', c == '+', c == '-', c == 'e', c == 'E':
		default:
			return 0, false // strconv also reads hexadecimal numbers
		}
	}
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}
