package instrumentation

import (
	"slices"
	"strings"
)

// Counter returns a sample whose value never decreases.
func Counter(name, help string, v int64) Sample {
	return Sample{Name: name, Help: help, Value: float64(v), Counter: true}
}

// Gauge returns a sample whose value can go up and down.
func Gauge(name, help string, v float64) Sample {
	return Sample{Name: name, Help: help, Value: v}
}

// GaugeIn returns a gauge in a base unit, such as bytes or seconds.
func GaugeIn(unit, name, help string, v float64) Sample {
	return Sample{Name: name, Help: help, Unit: unit, Value: v}
}

// ByReason returns a counter for each reason, sorted by reason.
func ByReason(name, help string, counts map[string]int64) []Sample {
	var samples []Sample
	for reason, n := range counts {
		samples = append(samples, Sample{Name: name, Help: help, Value: float64(n), Counter: true, Reason: reason})
	}
	slices.SortFunc(samples, func(a, b Sample) int { return strings.Compare(a.Reason, b.Reason) })
	return samples
}
