package function

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"carbon/aggregate"
)

// consolidations are the functions that combine several values into one when a
// series is consolidated.
var consolidations = map[string]aggregate.Func{
	"": aggregate.Average, "average": aggregate.Average, "avg": aggregate.Average,
	"avg_zero": aggregate.AverageZero, "sum": aggregate.Sum, "min": aggregate.Min,
	"max": aggregate.Max, "first": aggregate.First, "last": aggregate.Last,
}

// lookupAggregation returns an aggregation function by the name that graphite-web's
// functions accept. They do not accept those that only storage and consolidation use.
func lookupAggregation(name string) (aggregate.Func, bool) {
	switch name {
	case "first", "absmin", "absmax":
		return nil, false
	}
	return aggregate.Lookup(name)
}

// Consolidate combines every perPoint values of the series into one, with its
// consolidation function and xFilesFactor; the last one may combine fewer. With a
// perPoint of 1 it returns the values without copying them, and, as graphite-web,
// does not check the function.
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

// enough reports whether known of total values satisfy an xFilesFactor. No values
// never do.
func enough(known, total, xFilesFactor float64) bool {
	return known > 0 && total > 0 && known/total >= xFilesFactor
}

// operand is a series that is combined with others. values are its values at the
// common step, which may change while a function is evaluated.
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

// span is the time range and the step of a result.
type span struct{ start, end, step int64 }

// normalize consolidates series to the least common multiple of their steps. As in
// graphite-web, values are aligned by position, whatever the start of a series.
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

// aggregate combines series into one with an aggregation function. Its name may end
// in Series, as the names of callbacks do.
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
	values, err := c.aggregateRows(ctx, list, name, f, xFilesFactor)
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
