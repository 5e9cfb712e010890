package api

import (
	"strings"
	"testing"
)

func TestPie(t *testing.T) {
	f := newFixture(nil)
	check := func(query string, status int, want ...string) {
		t.Helper()
		r := f.do(t, "GET", "/render?graphType=pie&format=drawing&from=1793613600&until=1793613780&"+query, "")
		got := body(t, r)
		if r.StatusCode != status {
			t.Errorf("%s: %d %.200s", query, r.StatusCode, got)
		}
		for _, part := range want {
			before, after, ok := strings.Cut(got, part) // in this order
			if !ok {
				t.Errorf("%s: no %s in %s", query, part, before)
			}
			got = after
		}
	}
	const slices = `"slices":[`
	check("target=x:1&target=y+z:3", 200, slices, `"name":"x"`, `"share":0.25`, `"name":"y z"`)
	check("target=x:1&target=a.b&target=y:3", 200, slices, `"name":"x"`, `"name":"a.b"`, `"name":"y"`)
	check(`target=alias(a.b,"c:d")`, 200, slices, `"name":"alias(a.b,\"c:d\")"`)
	check("target=x:-1&target=y:+3.5e1", 200, slices, `"value":-1`, `"value":35`)
	check("target=x:y", 400, "name:value")
	check("target=x:nan", 400, "name:value")
	check("target=x:0", 400, "share")
	check("target=nope", 200, `"noData":true`)
	check("", 200, `"noData":true`)
	if r := f.do(t, "GET", "/render?graphType=pie&format=json&target=x:1", ""); r.Header.Get("Content-Type") != "image/png" {
		t.Errorf("a pie as json is %s, want a picture as in graphite-web", r.Header.Get("Content-Type"))
	}
}
