// Package instrumentation publishes the server's own figures: one list of samples
// becomes carbon's own series (carbon.agents.HOST-a.*, named as
// carbon/instrumentation.py names them) and Prometheus metrics.
package instrumentation

import (
	"strings"

	"carbon/metric"
)

// Sample is one figure of the server at one moment.
type Sample struct {
	Name    string // as carbon names it: metricsReceived, cache.size and so on
	Help    string
	Unit    string // base unit, bytes or seconds, that ends the Prometheus name; empty: none
	Value   float64
	Counter bool   // Value only grows; carbon's series show its growth per interval
	Reason  string // tells samples of one name apart, as a Prometheus label; empty: none
}

// Recorder turns samples into datapoints of the server's own series.
//
// A counter is recorded as its growth within an interval, at the time the
// interval began. Recording several times within an interval gives the growth
// so far, which the last recording replaces with the whole.
type Recorder struct {
	prefix   string
	interval int64
	begin    int64              // of the running interval
	base     map[string]float64 // counters when it began
}

// NewRecorder returns a recorder of series below prefix, one point per interval (seconds).
func NewRecorder(prefix string, interval int64) *Recorder {
	return &Recorder{prefix: prefix, interval: interval, base: map[string]float64{}}
}

// AgentPrefix is the prefix carbon gives the series of a cache daemon:
// "carbon.agents.web01_example_org-a." for instance a on host web01.example.org.
func AgentPrefix(prefix, host string) string {
	if prefix != "" {
		prefix += "."
	}
	return prefix + "agents." + strings.ReplaceAll(host, ".", "_") + "-a."
}

// Record returns the datapoints for samples taken at now (unix seconds).
func (r *Recorder) Record(now int64, samples []Sample) []metric.Datapoint {
	at := r.begin
	if at == 0 {
		at = now - now%r.interval
	}
	points := make([]metric.Datapoint, 0, len(samples))
	for _, s := range samples {
		v := s.Value
		if s.Counter {
			v -= r.base[s.key()]
		}
		points = append(points, metric.Datapoint{Name: r.prefix + s.key(), Point: metric.Point{Time: at, Value: v}})
	}
	if begin := now - now%r.interval; begin != r.begin {
		if r.begin != 0 {
			for _, s := range samples {
				if s.Counter {
					r.base[s.key()] = s.Value
				}
			}
		}
		r.begin = begin
	}
	return points
}

// key is the sample's name below the prefix: "linesBad.no_value" with a reason.
func (s Sample) key() string {
	if s.Reason == "" {
		return s.Name
	}
	return s.Name + "." + strings.Map(func(c rune) rune {
		if c == ' ' || c == '.' || c == '/' {
			return '_'
		}
		return c
	}, s.Reason)
}
