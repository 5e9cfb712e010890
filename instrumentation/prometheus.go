package instrumentation

import (
	"io"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// Prometheus publishes Prometheus metrics: the samples, HTTP requests, and those of
// the process and the Go runtime.
type Prometheus struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

// NewPrometheus returns a publisher that calls samples at each scrape. Samples with
// the same name must have the same help, unit and kind.
func NewPrometheus(samples func() []Sample) *Prometheus {
	p := &Prometheus{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carbon_http_requests_total",
			Help: "HTTP requests answered, by status code; 499 means that the client left before the answer.",
		}, []string{"route", "method", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "carbon_http_request_duration_seconds",
			Help:    "Time until the end of the answer to HTTP requests, by class of status code.",
			Buckets: []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"route", "method", "status"}),
	}
	p.registry.MustRegister(
		collector(samples), p.requests, p.durations,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return p
}

// Observe counts an HTTP request. The route is the pattern that its path matched,
// not the path itself, to bound the number of label values. It is empty if none
// matched.
func (p *Prometheus) Observe(route, method string, code int, took time.Duration) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS":
	default: // bounds the number of label values
		method = "other"
	}
	if route == "" {
		route = "none"
	}
	p.requests.WithLabelValues(route, method, strconv.Itoa(code)).Inc()
	p.durations.WithLabelValues(route, method, strconv.Itoa(code/100)+"xx").Observe(max(0, took.Seconds()))
}

// Write writes all metrics in the Prometheus text format.
func (p *Prometheus) Write(w io.Writer) error {
	families, err := p.registry.Gather()
	if err != nil {
		return err
	}
	encoder := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// collector implements prometheus.Collector for the samples that it returns.
type collector func() []Sample

// Describe sends nothing, because the list of samples can change.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends one metric for each sample.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	for _, s := range c() {
		kind := prometheus.GaugeValue
		if s.Counter {
			kind = prometheus.CounterValue
		}
		var labels, values []string
		if s.Reason != "" {
			labels, values = []string{"reason"}, []string{s.Reason}
		}
		metrics <- prometheus.MustNewConstMetric(prometheus.NewDesc(prometheusName(s), s.Help, labels, nil), kind, s.Value, values...)
	}
}

// prometheusName returns carbon_metrics_received_total for the counter metricsReceived.
func prometheusName(s Sample) string {
	name := []byte("carbon_")
	for i := range len(s.Name) {
		switch c := s.Name[i]; {
		case c >= 'A' && c <= 'Z':
			name = append(name, '_', c-'A'+'a')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			name = append(name, c)
		default:
			name = append(name, '_')
		}
	}
	if s.Unit != "" {
		name = append(append(name, '_'), s.Unit...)
	}
	if s.Counter {
		name = append(name, "_total"...)
	}
	return string(name)
}
