// Package aggregate makes one value of several, under the names Graphite has
// for the ways to do so. Storage asks it for rollups, rendering for
// consolidation and for combining series.
//
// In all of it NaN is "no value", Graphite's null: it is left out, unless the
// function says otherwise.
package aggregate

import (
	"math"
	"slices"
)

// Func makes one value of several. It returns NaN if there is none, and changes
// nothing in values. Functions are safe for concurrent use.
type Func func(values []float64) float64

// Lookup returns the function of a name that graphite-web or whisper knows.
// Names are case-sensitive.
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

// methods are whisper's, in the order of the numbers that stand for them in the
// header of a file, from 1.
var methods = []string{"average", "sum", "last", "max", "min", "avg_zero", "absmax", "absmin"}

// MethodID returns the number of an aggregation method in a whisper file. Only
// those methods may be asked for in storage-aggregation.conf.
func MethodID(name string) (id uint32, ok bool) {
	i := slices.Index(methods, name)
	return uint32(i + 1), i >= 0
}

// MethodName returns the aggregation method of a number in a whisper file.
func MethodName(id uint32) (name string, ok bool) {
	if id < 1 || id > uint32(len(methods)) {
		return "", false
	}
	return methods[id-1], true
}

// Sum adds the values.
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

// Average is the sum of the values divided by their count.
func Average(values []float64) float64 {
	return Sum(values) / Count(values)
}

// AverageZero is the average with every NaN taken as 0. It is NaN only if
// values is empty.
func AverageZero(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		if v == v {
			sum += v
		}
	}
	return sum / float64(len(values))
}

// Count is how many values there are. It is never NaN.
func Count(values []float64) float64 {
	n := 0
	for _, v := range values {
		if v == v {
			n++
		}
	}
	return float64(n)
}

// Median is the middle value, or the average of the two in the middle.
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

// StdDev is the population's standard deviation.
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

// Min is the smallest value.
func Min(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return v < best })
}

// Max is the largest value.
func Max(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return v > best })
}

// AbsMin is the value nearest to 0, with its sign; of equals the first.
func AbsMin(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return math.Abs(v) < math.Abs(best) })
}

// AbsMax is the value farthest from 0, with its sign; of equals the first.
func AbsMax(values []float64) float64 {
	return pick(values, func(v, best float64) bool { return math.Abs(v) > math.Abs(best) })
}

// First is the first value.
func First(values []float64) float64 {
	return pick(values, func(_, _ float64) bool { return false })
}

// Last is the last value.
func Last(values []float64) float64 {
	return pick(values, func(_, _ float64) bool { return true })
}

// Range is the distance between the smallest and the largest value.
func Range(values []float64) float64 { return Max(values) - Min(values) }

// Diff is the first value less all others.
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

// Multiply is the product. As in graphite-web it is NaN if any of the values
// is.
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

// pick returns the value that no later one is better than.
func pick(values []float64, better func(v, best float64) bool) float64 {
	best := math.NaN()
	for _, v := range values {
		if v == v && (best != best || better(v, best)) {
			best = v
		}
	}
	return best
}
