package function

import (
	"context"
	"fmt"
	"time"

	"carbon/attime"
	"carbon/metric"
)

var linearRegression = &Spec{
	Name:  "linearRegression",
	Group: Calculate,
	Doc: `Draws the straight line that best fits the values of each series (least
squares). startSourceAt and endSourceAt limit the time range of the values to fit, in
the formats of from and until; the line covers the time range of the graph.

Example::

  &target=linearRegression(web.a.cpu,"-10min","now")`,
	Params: []Param{seriesList, {Name: "startSourceAt", Type: Date}, {Name: "endSourceAt", Type: Date}},
	Windows: func(c *Call, w metric.Window) []metric.Window {
		source, err := c.source()
		if err != nil {
			return []metric.Window{w}
		}
		return []metric.Window{w, source}
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		source, err := c.source()
		if err != nil {
			return nil, err
		}
		sources, err := c.SeriesIn(ctx, "seriesList", source)
		if err != nil {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		from, until := c.sourceShown("startSourceAt", source.From), c.sourceShown("endSourceAt", source.Until)
		var results []Series
		for i := range min(len(sources), len(series)) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			slope, level, ok := regression(sources[i])
			if !ok {
				continue
			}
			s := series[i]
			values, err := c.makeValues(int64(len(s.Values)))
			if err != nil {
				return nil, err
			}
			for j := range values {
				values[j] = level + float64(s.Start+int64(j)*s.Step)*slope
			}
			s = s.derived(fmt.Sprintf("linearRegression(%s, %d, %d)", s.Name, from, until), values)
			s.Consolidation = ""
			results = append(results, s.tagged("linearRegressions", fmt.Sprintf("%d, %d", from, until)))
		}
		return results, nil
	},
}

// source returns the window of the values to fit.
func (c *Call) source() (metric.Window, error) {
	w := c.Window
	for param, at := range map[string]*int64{"startSourceAt": &w.From, "endSourceAt": &w.Until} {
		if !c.Has(param) {
			continue
		}
		t, err := attime.Parse(c.Text(param), time.Unix(c.Now, 0).UTC())
		if err != nil {
			return w, c.errorf(param, "%v", err)
		}
		*at = t.Unix()
	}
	if w.From >= w.Until {
		return w, c.errorf("startSourceAt", "must be before endSourceAt")
	}
	return w, nil
}

// sourceShown returns a bound of source as graphite-web shows it in names: an argument is
// in UTC, a default is in the time zone of the request.
func (c *Call) sourceShown(param string, t int64) int64 {
	if c.Has(param) {
		return t
	}
	return c.wallClock(t)
}

// regression returns the line that best fits the values of a series (least squares), as its
// slope per second and its level at time 0. ok is false if there are fewer than two
// values.
func regression(s Series) (slope, level float64, ok bool) {
	var n, sumI, sumV, sumII, sumIV float64
	for i, v := range s.Values {
		if v == v {
			i := float64(i)
			n++
			sumI += i
			sumV += v
			sumII += i * i
			sumIV += i * v
		}
	}
	denominator := n*sumII - sumI*sumI
	if denominator == 0 || s.Step <= 0 {
		return 0, 0, false
	}
	slope = (n*sumIV - sumI*sumV) / denominator / float64(s.Step)
	return slope, (sumII*sumV-sumIV*sumI)/denominator - slope*float64(s.Start), true
}
