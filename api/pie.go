package api

import (
	"context"
	"math"
	"strconv"
	"strings"

	"carbon/metric"
	"carbon/render"
	"carbon/render/function"
)

// evaluatePie returns the series of a pie, one for each slice. A target of a pie may be
// literal: name:value is a series of that name with one point.
func (s *server) evaluatePie(ctx context.Context, q *renderQuery) (all []function.Series, release func(), err error) {
	var releases []func()
	release = func() {
		for _, r := range releases {
			r()
		}
	}
	for rest := q.Targets; len(rest) > 0; {
		n := 0 // targets before the next literal one
		for n < len(rest) && !isLiteral(rest[n]) {
			n++
		}
		if n > 0 {
			one := *q
			one.Targets, rest = rest[:n], rest[n:]
			result, done, err := s.evaluations.do(ctx, one.key(), func() (*render.Result, error) {
				return s.Renderer.Render(ctx, one.Request)
			})
			if err != nil {
				release()
				return nil, nil, err
			}
			releases = append(releases, done)
			all = append(all, result.Series...)
			continue
		}
		literal, err := parseLiteral(rest[0])
		if err != nil {
			release()
			return nil, nil, err
		}
		all, rest = append(all, literal), rest[1:]
	}
	return all, release, nil
}

// isLiteral reports whether a target of a pie is name:value, with a valid value or not.
// An expression may contain a colon too, but only with parentheses.
func isLiteral(target string) bool {
	name, value, ok := strings.Cut(target, ":")
	if _, err := parseValue(value); err != nil && strings.Contains(name, "(") {
		return false
	}
	return ok
}

func parseLiteral(target string) (function.Series, error) {
	name, value, _ := strings.Cut(target, ":")
	v, err := parseValue(value)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return function.Series{}, &paramError{"target", target, "must be name:value, with a number as value, or an expression"}
	}
	return function.Series{Series: metric.Series{Name: name, Step: 1, Values: []float64{v}}, End: 1}, nil
}

func parseValue(s string) (float64, error) { return strconv.ParseFloat(strings.TrimSpace(s), 64) }
