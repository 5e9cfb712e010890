package function

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"carbon/aggregate"
)

// consolidations are the functions that several points may become one by.
var consolidations = map[string]aggregate.Func{
	"": aggregate.Average, "average": aggregate.Average, "avg": aggregate.Average,
	"avg_zero": aggregate.AverageZero, "sum": aggregate.Sum, "min": aggregate.Min,
	"max": aggregate.Max, "first": aggregate.First, "last": aggregate.Last,
}

// lookupAggregation returns the aggregation function of a name that functions of
// graphite-web take. What only storing or consolidating knows is not among them.
func lookupAggregation(name string) (aggregate.Func, bool) {
	switch name {
	case "first", "absmin", "absmax":
		return nil, false
	}
	return aggregate.Lookup(name)
}

// Consolidate returns the values of the series with every perPoint of them made
// one, the last perhaps of fewer, by the function and the xFilesFactor of the
// series. It does not copy them if there is nothing to do. As in graphite-web only
// then a function that does not exist is noticed.
func (s Series) Consolidate(perPoint int64) ([]float64, error) {
	values := s.Values
	if perPoint <= 1 {
		return values, nil
	}
	f, ok := consolidations[s.Consolidation]
	if !ok {
		return nil, &ArgError{consolidateBy.Name, "consolidationFunc", fmt.Sprintf(
			"unknown consolidation function %q: want average, avg_zero, sum, min, max, first or last", s.Consolidation)}
	}
	points := make([]float64, 0, (int64(len(values))+perPoint-1)/perPoint)
	for len(values) > 0 {
		bucket := values[:min(perPoint, int64(len(values)))]
		values = values[len(bucket):]
		if known := aggregate.Count(bucket); enough(known, float64(perPoint), s.XFilesFactor) {
			points = append(points, f(bucket))
		} else {
			points = append(points, nan)
		}
	}
	return points, nil
}

// enough reports whether so many known points of a total satisfy an
// xFilesFactor.
func enough(known, total, xFilesFactor float64) bool {
	return known > 0 && total > 0 && known/total >= xFilesFactor
}

// operand is a series that is to be calculated with others: its values are
// those of the common step. Which step is common may change while a function
// works, and with it the values.
type operand struct {
	Series
	values []float64
}

func operands(series []Series) []*operand {
	list := make([]*operand, len(series))
	for i, s := range series {
		list[i] = &operand{s, s.Values}
	}
	return list
}

// span is when the points of a result are.
type span struct{ start, end, step int64 }

// normalize brings series to the least common multiple of their steps. As in
// graphite-web, values are then lined up by position, whenever they begin.
func (c *Call) normalize(list []*operand) (span, error) {
	at := span{start: math.MaxInt64, end: math.MinInt64, step: 1}
	for i, s := range list {
		if s.Step <= 0 {
			return at, c.errorf("", "%q has no step", s.Name)
		}
		if i == 0 {
			at.step = s.Step
		}
		hi, lo := bits.Mul64(uint64(at.step), uint64(s.Step/gcd(at.step, s.Step)))
		if hi != 0 || lo > math.MaxInt64 {
			return at, c.errorf("", "the steps of the series have no common multiple below 2^63")
		}
		at.step = int64(lo)
		at.start, at.end = min(at.start, s.Start), max(at.end, s.End)
	}
	for _, s := range list {
		var err error
		if s.values, err = s.Consolidate(at.step / s.Step); err != nil {
			return at, err
		}
	}
	at.end -= floorMod(at.end-at.start, at.step)
	return at, nil
}

// aggregate makes one series of several. The name of the aggregation function
// may end in Series, as those of callbacks do.
func (c *Call) aggregate(ctx context.Context, series []Series, name string, xFilesFactor float64) ([]Series, error) {
	name = trimSeries(name)
	f, ok := lookupAggregation(name)
	if !ok {
		return nil, c.errorf("", "unknown aggregation function %q", name)
	}
	if len(series) == 0 {
		return nil, ctx.Err()
	}
	list := operands(series)
	at, err := c.normalize(list)
	if err != nil {
		return nil, err
	}
	values, err := c.combineRows(ctx, list, name, f, xFilesFactor)
	if err != nil {
		return nil, err
	}
	result := newSeries(name+"Series("+paths(series)+")", at.start, at.end, at.step, values)
	result.XFilesFactor = xFilesFactor
	result.Tags = commonTags(series)
	if _, ok := result.Tags["name"]; !ok {
		result.Tags["name"] = result.Name
	}
	result.Tags["aggregatedBy"] = name
	return []Series{result}, ctx.Err()
}
