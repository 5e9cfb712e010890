package render

import (
	"math"

	"carbon/render/function"
)

// consolidate makes several points one where a series would have more than most
// over the time of all series, as graphite-web does for json.
//
// So that points do not jitter as time goes on, those of one come to lie at
// multiples of their length: the series begins later by up to that length, and
// loses its first points.
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

func merge(s *function.Series, perPoint int64) (err error) {
	s.Values, err = s.Consolidate(perPoint)
	s.Step *= max(perPoint, 1)
	return err
}
