package function

import (
	"context"
	"math"
	"slices"
)

var kolmogorovSmirnovTest2 = &Spec{
	Name:    "kolmogorovSmirnovTest2",
	Aliases: []string{"ksTest2"},
	Group:   Transform,
	Doc: `Returns the probability that the values of two series have the same
distribution (two-sample Kolmogorov-Smirnov test), over the last windowSize values.

Example::

  &target=kolmogorovSmirnovTest2(web.a.cpu,web.b.cpu,60)`,
	Params: []Param{
		{Name: "seriesA", Type: SeriesList, Required: true},
		{Name: "seriesB", Type: SeriesList, Required: true},
		{Name: "window", Type: Integer, Required: true, Signature: "windowSize"},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		window, err := c.windowPoints("window")
		if err != nil {
			return nil, err
		}
		a, b, result, ok, err := c.pair(ctx, "window")
		if err != nil || !ok {
			return nil, err
		}
		var sortedA, sortedB sortedValues
		for i := range result.Values {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			sortedA.insert(a[i])
			sortedB.insert(b[i])
			// As in carbonapi the first complete window has no result.
			if before := int64(i) - window; before >= 0 {
				sortedA.remove(a[before])
				sortedB.remove(b[before])
				result.Values[i] = sameDistribution(sortedA, sortedB)
			}
		}
		return []Series{result}, nil
	},
}

// sortedValues are sorted values without NaN.
type sortedValues []float64

func (s *sortedValues) insert(v float64) {
	if at, _ := slices.BinarySearch(*s, v); v == v {
		*s = slices.Insert(*s, at, v)
	}
}

func (s *sortedValues) remove(v float64) {
	if at, _ := slices.BinarySearch(*s, v); v == v {
		*s = slices.Delete(*s, at, at+1)
	}
}

// sameDistribution returns the probability that the cumulative distributions of two
// samples of the same distribution are at least as far apart as those of a and b. It is
// NaN if either is empty.
func sameDistribution(a, b sortedValues) float64 {
	if len(a) == 0 || len(b) == 0 {
		return nan
	}
	lenA, lenB := float64(len(a)), float64(len(b))
	distance, i, j := 0.0, 0, 0
	for i < len(a) && j < len(b) {
		v := min(a[i], b[j])
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		distance = max(distance, math.Abs(float64(j)/lenB-float64(i)/lenA))
	}
	return kolmogorov(distance * math.Sqrt(lenA*lenB/(lenA+lenB)))
}

// kolmogorov returns the probability that a Kolmogorov-distributed value is above z. There
// is one series that converges fast for small z, and one for large z.
func kolmogorov(z float64) float64 {
	switch {
	case z == 0:
		return 1
	case z < 1.18:
		y := math.Exp(-math.Pi * math.Pi / (8 * z * z))
		return 1 - math.Sqrt(2*math.Pi)/z*(y+math.Pow(y, 9)+math.Pow(y, 25)+math.Pow(y, 49))
	default:
		x := math.Exp(-2 * z * z)
		return 2 * (x - math.Pow(x, 4) + math.Pow(x, 9))
	}
}
