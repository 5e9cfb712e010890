package function

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
)

var heatMap = &Spec{
	Name:  "heatMap",
	Group: Transform,
	Doc: `Returns the difference between each series and the next smaller one, for a
heat map of cumulative counters. Series are sorted by the sum of their first five
values, of times at which all have one. All series must have the same times.

Example::

  &target=heatMap(web.*.cpu)`,
	Params: []Param{seriesList},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		first := series[0]
		for _, s := range series[1:] {
			if s.Start != first.Start || s.End != first.End || s.Step != first.Step || len(s.Values) != len(first.Values) {
				return nil, c.errorf("seriesList", "%q and %q must have the same times", first.Name, s.Name)
			}
		}
		series = byFirstPoints(series, 5)
		i := 0
		return c.eachSeries(ctx, series[1:], func(s Series) (Series, error) {
			below := series[i]
			i++
			values, err := c.makeValues(int64(len(s.Values)))
			for j := range values {
				values[j] = s.Values[j] - below.Values[j]
			}
			return s.derived("heatMap("+s.Name+","+below.Name+")", values), err
		})
	},
}

// byFirstPoints sorts series by the sum of their first n values, of times at which all
// series have one. The series must have the same times.
func byFirstPoints(series []Series, n int) []Series {
	list := make(ranking, len(series))
	for i, s := range series {
		list[i].Series = s
	}
	for i := range series[0].Values {
		if slices.ContainsFunc(series, func(s Series) bool { return s.Values[i] != s.Values[i] }) {
			continue
		}
		if n--; n < 0 {
			break
		}
		for j, s := range series {
			list[j].score += s.Values[i]
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(a.score, b.score) })
	sorted := make([]Series, len(list))
	for i, r := range list {
		sorted[i] = r.Series
	}
	return sorted
}

var countValues = &Spec{
	Name:  "countValues",
	Group: Combine,
	Doc: `Returns one series for each distinct integer part of the values: the
number of series that have that value at each time. If there are more than valuesLimit
distinct values, the only result is a series called valuesLimitReached.

Example::

  &target=countValues(web.*.cpu)`,
	Params: []Param{seriesList, {Name: "valuesLimit", Type: Integer, Default: 32}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		limit := c.Int("valuesLimit")
		if limit < 1 {
			return nil, c.errorf("valuesLimit", "must be at least 1, not %d", limit)
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		list := operands(series)
		at, err := c.normalize(list)
		if err != nil {
			return nil, err
		}
		length := int64(rowCount(list))
		result := func(name string, values []float64) Series {
			s := series[0].derived(name, values)
			s.Start, s.End, s.Step = at.start, at.end, at.step
			return s
		}
		counts := map[float64][]float64{}
		for _, s := range list {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			for i, v := range s.values {
				if v != v {
					continue
				}
				whole := math.Trunc(v)
				if counts[whole] == nil {
					values, err := c.makeValues(length)
					if err != nil {
						return nil, err
					}
					if int64(len(counts)) == limit {
						return []Series{result("valuesLimitReached", values)}, nil
					}
					counts[whole] = values
				}
				counts[whole][i]++
			}
		}
		var results []Series
		for _, v := range slices.Sorted(maps.Keys(counts)) {
			results = append(results, result(strconv.FormatFloat(v+0, 'f', -1, 64), counts[v]))
		}
		return results, nil
	},
}
