package function

import (
	"cmp"
	"context"
	"slices"

	"carbon/aggregate"
)

var asPercent = &Spec{
	Name:    "asPercent",
	Aliases: []string{"pct"},
	Group:   Combine,
	Doc: `Returns each series as a percentage of a total. The total is a number, one
series, or one total per series; both lists are sorted by name and paired. By default
it is the sum of all series. With nodes, node numbers or tag
names, series and totals are grouped by those nodes, and each series is compared with
the sum of its group.

Example::

  &target=asPercent(web.*.cpu,sumSeries(web.*.cpu))
  &target=asPercent(web.*.*,None,1)`,
	Params: []Param{
		seriesList,
		{Name: "total", Type: Any},
		{Name: "nodes", Type: NodeOrTag, Multiple: true},
	},
	Aggregator: true,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil || len(series) == 0 {
			return nil, err
		}
		totals, isSeries, err := c.totals(ctx)
		if err != nil {
			return nil, err
		}
		p := &percentage{Call: c, series: operands(series), totals: operands(totals)}
		if _, err := p.normalize(p.series); err != nil {
			return nil, err
		}
		switch {
		case len(c.values("nodes")) > 0 && (isSeries || !c.Has("total")):
			return p.byNode(ctx, isSeries)
		case len(c.values("nodes")) > 0:
			return nil, c.errorf("total", "must be series or none if nodes are given")
		case !c.Has("total"):
			total, err := p.across(ctx, p.series, aggregate.Sum)
			if err != nil {
				return nil, err
			}
			return p.ofTotal(total, "sumSeries("+paths(series)+")")
		case !isSeries:
			return p.ofNumber()
		case len(totals) != 1 && len(totals) != len(series):
			return nil, c.errorf("total", "must be a number, one series, or as many as in seriesList: %d, not %d", len(series), len(totals))
		case len(totals) == len(series):
			return p.inPairs()
		default:
			if _, err := p.normalize(append(p.totals[:1:1], p.series...)); err != nil {
				return nil, err
			}
			return p.ofTotal(p.totals[0].values, totals[0].Name)
		}
	},
}

// totals returns the argument "total" if it is series.
func (c *Call) totals(ctx context.Context) (series []Series, isSeries bool, err error) {
	switch c.value("total").(type) {
	case *Node, []Series:
		series, err = c.Series(ctx, "total")
		return series, true, err
	}
	return nil, false, nil
}

// percentage is one evaluation of asPercent. As in graphite-web, operands keep the values
// of the last common step they were consolidated to.
type percentage struct {
	*Call
	series, totals []*operand
	at             span // of the last result
}

// ofTotal returns each series as a percentage of the same total. As in graphite-web they
// keep their start, end and step, even if they were consolidated to another step.
func (p *percentage) ofTotal(total []float64, name string) ([]Series, error) {
	results := make([]Series, len(p.series))
	for i, s := range p.series {
		var err error
		if results[i], err = p.ratio(s.Name, name, span{s.Start, s.End, s.Step}, s.values, total); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (p *percentage) ofNumber() ([]Series, error) {
	switch p.value("total").(type) {
	case int64, float64:
	default:
		return nil, p.errorf("total", "must be a number or series, not %s", describe(p.value("total")))
	}
	number, _ := asFloat(p.value("total"))
	total := slices.Repeat([]float64{number}, len(p.series[0].Values))
	return p.ofTotal(total, p.Text("total"))
}

// inPairs returns each series as a percentage of the total at the same position, after
// both are sorted by name.
func (p *percentage) inPairs() ([]Series, error) {
	byName := func(a, b *operand) int { return cmp.Compare(a.Name, b.Name) }
	series, totals := slices.Clone(p.series), slices.Clone(p.totals)
	slices.SortStableFunc(series, byName)
	slices.SortStableFunc(totals, byName)
	results := make([]Series, len(series))
	for i := range series {
		var err error
		if results[i], err = p.pair(series[i], totals[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// pair returns a series as a percentage of a total. Either may be nil.
func (p *percentage) pair(s, total *operand) (Series, error) {
	switch {
	case s == nil:
		return p.ratio("MISSING", total.Name, p.at, nil, total.values)
	case total == nil:
		return p.ratio(s.Name, "MISSING", p.at, s.values, nil)
	}
	at, err := p.normalize([]*operand{s, total})
	if err != nil {
		return Series{}, err
	}
	p.at = at
	return p.ratio(s.Name, total.Name, at, s.values, total.values)
}

// byNode returns each series as a percentage of the sum of the totals with the same
// nodes; without totals, of the sum of the series with the same nodes.
func (p *percentage) byNode(ctx context.Context, hasTotals bool) ([]Series, error) {
	nodes := p.values("nodes")
	key := func(s *operand) string { return nodeKey(s.Series, nodes) }
	keys, groups, err := groupBy(ctx, p.Call, p.series, key)
	if err != nil {
		return nil, err
	}
	totalKeys, totalGroups := slices.Clone(keys), groups
	if hasTotals {
		if totalKeys, totalGroups, err = groupBy(ctx, p.Call, p.totals, key); err != nil {
			return nil, err
		}
	}
	p.at = span{p.series[0].Start, p.series[0].End, p.series[0].Step}
	totals := map[string]*operand{}
	for _, key := range totalKeys {
		if groups[key] == nil {
			keys = append(keys, key)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if totals[key], err = p.total(ctx, totalGroups[key]); err != nil {
			return nil, err
		}
	}
	var results []Series
	for _, key := range keys {
		series := groups[key]
		if series == nil {
			series = []*operand{nil}
		}
		for _, s := range series {
			result, err := p.pair(s, totals[key])
			if err != nil {
				return nil, err
			}
			results = append(results, result)
		}
	}
	return results, nil
}

// total returns the sum of a group. The sum of a single series is that series.
func (p *percentage) total(ctx context.Context, group []*operand) (*operand, error) {
	if len(group) == 1 {
		return group[0], nil
	}
	at, err := p.normalize(group)
	if err != nil {
		return nil, err
	}
	p.at = at
	var parts []Series
	for _, s := range group {
		parts = append(parts, s.Series)
	}
	values, err := p.across(ctx, group, aggregate.Sum)
	return &operand{p.result("sumSeries("+paths(parts)+")", at, values), values}, err
}

// ratio returns the values a as percentages of b, as many as the longer one has. There is
// no result where either is missing or b is 0.
func (p *percentage) ratio(part, whole string, at span, a, b []float64) (Series, error) {
	name := "asPercent(" + part + "," + whole + ")"
	if err := p.spendName(name, name); err != nil {
		return Series{}, err
	}
	values, err := p.makeValues(int64(max(len(a), len(b))))
	for i := range values {
		values[i] = nan
		if i < len(a) && i < len(b) && b[i] != 0 {
			values[i] = a[i] / b[i] * 100
		}
	}
	return p.result(name, at, values), err
}

func (p *percentage) result(name string, at span, values []float64) Series {
	s := newSeries(name, at.start, at.end, at.step, values)
	s.XFilesFactor = p.XFilesFactor
	return s
}
