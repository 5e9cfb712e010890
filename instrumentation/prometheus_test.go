package instrumentation_test

import (
	"strings"
	"testing"
	"time"

	"carbon/instrumentation"
)

// scrape returns the metrics of a publisher of samples after observe was called on it.
func scrape(t *testing.T, samples []instrumentation.Sample, observe func(*instrumentation.Prometheus)) string {
	t.Helper()
	p := instrumentation.NewPrometheus(func() []instrumentation.Sample { return samples })
	observe(p)
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wantAll(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("missing %q in\n%s", w, got)
		}
	}
}

func TestPrometheusSamples(t *testing.T) {
	samples := append(received(3), instrumentation.Sample{Name: "linesBad", Help: "Lines refused.", Value: 1, Counter: true, Reason: "no value"},
		instrumentation.Sample{Name: "linesBad", Help: "Lines refused.", Value: 2, Counter: true, Reason: "too long"},
		instrumentation.Sample{Name: "wal.size", Help: "Size.", Unit: "bytes", Value: 4096},
		instrumentation.Sample{Name: "my-port.datapoints", Help: "Datapoints.", Value: 1, Counter: true})
	wantAll(
		t, scrape(t, samples, func(*instrumentation.Prometheus) {}),
		"# HELP carbon_metrics_received_total Datapoints taken.\n# TYPE carbon_metrics_received_total counter\ncarbon_metrics_received_total 3\n",
		"# HELP carbon_cache_size Points waiting.\n# TYPE carbon_cache_size gauge\ncarbon_cache_size 7\n",
		"carbon_lines_bad_total{reason=\"no value\"} 1\ncarbon_lines_bad_total{reason=\"too long\"} 2\n",
		"# TYPE carbon_wal_size_bytes gauge\ncarbon_wal_size_bytes 4096\n",
		"carbon_my_port_datapoints_total 1\n",
		"\nprocess_resident_memory_bytes ", "\ngo_goroutines ",
	)
}

func TestPrometheusRequests(t *testing.T) {
	got := scrape(t, nil, func(p *instrumentation.Prometheus) {
		p.Observe("/render", "GET", 200, 3*time.Millisecond)
		p.Observe("/render", "GET", 200, 5*time.Millisecond) // the upper bound is part of a bucket
		p.Observe("/render", "GET", 204, time.Hour)
		p.Observe("/render", "GET", 404, -time.Second)
		p.Observe("", "BREW", 405, time.Second)
	})
	wantAll(
		t, got,
		"# TYPE carbon_http_requests_total counter\n",
		`carbon_http_requests_total{code="200",method="GET",route="/render"} 2`,
		`carbon_http_requests_total{code="405",method="other",route="none"} 1`,
		"# TYPE carbon_http_request_duration_seconds histogram\n",
		`_bucket{method="GET",route="/render",status="2xx",le="0.001"} 0`,
		`_bucket{method="GET",route="/render",status="2xx",le="0.005"} 2`,
		`_bucket{method="GET",route="/render",status="2xx",le="60"} 2`,
		`_bucket{method="GET",route="/render",status="2xx",le="+Inf"} 3`,
		`_sum{method="GET",route="/render",status="2xx"} 3600.008`,
		`_count{method="GET",route="/render",status="2xx"} 3`,
		`_bucket{method="GET",route="/render",status="4xx",le="0.001"} 1`,
	)
}
