package function

import (
	"context"
	"math"
	"slices"
)

// pair returns the values of "seriesA" and "seriesB" at their common step, the second
// with at least as many values as the first, and a result whose values are all missing.
// The name of the result ends with the parameter window. ok is false if a series is
// missing.
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

// windowPoints returns a number of values, at least one.
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
	Doc: `Returns the moving Pearson correlation coefficient of two series over the
last windowSize values: 1 where they rise and fall together, -1 where one rises as the
other falls. Times at which either value is missing are ignored. There is no result
where one series is constant.

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

// correlate sets results[i] to the correlation of the n values up to i, from the first
// complete window on. A window consists of the end of one block of n values and the start
// of the next, whose moments are computed separately: nothing is ever subtracted from a
// sum, so rounding errors do not accumulate.
func correlate(results, a, b []float64, n int) {
	ends := make([]moments, n+1) // of the previous block, from each of its values on
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

// moments are those of pairs of values: their number, means, and the sums of the squares
// and products of deviations from the means.
type moments struct{ n, a, b, aa, bb, ab float64 }

func momentsOf(a, b float64) moments {
	if a != a || b != b {
		return moments{}
	}
	return moments{n: 1, a: a, b: b}
}

// with returns the moments of the union of both sets of pairs.
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
	Doc: `Returns the n series that correlate best with one series (see pearson),
the best first. direction is "pos" for series that rise and fall with it, "neg" for
those that move in the opposite direction, "abs" for both. Series that are constant or
have a different number of values are left out.

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
			return nil, c.errorf("n", "must not be negative: %d", n)
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
