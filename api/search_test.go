package api

import (
	"encoding/json"
	"testing"
)

func TestSearch(t *testing.T) {
	f := newFixture(nil)
	check := func(query, want string) {
		t.Helper()
		r := f.do(t, "GET", "/metrics/search?"+query, "")
		if got := body(t, r); r.StatusCode != 200 || got != want {
			t.Errorf("%s: %d %s", query, r.StatusCode, got)
		}
	}
	check("query=servers.*.cpu", `{"results":[{"path":"servers.db.cpu","leaf":true},{"path":"servers.web01.cpu","leaf":true},{"path":"servers.web02.cpu","leaf":true}],"more":false}`)
	check("query=servers.*.cpu&limit=1", `{"results":[{"path":"servers.db.cpu","leaf":true}],"more":true}`)
	check("query=name%3Dcpu+dc%3Deu&limit=1", `{"results":[{"path":"cpu;dc=eu","leaf":true}],"more":false}`)
	check("query=nothing", `{"results":[],"more":false}`)
	var roots struct{ Results []foundNode }
	if err := json.Unmarshal([]byte(body(t, f.do(t, "GET", "/metrics/search?query=", ""))), &roots); err != nil || len(roots.Results) == 0 {
		t.Errorf("%v %v", roots, err)
	}
	for _, query := range []string{"limit=0", "limit=10001", "limit=x"} {
		if r := f.do(t, "GET", "/metrics/search?"+query, ""); r.StatusCode != 400 {
			t.Errorf("%s: %d", query, r.StatusCode)
		}
	}
}
