package function

// without makes a function that removes the values beyond n.
func without(name, doc string, beyond func(v, n float64) bool) *Spec {
	return &Spec{
		Name:   name,
		Group:  FilterData,
		Doc:    doc + "\n\nExample::\n\n  &target=" + name + "(web.a.cpu,50)",
		Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
		Eval: perSeries(func(c *Call, s Series) (Series, error) {
			s = s.rewritten(name + "(" + s.Name + ", " + formatG(c.Float("n")) + ")")
			return c.drop(s, c.Float("n"), beyond)
		}),
	}
}

// drop returns the series without the values beyond a limit.
func (c *Call) drop(s Series, limit float64, beyond func(v, limit float64) bool) (Series, error) {
	values, err := c.makeValues(int64(len(s.Values)))
	for i := range values {
		v := s.Values[i]
		if beyond(v, limit) {
			v = nan
		}
		values[i] = v
	}
	s.Values = values
	return s, err
}

func above(v, limit float64) bool { return v > limit }

func below(v, limit float64) bool { return v < limit }

var (
	removeAboveValue = without("removeAboveValue", "Removes the values above n: they become missing.", above)
	removeBelowValue = without("removeBelowValue", "Removes the values below n: they become missing.", below)
)

// withoutPercentile makes a function that removes the values beyond the n-th percentile of
// their series.
func withoutPercentile(name, doc string, beyond func(v, n float64) bool) *Spec {
	return &Spec{
		Name:   name,
		Group:  FilterData,
		Doc:    doc + "\n\nExample::\n\n  &target=" + name + "(web.a.cpu,50)",
		Params: []Param{seriesList, {Name: "n", Type: Float, Required: true}},
		Eval: perSeries(func(c *Call, s Series) (Series, error) {
			n := c.Float("n")
			if n == 0 || n != n {
				return s, c.errorf("n", "must be above 0 and at most 100, not %s", c.Text("n"))
			}
			s = s.rewritten(name + "(" + s.Name + ", " + formatG(n) + ")")
			known, err := c.known(s.Values)
			if err != nil || len(known) == 0 {
				return s, err
			}
			limit, ok := percentileAt(known, n)
			if !ok {
				return s, nil // as graphite-web does for n above 100
			}
			s = s.tagged("nPercentile", c.Text("n"))
			if s.Step <= 0 || s.End-s.Start < s.Step {
				return s, nil // as graphite-web does, which computes no percentile then
			}
			return c.drop(s, limit, beyond)
		}),
	}
}

var (
	removeAbovePercentile = withoutPercentile("removeAbovePercentile", "Removes the values above the n-th percentile of their series: they become missing.", above)
	removeBelowPercentile = withoutPercentile("removeBelowPercentile", "Removes the values below the n-th percentile of their series: they become missing.", below)
)
