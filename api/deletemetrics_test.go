package api

import (
	"context"
	"slices"
	"testing"
)

// fakeDeleter records the names to delete.
type fakeDeleter struct{ names []string }

func (d *fakeDeleter) Delete(_ context.Context, names []string) (int, error) {
	d.names = names
	return len(names), nil
}

func TestDeleteMetrics(t *testing.T) {
	d := &fakeDeleter{}
	f := newFixture(func(o *Options) { o.Deleter, o.Access = d, withAdminToken("secret") })
	const token = "Bearer secret"
	check := func(form string, code int, want string, names ...string) {
		t.Helper()
		d.names = nil
		r := f.do(t, "POST", "/metrics/delete", form, "Authorization", token)
		if got := body(t, r); r.StatusCode != code || got != want || !slices.Equal(d.names, names) {
			t.Errorf("%s: %d %s, deleted %q", form, r.StatusCode, got, d.names)
		}
	}
	check("query=servers.*.cpu", 200, `{"deleted":3}`, "servers.db.cpu", "servers.web01.cpu", "servers.web02.cpu")
	check("query=servers.db.cpu&query=servers.{db,web02}.cpu", 200, `{"deleted":2}`, "servers.db.cpu", "servers.web02.cpu")
	check("query=servers", 200, `{"deleted":0}`)
	check("query=servers.web01.load", 200, `{"deleted":1}`, "servers.web01.load")
	check("name=a..b[1]&name=cpu;host=a;dc=b", 200, `{"deleted":2}`, "a.b[1]", "cpu;dc=b;host=a")
	check("x=y", 400, "query: missing\n")
	check("query=", 400, "query: empty\n")
	check("query=a&name=b/c", 400, "name: metric name \"b/c\": slash: \"b/c\"\n")

	if r := f.do(t, "POST", "/metrics/delete", "query=servers.*.cpu"); r.StatusCode != 401 || d.names != nil {
		t.Errorf("without the token: %d", r.StatusCode)
	}
	if r := f.do(t, "POST", "/metrics/delete", "query=servers.*.cpu", "Authorization", token, "Origin", "http://evil.example"); r.StatusCode != 403 || d.names != nil {
		t.Errorf("from another site: %d", r.StatusCode)
	}
	if r := f.do(t, "GET", "/metrics/delete?query=servers.*.cpu", "", "Authorization", token); r.StatusCode != 405 || d.names != nil {
		t.Errorf("GET: %d", r.StatusCode)
	}
}
