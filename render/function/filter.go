package function

import "carbon/aggregate"

// filterRows are the functions that leave out series, or values.
var filterRows = []*Spec{
	removeEmptySeries,
}

var removeEmptySeries = &Spec{
	Name:  "removeEmptySeries",
	Group: FilterSeries,
	Doc: `Drops series without points, or with a smaller share of known points than
the xFilesFactor.

Example::

  &target=removeEmptySeries(web.*.cpu,0.5)`,
	Params: []Param{seriesList, xFilesFactor},
	Eval: keep(func(c *Call) func(s Series) bool {
		xff := c.Float("xFilesFactor") // left out it is 0, whatever the request says
		return func(s Series) bool {
			return enough(aggregate.Count(s.Values), float64(len(s.Values)), xff)
		}
	}),
}
