// Package aggregate combines several values into one, with the functions and names that
// Graphite has. Storage uses it for rollups; rendering uses it to consolidate and combine
// series.
//
// NaN is a missing value, Graphite's null. It is ignored unless the function says otherwise.
package aggregate

import (
	"math"
	"slices"
)

// Func combines values into one. It returns NaN if all are missing, and does not change
// values.
type Func func(values []float64) float64

// Lookup returns a function by the name that graphite-web or whisper uses. Names are
// case-sensitive.
func Lookup(name string) (Func, bool) {
	f, ok := functions[name]
	return f, ok
}

var functions = map[string]Func{
	"average":  Average,
	"avg":      Average,
	"avg_zero": AverageZero,
	"median":   Median,
	"sum":      Sum,
	"total":    Sum,
	"min":      Min,
	"max":      Max,
	"absmin":   AbsMin,
	"absmax":   AbsMax,
	"diff":     Diff,
	"stddev":   StdDev,
	"count":    Count,
	"range":    Range,
	"rangeOf":  Range,
	"multiply": Multiply,
	"first":    First,
	"last":     Last,
	"current":  Last,
}

// methods are whisper's aggregation methods, in the order of their numbers in the header of
// a file, from 1.
var methods = []string{"average", "sum", "last", "max", "min", "avg_zero", "absmax", "absmin"}

// MethodID returns the number of an aggregation method in a whisper file.
// storage-aggregation.conf may name only these methods.
func MethodID(name string) (id uint32, ok bool) {
	i := slices.Index(methods, name)
	return uint32(i + 1), i >= 0
}

// MethodName returns the aggregation method with the given number in a whisper file.
func MethodName(id uint32) (name string, ok bool) {
	if id < 1 || id > uint32(len(methods)) {
		return "", false
	}
	return methods[id-1], true
}

// Sum returns the sum of the values.
func Sum(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if v == v {
			sum += v
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum
}

// Average returns the sum of the values divided by their number.
func Average(values []float64) float64 {
	return Sum(values) / Count(values)
}

// AverageZero returns the average with missing values counted as 0. It is NaN only if values
// is empty.
func AverageZero(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		if v == v {
			sum += v
		}
	}
	return sum / float64(len(values))
}

// Count returns the number of values that are not missing. It is never NaN.
func Count(values []float64) float64 {
	n := 0
	for _, v := range values {
		if v == v {
			n++
		}
	}
	return float64(n)
}

// Median returns the middle value, or the average of the two middle values.
func Median(values []float64) float64 {
	known := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(known) == 0 {
		return math.NaN()
	}
	slices.Sort(known)
	mid := len(known) / 2
	if len(known)%2 == 0 {
		return (known[mid-1] + known[mid]) / 2
	}
	return known[mid]
}

// StdDev returns the population standard deviation.
func StdDev(values []float64) float64 {
	average, n, sum := Average(values), 0, 0.0
	for _, v := range values {
		if v == v {
			sum += (v - average) * (v - average)
			n++
		}
	}
	return math.Sqrt(sum / float64(n))
}

// Min returns the smallest value.
func Min(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return v < best })
}

// Max returns the largest value.
func Max(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return v > best })
}

// AbsMin returns the value nearest to 0, with its sign; the first of equals.
func AbsMin(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return math.Abs(v) < math.Abs(best) })
}

// AbsMax returns the value farthest from 0, with its sign; the first of equals.
func AbsMax(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return math.Abs(v) > math.Abs(best) })
}

// First returns the first value.
func First(values []float64) float64 {
	return pick(values, func(_, _ float64) bool { return false })
}

// Last returns the last value.
func Last(values []float64) float64 {
	return pick(values, func(_, _ float64) bool { return true })
}

// Range returns the difference between the largest and the smallest value.
func Range(values []float64) float64 { return Max(values) - Min(values) }

// Diff returns the first value minus all others.
func Diff(values []float64) float64 {
	diff, n := 0.0, 0
	for _, v := range values {
		switch {
		case v != v:
			continue
		case n == 0:
			diff = v
		default:
			diff -= v
		}
		n++
	}
	if n == 0 {
		return math.NaN()
	}
	return diff
}

// Multiply returns the product. As in graphite-web it is NaN if any value is missing.
func Multiply(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	product := 1.0
	for _, v := range values {
		product *= v
	}
	return product
}

// pick returns the first value that no later one is better than.
func pick(values []float64, better func(v, best float64) bool) float64 {
	best := math.NaN()
	for _, v := range values {
		if v == v && (best != best || better(v, best)) {
			best = v
		}
	}
	return best
}
