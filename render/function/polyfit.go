package function

import "context"

var polyfit = &Spec{
	Name:  "polyfit",
	Group: Combine,
	Doc: `Returns the polynomial of the given degree that best fits the values of
each series (least squares): a line for degree 1, a parabola for degree 2. offset
extends it beyond the end by that duration. The result has no values if the series has
too few for the degree.

Example::

  &target=polyfit(web.a.cpu)
  &target=polyfit(web.a.cpu,3,"5min")`,
	Params: []Param{
		seriesList,
		{Name: "degree", Type: Integer, Default: 1},
		{Name: "offset", Type: Interval, Default: "0d"},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		degree, offset := c.Int("degree"), c.Seconds("offset")
		if degree < 1 || degree > highestDegree {
			return nil, c.errorf("degree", "must be between 1 and %d, not %d", highestDegree, degree)
		}
		arguments := ""
		switch {
		case c.given("offset"):
			arguments = "," + c.Text("degree") + ",'" + c.Text("offset") + "'"
		case c.given("degree"):
			arguments = "," + c.Text("degree")
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			if s.Step <= 0 {
				return s, c.errorf("seriesList", "%q has no step", s.Name)
			}
			values, err := c.makeValues(int64(len(s.Values)) + offset/s.Step)
			if err == nil {
				err = c.fit(ctx, values, s.Values, int(degree))
			}
			s.End += offset
			return s.derived("polyfit("+s.Name+arguments+")", values), err
		})
	},
}

// highestDegree limits the time that a fit takes.
const highestDegree = 100

// fit sets results to the values of the polynomial that fits the known values best (least
// squares). It constructs polynomials that are orthogonal at the times of these values
// (Forsythe's method), which stays accurate at high degrees.
func (c *Call) fit(ctx context.Context, results, values []float64, degree int) error {
	known, err := c.makeValues(4 * int64(len(values)))
	if err != nil {
		return err
	}
	n := len(values)
	x, y := known[0:0:n], known[n:n:2*n]
	position := func(i int) float64 { return 2*float64(i)/float64(n) - 1 }
	for i, v := range values {
		if v == v {
			x, y = append(x, position(i)), append(y, v)
		}
	}
	if len(x) <= degree {
		for i := range results {
			results[i] = nan
		}
		return nil
	}
	// Polynomial k+1 is (x - shift[k]) * polynomial k - ratio[k] * polynomial k-1. The
	// result is the sum of all polynomials, each multiplied by its share.
	shift, ratio, share := make([]float64, degree+1), make([]float64, degree+1), make([]float64, degree+1)
	before, current := known[2*n:2*n+len(x)], known[3*n:3*n+len(x)]
	for i := range current {
		current[i] = 1
	}
	lastSquares := 1.0
	for k := range share {
		if err := ctx.Err(); err != nil {
			return err
		}
		squares, moment, product := 0.0, 0.0, 0.0
		for i, p := range current {
			squares += p * p
			moment += x[i] * p * p
			product += y[i] * p
		}
		shift[k], ratio[k], share[k] = moment/squares, squares/lastSquares, product/squares
		lastSquares = squares
		for i, p := range current {
			y[i] -= share[k] * p
			before[i], current[i] = p, (x[i]-shift[k])*p-ratio[k]*before[i]
		}
	}
	for i := range results {
		t, p, last := position(i), 1.0, 0.0
		for k := range share {
			results[i] += share[k] * p
			p, last = (t-shift[k])*p-ratio[k]*last, p
		}
	}
	return nil
}
