package librato

import (
	"net/http"
	"slices"
	"testing"

	"carbon/receive/httpintake/httpintaketest"
)

func TestVectors(t *testing.T) { httpintaketest.Vectors(t, Handler) }

func TestForms(t *testing.T) {
	s := httpintaketest.New(t, Handler)
	f := func(body string, want ...string) {
		t.Helper()
		code, _, text := s.Post(t, "/v1/metrics", body)
		if got := httpintaketest.Names(s.Taken(t)); code != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%s: %d %s, got %q", body, code, text, got)
		}
	}
	f(`{}`)
	f(`{"gauges": [{"name": "a b", "value": "1.5", "source": "h.x", "measure_time": "5"}]}`, "librato.h_x.a_b 1.5 5")
	f(`{"gauges": {"a": {"value": 1, "source": "x"}, "b": {"value": 2}}, "counters": {"c": {"value": 3}}, "source": "d", "measure_time": 7}`,
		"librato.x.a 1 7", "librato.d.b 2 7", "librato.d.c 3 7")
	f(`{"counters": [{"name": "a", "value": 1}]}`, "librato.a 1 1700000500")
	f(`{"gauges": [{"name": "a", "count": 4, "sum": 10, "min": 1, "max": 5, "measure_time": 5}]}`, "librato.a 2.5 5")
	f(`{"gauges": [{"name": "a", "count": 0, "sum": 0}, {"name": "b", "value": NaN}, {"name": "e", "count": 1e-300, "sum": 1e300}, {"name": "c"}, {"value": 1}, 5, {"name": "x", "value": "y"}, {"name": "d", "value": 1, "measure_time": 5}]}`,
		"librato.d 1 5")
	f(`{"gauges": 5, "counters": null}`)
}

func TestRefused(t *testing.T) {
	s := httpintaketest.New(t, Handler)
	for _, body := range []string{"", "[]", "5", "{", `{"gauges": [}`} {
		if code, _, _ := s.Post(t, "/v1/metrics", body); code != http.StatusBadRequest {
			t.Errorf("%s: %d", body, code)
		}
	}
	if got := s.Taken(t); len(got) > 0 {
		t.Errorf("took %v", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"gauges": [{"name": "a", "value": 1}], "counters": {"b": {"count": 1, "sum": 2}}, "source": "x"}`)
	s := httpintaketest.New(f, Handler)
	f.Fuzz(func(t *testing.T, body string) {
		if code, _, _ := s.Post(t, "/v1/metrics", body); code != 200 && code != 400 && code != 413 {
			t.Errorf("%q: %d", body, code)
		}
		s.Taken(t)
	})
}
