package api

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Requests count by route, so that paths of clients do not become labels of metrics.
func TestObserve(t *testing.T) {
	var got []string
	f := newFixture(func(o *Options) {
		o.URLPrefix = "/graphite"
		o.Observe = func(route, method string, code int, _ time.Duration) {
			got = append(got, fmt.Sprint(method, " ", route, " ", code))
		}
	})
	check := func(method, address, want string) {
		t.Helper()
		got = nil
		f.do(t, method, "/graphite"+address, "")
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %s", address, got, want)
		}
	}
	check("GET", "/render/?target=a&format=json", "GET /render 200")
	check("GET", "/render?target=a&format=json&from=x", "GET /render 400")
	check("OPTIONS", "/metrics/find", "OPTIONS /metrics/find 204")
	check("GET", "/functions/scale", "GET /functions/* 200")
	check("GET", "/tags/abc", "GET /tags/{tag} 200")
	check("GET", "/health", "GET /health 200")
	check("GET", "/", "GET / 200")
	check("GET", "/wp-login.php", "GET  404")
	check("DELETE", "/render", "DELETE /render 405")
	check("BREW", "/render/", "BREW /render 405")
	got = nil
	if f.do(t, "GET", "/elsewhere", ""); !slices.Equal(got, []string{"GET  404"}) {
		t.Errorf("without the prefix: %q", got)
	}
}
