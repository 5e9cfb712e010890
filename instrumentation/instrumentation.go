// Package instrumentation publishes metrics about the server itself. The server
// lists them once, as samples. Recorder turns the samples into series below
// carbon.agents.HOST-a, named as in carbon's instrumentation.py, and Prometheus
// turns them into Prometheus metrics.
package instrumentation

import (
	"strings"

	"carbon/metric"
)

// Sample is the value of one metric of the server at one moment.
type Sample struct {
	Name    string // carbon's name where it has one: metricsReceived, cache.size
	Help    string
	Unit    string // base unit, such as bytes or seconds; suffix of the Prometheus name; may be empty
	Value   float64
	Counter bool   // Value never decreases; the carbon.agents series hold its increase per interval
	Reason  string // distinguishes samples with the same name; a label in Prometheus; may be empty
}

// Recorder turns samples into datapoints of the server's own series.
//
// For a counter it records the increase during an interval, at the start of the
// interval. If Record is called several times during an interval, each call returns
// the increase so far, and its datapoint replaces that of the call before.
type Recorder struct {
	prefix   string
	interval int64              // seconds
	begin    int64              // start of the current interval
	base     map[string]float64 // values of the counters at begin
}

// NewRecorder returns a recorder for series below prefix. They have one point per
// interval, in seconds.
func NewRecorder(prefix string, interval int64) *Recorder {
	return &Recorder{prefix: prefix, interval: interval, base: map[string]float64{}}
}

// AgentPrefix returns the prefix that carbon gives the series of a cache daemon:
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

// key returns the name of the sample's series below the prefix: its name and, if
// there is one, its reason, as in "linesBad.no_value".
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
