package function

import (
	"math"
	"slices"

	"carbon/aggregate"
)

// sliding returns a function that aggregates values[from:to]. The values must not be NaN.
// From call to call, neither bound may decrease. For most aggregations the average cost
// of a call does not depend on the width of the window.
func sliding(name string, f aggregate.Func, values []float64) func(from, to int) float64 {
	switch name {
	case "sum", "total":
		return slidingSum(values)
	case "average", "avg", "avg_zero":
		sum := slidingSum(values)
		return func(from, to int) float64 { return sum(from, to) / float64(to-from) }
	case "min":
		return slidingLeast(values, func(a, b float64) bool { return a < b })
	case "max":
		return slidingLeast(values, func(a, b float64) bool { return a > b })
	case "range", "rangeOf":
		least := slidingLeast(values, func(a, b float64) bool { return a < b })
		most := slidingLeast(values, func(a, b float64) bool { return a > b })
		return func(from, to int) float64 { return most(from, to) - least(from, to) }
	case "median":
		return slidingMedian(values)
	case "stddev":
		return slidingDeviation(values)
	case "count":
		return func(from, to int) float64 { return float64(to - from) }
	case "last", "current":
		return func(_, to int) float64 { return values[to-1] }
	}
	return func(from, to int) float64 { return f(values[from:to]) }
}

// slidingSum adds values and never subtracts one, which would leave the rounding errors of
// values that have left the window. It keeps the sums from each value up to middle, and
// one sum of the values from middle to end.
func slidingSum(values []float64) func(from, to int) float64 {
	upToMiddle := make([]float64, len(values))
	middle, end, after := 0, 0, 0.0
	return func(from, to int) float64 {
		for ; end < to; end++ {
			after += values[end]
		}
		if from >= middle {
			middle, after = to, 0
			sum := 0.0
			for i := middle - 1; i >= from; i-- {
				sum += values[i]
				upToMiddle[i] = sum
			}
		}
		return upToMiddle[from] + after
	}
}

// slidingLeast returns the value that is less than all others. Candidates are the values
// that are less than all values after them.
func slidingLeast(values []float64, less func(a, b float64) bool) func(from, to int) float64 {
	candidates := make([]int, 0, len(values)) // positions
	first, end := 0, 0
	return func(from, to int) float64 {
		for ; end < to; end++ {
			for len(candidates) > first && !less(values[candidates[len(candidates)-1]], values[end]) {
				candidates = candidates[:len(candidates)-1]
			}
			candidates = append(candidates, end)
		}
		for candidates[first] < from {
			first++
		}
		return values[candidates[first]]
	}
}

// slidingMedian keeps the values of the window sorted.
func slidingMedian(values []float64) func(from, to int) float64 {
	var sorted []float64
	begin, end := 0, 0
	return func(from, to int) float64 {
		for ; end < to; end++ {
			at, _ := slices.BinarySearch(sorted, values[end])
			sorted = slices.Insert(sorted, at, values[end])
		}
		for ; begin < from; begin++ {
			at, _ := slices.BinarySearch(sorted, values[begin])
			sorted = slices.Delete(sorted, at, at+1)
		}
		middle := len(sorted) / 2
		if len(sorted)%2 == 0 {
			return (sorted[middle-1] + sorted[middle]) / 2
		}
		return sorted[middle]
	}
}

// dispersion is the number of values, their average, and the sum of the squares of their
// deviations from it.
type dispersion struct{ n, average, squares float64 }

// with returns the dispersion of the union of two sets (Chan, Golub and LeVeque, 1979).
func (a dispersion) with(b dispersion) dispersion {
	if a.n == 0 {
		return b
	}
	n, apart := a.n+b.n, b.average-a.average
	return dispersion{n, a.average + apart*b.n/n, a.squares + b.squares + apart*apart*a.n*b.n/n}
}

// slidingDeviation is slidingSum for standard deviations.
func slidingDeviation(values []float64) func(from, to int) float64 {
	upToMiddle := make([]dispersion, len(values))
	middle, end, after := 0, 0, dispersion{}
	return func(from, to int) float64 {
		for ; end < to; end++ {
			after = after.with(dispersion{1, values[end], 0})
		}
		if from >= middle {
			middle, after = to, dispersion{}
			var all dispersion
			for i := middle - 1; i >= from; i-- {
				all = all.with(dispersion{1, values[i], 0})
				upToMiddle[i] = all
			}
		}
		all := after
		if from < middle {
			all = upToMiddle[from]
			if after.n > 0 {
				all = all.with(after)
			}
		}
		return math.Sqrt(all.squares / all.n)
	}
}
