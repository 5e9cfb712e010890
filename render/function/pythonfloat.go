package function

import (
	"math"
	"strconv"
	"strings"

	"carbon/codec/pyjson"
)

// repr returns a number as Python's repr writes a float.
func repr(v float64) string { return string(pyjson.AppendRepr(nil, v)) }

// formatG returns a number as Python's %g writes it.
func formatG(v float64) string {
	s := strconv.FormatFloat(v, 'g', 6, 64)
	return strings.ToLower(strings.TrimPrefix(s, "+"))
}

// formatD returns a number as Python's %d writes it: its integer part.
func formatD(v float64) string {
	return strconv.FormatFloat(math.Trunc(v)+0, 'f', 0, 64) // -0.5 becomes 0, not -0
}

// roundDecimal rounds to a number of decimals as Python's round does: to the decimal
// number nearest to the exact binary value, and to the even one of two. Negative
// decimals round to tens, hundreds and so on.
func roundDecimal(v float64, decimals int64) float64 {
	abs := math.Abs(v)
	switch {
	case math.IsInf(v, 0) || v != v || decimals > 323:
		return v
	case decimals == 0:
		return math.RoundToEven(v)
	case decimals < -308:
		return 0
	case decimals < 0:
		unit := math.Pow10(int(-decimals))
		rest := math.Mod(abs, unit)
		n := math.Round((abs - rest) / unit)
		if rest > unit-rest || rest == unit-rest && math.Mod(n, 2) != 0 {
			n++
		}
		return math.Copysign(n*unit, v)
	}
	scale := math.Pow10(int(decimals))
	scaled := abs * scale
	if decimals > 22 || scaled >= 1<<52 {
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', int(decimals), 64), 64)
		return rounded
	}
	// The power of ten is exact; lost is the rounding error of the product.
	lost := math.FMA(abs, scale, -scaled)
	n := math.Floor(scaled)
	above := scaled - n - 0.5
	if above > 0 || above == 0 && (lost > 0 || lost == 0 && math.Mod(n, 2) != 0) {
		n++
	}
	return math.Copysign(n/scale, v)
}

// round6 is roundDecimal with six decimals.
func round6(v float64) float64 {
	const scale = 1e6
	scaled := v * scale
	if v != v {
		return v
	}
	if math.Abs(scaled) < 1e12 {
		// Rounding errors of the product matter only near a half.
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
