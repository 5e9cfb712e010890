package graph

import (
	"fmt"
	"math"
	"math/big"
	"slices"
)

// epsilon is the fraction of a step by which values may exceed a limit, so that rounding errors
// do not add a step. It is too small to be visible.
const epsilon = 0.0001

// tics computes the range of a value axis and the positions of its labels. low and high start
// as the range of the data; ends that are not fixed are moved outwards to whole steps.
type tics struct {
	low, high           float64
	lowFixed, highFixed bool    // given by a parameter
	highKept            bool    // that of the data, not rounded
	limit               float64 // of rounding high; NaN: none
	logBase             float64 // 0: linear
	step                float64 // 0 on a logarithmic axis
	bottom, top, span   float64
}

// newScale computes a value axis for data from low to high. suffix is the suffix of the
// parameters of r, for errors.
func newScale(low, high float64, r Range, suffix string, o Options) (*YScale, error) {
	t := &tics{low: low, high: high, limit: math.NaN(), logBase: o.LogBase}
	if !t.restrict(r) {
		return nil, &OptionError{Name: "yMin" + suffix, Value: fmt.Sprint(*r.Min), Reason: "must be less than the upper end of the axis"}
	}
	if t.logBase > 0 {
		if t.low <= 0 {
			return nil, &OptionError{Name: "logBase", Value: fmt.Sprint(o.LogBase), Reason: "needs values above zero"}
		}
		t.chooseLogLimits()
	} else {
		t.step = chooseStep(t.low, t.high, o.YDivisors, o.YUnitSystem == "binary")
		if r.Step != nil {
			t.step = *r.Step
		}
		t.chooseLimits()
	}
	s := &YScale{Bottom: t.bottom, Top: t.top, Step: t.step, logBase: t.logBase}
	s.LabelValues = t.labelValues()
	for _, v := range s.LabelValues {
		s.Labels = append(s.Labels, yLabel(v, t.step, t.span, o.YUnitSystem))
	}
	s.low, s.high = s.Bottom, s.Top
	if n := len(s.LabelValues); n > 1 && s.LabelValues[0] < s.LabelValues[n-1] {
		s.low, s.high = s.LabelValues[0], s.LabelValues[n-1]
	}
	s.high = max(s.high, math.Nextafter(s.low, math.Inf(1)))
	return s, nil
}

// withoutLabels returns the scale for hidden axes, which extends from Bottom to Top.
func (s *YScale) withoutLabels() *YScale {
	hidden := *s
	hidden.LabelValues, hidden.Labels = nil, nil
	hidden.low, hidden.high = s.Bottom, s.Top
	return &hidden
}

// y returns the y coordinate of a value. ok is false for a missing value, and for values that a
// logarithmic axis cannot show.
func (s *YScale) y(v float64, a Area) (y float64, ok bool) {
	// This is the order of Graphite's calculations, so that results are equal to the last
	// bit: a value at the upper edge must be at 0, not slightly above.
	above, span := v-s.low, s.high-s.low
	if s.logBase > 0 {
		if v <= 0 {
			return 0, false
		}
		low := logTo(s.low, s.logBase)
		above, span = logTo(v, s.logBase)-low, logTo(s.high, s.logBase)-low
	}
	perUnit := (a.YMax - a.YMin) / span
	y = a.YMax - perUnit*above
	return y, y == y
}

// logTo returns the logarithm of v to a base.
func logTo(v, base float64) float64 { return math.Log(v) / math.Log(base) }

// power returns base to the power of an integer n, correctly rounded, as the C library nearly
// always does: labels of logarithmic axes show the last bit.
func power(base, n float64) float64 {
	if math.Abs(n) > maxPower {
		return math.Pow(base, n)
	}
	const exact = 53 * maxPower
	p, b := new(big.Float).SetPrec(exact).SetInt64(1), new(big.Float).SetFloat64(base)
	for range int(math.Abs(n)) {
		p.Mul(p, b)
	}
	if n < 0 {
		p.Quo(new(big.Float).SetPrec(exact).SetInt64(1), p)
	}
	f, _ := p.Float64()
	return f
}

// maxPower is the largest exponent that is computed exactly.
const maxPower = 64

// restrict applies a range from parameters, and moves the ends apart if they are equal. It
// returns false if both ends are fixed and in the wrong order.
func (t *tics) restrict(r Range) bool {
	if r.Min != nil {
		t.low, t.lowFixed = *r.Min, true
	}
	switch {
	case r.MaxOfData:
		t.highKept = true
	case r.Max != nil:
		t.high, t.highFixed = *r.Max, true
	}
	if r.Limit != nil {
		if *r.Limit < t.high {
			t.high, t.highFixed = *r.Limit, true
		} else {
			t.limit = *r.Limit
		}
	}
	if t.high-t.low > 1e-300 { // smaller steps cannot be computed
		return true
	}
	switch {
	case t.lowFixed && t.highFixed:
		return false
	case t.lowFixed:
		t.high = t.low + room(t.low)
	case t.highFixed:
		t.low = t.high - room(t.high)
	default:
		delta := room(max(math.Abs(t.low), math.Abs(t.high)))
		middle := (t.low + t.high) / 2
		t.low, t.high = middle-delta, middle+delta
	}
	return true
}

// room returns the distance between the ends of an axis if x is both of them.
func room(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return 0.1 * math.Abs(x)
}

// chooseStep returns the round step that covers low to high with the least excess, if taken as
// many times as one of the divisors says.
func chooseStep(low, high float64, divisors []int, binary bool) float64 {
	variance := high - low
	fewest, most := float64(slices.Min(divisors)), float64(slices.Max(divisors))
	best, least := variance, math.Inf(1)
	for step := range steps(variance/most, binary) {
		if step*fewest >= 2*least+variance {
			break // larger steps have a larger excess
		}
		bottom := step * math.Floor(low/step+epsilon)
		for _, n := range divisors {
			top := bottom + step*float64(n)
			if top < high-epsilon*step {
				continue
			}
			if excess := max(top-high, low-bottom); excess < least {
				best, least = step, excess
			}
		}
	}
	return best
}

// steps yields the round numbers from least on: 1, 2 and 5 times powers of ten, or powers of
// two.
func steps(least float64, binary bool) func(yield func(float64) bool) {
	base, log, pow := []float64{1, 2, 5}, math.Log10, math.Pow10
	if binary {
		base, log, pow = []float64{1}, math.Log2, func(n int) float64 { return math.Ldexp(1, n) }
	}
	return func(yield func(float64) bool) {
		for n := int(math.Floor(log(least) - epsilon)); ; n++ {
			for _, m := range base {
				step := m * pow(n)
				if math.IsInf(step, 0) || step >= least*(1-epsilon) && !yield(step) {
					return
				}
			}
		}
	}
}

func (t *tics) chooseLimits() {
	t.bottom, t.top = t.low, t.high
	if !t.lowFixed {
		t.bottom = t.step * math.Floor(t.low/t.step+epsilon)
	}
	if !t.highFixed && !t.highKept {
		t.top = t.step * math.Ceil(t.high/t.step-epsilon)
		if t.top > t.limit+epsilon*t.step {
			t.top = t.limit
		}
	}
	if t.span = t.top - t.bottom; t.span == 0 {
		t.top++
		t.span++
	}
}

func (t *tics) chooseLogLimits() {
	t.bottom = power(t.logBase, math.Floor(logTo(t.low, t.logBase)))
	t.top = power(t.logBase, math.Ceil(logTo(t.high, t.logBase)))
	if t.span = t.top - t.bottom; t.span == 0 {
		t.top *= t.logBase
		t.span = t.top - t.bottom
	}
}

// maxLabels is the maximum number of labels of an axis.
const maxLabels = 1000

// labelValues returns the values with a label and a major grid line, in ascending order.
func (t *tics) labelValues() []float64 {
	var values []float64
	if t.logBase > 0 {
		v := power(t.logBase, math.Ceil(logTo(t.bottom, t.logBase)-epsilon))
		for v < t.top*(1+epsilon) && len(values) < maxLabels {
			values = append(values, v)
			v *= t.logBase
		}
		return values
	}
	if t.span > maxLabels*t.step {
		t.step = chooseStep(t.low, t.high, Defaults().YDivisors, false)
	}
	start := t.step * math.Ceil(t.bottom/t.step-epsilon)
	for i := 0; i <= maxLabels; i++ {
		v := start + float64(i)*t.step
		if !(v <= t.top+epsilon*t.step) {
			break
		}
		values = append(values, v)
	}
	return values
}
