package function

import (
	"context"
	"math"
	"math/bits"
	"math/cmplx"
)

var fft = &Spec{
	Name:  "fft",
	Group: Transform,
	Doc: `Returns the discrete Fourier transform of each series. The n-th value
belongs to the frequency of n cycles per time range. "abs" returns the magnitude and
"phase" the phase in radians; the default is both, as two series. Missing values count
as 0.

Example::

  &target=fft(web.a.cpu)
  &target=fft(web.*.cpu,"abs")`,
	Params: []Param{seriesList, {Name: "mode", Type: String, Options: []any{"abs", "phase", "both"}}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		modes := []string{"abs", "phase"}
		switch mode := c.String("mode"); mode {
		case "", "both", "all":
		case "abs", "phase":
			modes = []string{mode}
		default:
			return nil, c.errorf("mode", `must be "abs", "phase" or "both", not %q`, mode)
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		var results []Series
		for _, s := range series {
			spectrum, err := c.transform(ctx, len(s.Values), func(i int) complex128 {
				return complex(zeroIfNaN(s.Values[i]), 0)
			})
			if err != nil {
				return nil, err
			}
			for _, mode := range modes {
				part := cmplx.Abs
				if mode == "phase" {
					part = cmplx.Phase
				}
				values, err := c.makeValues(int64(len(spectrum)))
				if err != nil {
					return nil, err
				}
				for i := range values {
					values[i] = part(spectrum[i])
				}
				results = append(results, s.derived("fft("+s.Name+","+mode+")", values))
			}
		}
		return results, nil
	},
}

var ifft = &Spec{
	Name:  "ifft",
	Group: Transform,
	Doc: `Returns the inverse of fft, computed from magnitudes and, in the same
order, phases. Without phases they are 0. The result is the absolute value of the
signal. Missing values count as 0.

Example::

  &target=ifft(fft(web.a.cpu,"abs"),fft(web.a.cpu,"phase"))`,
	Params: []Param{seriesList, {Name: "phaseSeriesList", Type: SeriesList}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		phases, err := c.Series(ctx, "phaseSeriesList")
		if err != nil {
			return nil, err
		}
		i := -1
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			i++
			name, phase := "ifft("+s.Name+")", []float64(nil)
			if i < len(phases) {
				name, phase = "ifft("+s.Name+","+phases[i].Name+")", phases[i].Values
			}
			// The inverse is the conjugate of the transform of the conjugate. Here only
			// its magnitude matters.
			signal, err := c.transform(ctx, len(s.Values), func(i int) complex128 {
				angle := 0.0
				if i < len(phase) {
					angle = -zeroIfNaN(phase[i])
				}
				return cmplx.Rect(zeroIfNaN(s.Values[i]), angle)
			})
			if err != nil {
				return s, err
			}
			values, err := c.makeValues(int64(len(signal)))
			for i := range values {
				values[i] = cmplx.Abs(signal[i]) / float64(len(signal))
			}
			return s.derived(name, values), err
		})
	},
}

func zeroIfNaN(v float64) float64 {
	if v != v {
		return 0
	}
	return v
}

// transform returns the discrete Fourier transform of n values. It takes time n log n
// for any n: a length that is not a power of two is computed by Bluestein's
// algorithm. gonum's dsp/fourier takes time n² for a prime length, which the client
// chooses: 17 s instead of 40 ms for 100,003 points.
func (c *Call) transform(ctx context.Context, n int, value func(i int) complex128) ([]complex128, error) {
	if n == 0 {
		return nil, ctx.Err()
	}
	size := 1 << bits.Len(uint(n-1))
	if size > n {
		size = 1 << bits.Len(uint(2*n-2))
	}
	// There are up to three slices of complex numbers, of two values each.
	if err := c.Spend(6 * int64(size)); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x := make([]complex128, size)
	if size == n {
		for i := range x {
			x[i] = value(i)
		}
		powerOfTwoTransform(x)
		return x, nil
	}
	// With i*k = (i² + k² - (k-i)²) / 2, the transform is a convolution with chirp, whose
	// exponents repeat every 2n.
	chirp := make([]complex128, n)
	for i := range chirp {
		square := int64(i) * int64(i) % int64(2*n)
		chirp[i] = cmplx.Rect(1, -math.Pi*float64(square)/float64(n))
	}
	filter := make([]complex128, size)
	for i := range n {
		x[i] = value(i) * chirp[i]
		filter[i] = cmplx.Conj(chirp[i])
		filter[(size-i)%size] = filter[i]
	}
	powerOfTwoTransform(x)
	powerOfTwoTransform(filter)
	for i := range x {
		x[i] = cmplx.Conj(x[i] * filter[i])
	}
	powerOfTwoTransform(x)
	for i := range n {
		x[i] = cmplx.Conj(x[i]) * chirp[i] / complex(float64(size), 0)
	}
	return x[:n], ctx.Err()
}

// powerOfTwoTransform transforms x, whose length is a power of two, in place.
func powerOfTwoTransform(x []complex128) {
	n := len(x)
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> (64 - bits.Len(uint(n)-1))); n > 1 && i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	roots := make([]complex128, n/2)
	for i := range roots {
		roots[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/float64(n))
	}
	for half := 1; half < n; half *= 2 {
		for start := 0; start < n; start += 2 * half {
			for i := range half {
				a, b := x[start+i], x[start+half+i]*roots[i*(n/2/half)]
				x[start+i], x[start+half+i] = a+b, a-b
			}
		}
	}
}

var lowPass = &Spec{
	Name:    "lowPass",
	Aliases: []string{"lpf"},
	Group:   Transform,
	Doc: `Keeps only the lowest frequencies of a result of fft: cutPercent percent
of the values, half of them at the beginning and half at the end. The others become
missing.

Example::

  &target=ifft(lowPass(fft(web.a.cpu,"abs"),40),fft(web.a.cpu,"phase"))`,
	Params: []Param{seriesList, {Name: "cutPercent", Type: Float, Required: true}},
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		percent, n := c.Float("cutPercent"), len(s.Values)
		if !(percent >= 0 && percent <= 100) {
			return s, c.errorf("cutPercent", "must be between 0 and 100, not %s", decimal(percent))
		}
		values, err := c.makeValues(int64(n))
		low := int(percent / 200 * float64(n))
		for i := range values {
			values[i] = nan
			if i < low || i >= n-low {
				values[i] = s.Values[i]
			}
		}
		return s.derived("lowPass("+s.Name+","+decimal(percent)+")", values), err
	}),
}
