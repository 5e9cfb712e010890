package render

import (
	"math"

	"carbon/render/function"
)

// consolidate reduces series to at most most points over the time range of all series, as
// graphite-web does for json.
//
// Consolidated points are aligned to multiples of their step, so that they do not change
// as time passes. Therefore a series starts later by up to one step and loses its first
// points.
func consolidate(series []function.Series, most int64) ([]function.Series, error) {
	start, end := int64(math.MaxInt64), int64(math.MinInt64)
	for _, s := range series {
		start, end = min(start, s.Start), max(end, s.End)
	}
	results := make([]function.Series, len(series))
	for i, s := range series {
		var err error
		if most == 1 {
			err = merge(&s, int64(len(s.Values)))
		} else if s.Step > 0 && end-start > most*s.Step {
			perPoint := int64(math.Ceil(float64(end-start) / float64(s.Step) / float64(most)))
			length := perPoint * s.Step
			later := length + s.Start%s.Step - s.Start%length
			s.Start += later
			s.Values = s.Values[min(max(later/s.Step-1, 0), int64(len(s.Values))):]
			err = merge(&s, perPoint)
		}
		if err != nil {
			return nil, err
		}
		results[i] = s
	}
	return results, nil
}

// merge combines every perPoint values of a series into one.
func merge(s *function.Series, perPoint int64) (err error) {
	s.Values, err = s.Consolidate(perPoint)
	s.Step *= max(perPoint, 1)
	return err
}
