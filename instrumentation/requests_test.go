package instrumentation

import (
	"strings"
	"testing"
	"time"
)

func TestRequests(t *testing.T) {
	var q Requests
	write := func() string {
		t.Helper()
		var text strings.Builder
		if err := q.WritePrometheus(&text); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	if got := write(); got != "" {
		t.Errorf("of no requests: %s", got)
	}
	q.Observe("/render", "GET", 200, 3*time.Millisecond)
	q.Observe("/render", "GET", 200, 5*time.Millisecond) // a bound belongs to its bucket
	q.Observe("/render", "GET", 204, time.Hour)
	q.Observe("/render", "GET", 404, -time.Second)
	q.Observe("", "BREW", 405, time.Second)
	got := write()
	for _, want := range []string{
		"# TYPE carbon_http_requests_total counter\ncarbon_http_requests_total{route=\"/render\",method=\"GET\",code=\"200\"} 2\n",
		`carbon_http_requests_total{route="none",method="other",code="405"} 1`,
		"# TYPE carbon_http_request_duration_seconds histogram\ncarbon_http_request_duration_seconds_bucket{route=\"/render\",method=\"GET\",status=\"2xx\",le=\"0.001\"} 0\n",
		`_bucket{route="/render",method="GET",status="2xx",le="0.005"} 2`,
		`_bucket{route="/render",method="GET",status="2xx",le="60"} 2`,
		`_bucket{route="/render",method="GET",status="2xx",le="+Inf"} 3`,
		`_sum{route="/render",method="GET",status="2xx"} 3600.008`,
		`_count{route="/render",method="GET",status="2xx"} 3`,
		`_bucket{route="/render",method="GET",status="4xx",le="0.001"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
