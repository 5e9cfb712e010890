package function

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
)

var ewma = &Spec{
	Name:    "ewma",
	Aliases: []string{"exponentialWeightedMovingAverage"},
	Group:   Calculate,
	Doc: `Shows an average in which each point counts alpha and all before it the rest,
so that what is long ago counts ever less.

Example::

  &target=ewma(web.a.cpu,0.1)`,
	Params: []Param{
		seriesList,
		{Name: "alpha", Type: Float, Required: true, Suggestions: []any{0.1, 0.5, 0.7}},
	},
	Eval: each(func(c *Call, s Series) (Series, func(float64) float64) {
		alpha, mean := c.Float("alpha"), nan
		s = s.derived("ewma("+s.Name+","+decimal(alpha)+")", nil)
		return s, func(v float64) float64 {
			if mean == mean {
				v = alpha*v + (1-alpha)*mean
			}
			mean = v
			return v
		}
	}),
}

// decimal returns a number as people write it: 2, not 2.0.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// single returns the series given for a parameter that takes only one. There
// may be none.
func (c *Call) single(ctx context.Context, param string) (s Series, ok bool, err error) {
	series, err := c.Series(ctx, param)
	switch {
	case err != nil || len(series) == 0:
		return s, false, err
	case len(series) > 1:
		return s, false, c.errorf(param, "must be one series, not %d", len(series))
	}
	return series[0], true, nil
}

// pair returns the series "seriesA" and "seriesB", brought to a common step, the
// second to the length of the first, too, and the result, as yet without points.
// The parameter window stands last in its name. Not ok: a series is missing.
func (c *Call) pair(ctx context.Context, window string) (a, b []float64, result Series, ok bool, err error) {
	first, hasFirst, err := c.single(ctx, "seriesA")
	if err != nil {
		return nil, nil, result, false, err
	}
	second, hasSecond, err := c.single(ctx, "seriesB")
	if err != nil || !hasFirst || !hasSecond {
		return nil, nil, result, false, err
	}
	list := operands([]Series{first, second})
	at, err := c.normalize(list)
	if err != nil {
		return nil, nil, result, false, err
	}
	a, b = list[0].values, list[1].values
	if len(b) < len(a) {
		b = append(b[:len(b):len(b)], slices.Repeat([]float64{nan}, len(a)-len(b))...)
	}
	values, err := c.makeValues(int64(len(a)))
	for i := range values {
		values[i] = nan
	}
	result = first.derived(c.spec.Name+"("+first.Name+","+second.Name+","+c.Text(window)+")", values)
	result.Start, result.End, result.Step = at.start, at.end, at.step
	return a, b, result, true, err
}

// windowPoints returns a whole number of points, at least one.
func (c *Call) windowPoints(param string) (int64, error) {
	n := c.Int(param)
	if n < 1 {
		return 0, c.errorf(param, "must be at least 1, not %d", n)
	}
	return n, nil
}

var pearson = &Spec{
	Name:  "pearson",
	Group: Transform,
	Doc: `Shows how two series go together (Pearson's correlation coefficient), at each
point over the last ones, as many as windowSize says: 1 where they rise and fall
alike, -1 where one rises as the other falls. Points that one of them misses do not
count, and where one does not change at all there is no result.

Example::

  &target=pearson(web.a.cpu,web.a.requests,60)`,
	Params: []Param{
		{Name: "seriesA", Type: SeriesList, Required: true},
		{Name: "seriesB", Type: SeriesList, Required: true},
		{Name: "windowSize", Type: Integer, Required: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		window, err := c.windowPoints("windowSize")
		if err != nil {
			return nil, err
		}
		a, b, result, ok, err := c.pair(ctx, "windowSize")
		if err != nil || !ok {
			return nil, err
		}
		if window <= int64(len(a)) {
			if err := c.Spend(6 * (window + 1)); err != nil {
				return nil, err
			}
			correlate(result.Values, a, b, int(window))
		}
		return []Series{result}, ctx.Err()
	},
}

// correlate sets results, from the first that has a whole window of n points, to
// the correlation of the window that ends there. A window is the end of one block
// of n points and the beginning of the next, whose moments are each summed up
// once: no sum ever has anything taken from it, so errors do not pile up.
func correlate(results, a, b []float64, n int) {
	ends := make([]moments, n+1) // of the block before, from each of its points on
	var beginning moments        // of this block
	for i := range results {
		at := i % n
		if at == 0 && i > 0 {
			for k := n - 1; k >= 0; k-- {
				ends[k] = momentsOf(a[i-n+k], b[i-n+k]).with(ends[k+1])
			}
			beginning = moments{}
		}
		beginning = beginning.with(momentsOf(a[i], b[i]))
		if i >= n-1 {
			results[i] = ends[at+1].with(beginning).correlation()
		}
	}
}

// moments of pairs of values: how many there are, their means, and the sums of
// squares and products of what they are off those.
type moments struct{ n, a, b, aa, bb, ab float64 }

func momentsOf(a, b float64) moments {
	if a != a || b != b {
		return moments{}
	}
	return moments{n: 1, a: a, b: b}
}

// with returns the moments of the pairs of both.
func (m moments) with(o moments) moments {
	if m.n == 0 || o.n == 0 {
		if m.n == 0 {
			return o
		}
		return m
	}
	n, da, db := m.n+o.n, o.a-m.a, o.b-m.b
	share := o.n / n
	weight := m.n * share
	return moments{
		n: n, a: m.a + da*share, b: m.b + db*share,
		aa: m.aa + o.aa + da*da*weight,
		bb: m.bb + o.bb + db*db*weight,
		ab: m.ab + o.ab + da*db*weight,
	}
}

func (m moments) correlation() float64 { return m.ab / (math.Sqrt(m.aa) * math.Sqrt(m.bb)) }

var pearsonClosest = &Spec{
	Name:  "pearsonClosest",
	Group: Transform,
	Doc: `Shows those n series that go together with one series best (see pearson), the
best first. With the direction "pos" only those that rise when it rises count, with
"neg" those that fall, with "abs" both. Series that do not change, or have another
number of points, are left out.

Example::

  &target=pearsonClosest(web.a.cpu,web.*.*,2,"abs")`,
	Params: []Param{
		{Name: "series", Type: SeriesList, Required: true},
		seriesList,
		{Name: "n", Type: Integer, Required: true},
		{Name: "direction", Type: String, Default: "abs", Options: []any{"abs", "pos", "neg"}},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		n, direction := c.Int("n"), c.String("direction")
		rank := map[string]func(float64) float64{
			"abs": math.Abs,
			"pos": func(v float64) float64 { return v },
			"neg": func(v float64) float64 { return -v },
		}[direction]
		switch {
		case n < 0:
			return nil, c.errorf("n", "must not be negative")
		case rank == nil:
			return nil, c.errorf("direction", `must be "abs", "pos" or "neg", not %q`, direction)
		}
		reference, ok, err := c.single(ctx, "series")
		if err != nil || !ok {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		var found ranking
		for _, s := range series {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if len(s.Values) != len(reference.Values) {
				continue
			}
			var m moments
			for i, v := range s.Values {
				m = m.with(momentsOf(reference.Values[i], v))
			}
			if v := rank(m.correlation()); v >= 0 {
				found = append(found, ranked{s, v})
			}
		}
		return found.best(n), nil
	},
}

// ranking is series with how well each fits.
type ranking []ranked

type ranked struct {
	Series
	score float64
}

// best returns the n series of the highest score, that first; equals stay in
// order.
func (r ranking) best(n int64) []Series {
	slices.SortStableFunc(r, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	series := make([]Series, min(n, int64(len(r))))
	for i := range series {
		series[i] = r[i].Series
	}
	return series
}

var kolmogorovSmirnovTest2 = &Spec{
	Name:    "kolmogorovSmirnovTest2",
	Aliases: []string{"ksTest2"},
	Group:   Transform,
	Doc: `Shows how likely it is that the values of two series are of one distribution
(two-sample Kolmogorov-Smirnov test), at each point over the last ones, as many as
window says.

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
			// As in carbonapi the first window that is complete does not count yet.
			if before := int64(i) - window; before >= 0 {
				sortedA.remove(a[before])
				sortedB.remove(b[before])
				result.Values[i] = sameDistribution(sortedA, sortedB)
			}
		}
		return []Series{result}, nil
	},
}

// sortedValues are values but NaN.
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

// sameDistribution returns the probability that samples of one distribution are
// as far apart as these, from how far their cumulative distributions are. NaN if
// one is empty.
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

// kolmogorov returns how likely a Kolmogorov-distributed value is above z: by the
// series that converges fast for small z, or that for large ones.
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
