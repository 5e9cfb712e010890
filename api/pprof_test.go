package api

import (
	"io"
	"strings"
	"testing"
)

func TestConfigAndProfiles(t *testing.T) {
	f := newFixture(func(o *Options) {
		o.Access = withAdminToken("secret")
		o.Config = func(w io.Writer) error { _, err := io.WriteString(w, "[http]\n"); return err }
	})
	check := func(path string, code int, want string) {
		t.Helper()
		r := f.do(t, "GET", path, "", "Authorization", "Bearer secret")
		if got := body(t, r); r.StatusCode != code || !strings.Contains(got, want) {
			t.Errorf("%s: %d %.200s", path, r.StatusCode, got)
		}
		if r := f.do(t, "GET", path, ""); r.StatusCode != 401 {
			t.Errorf("%s without the token: %d", path, r.StatusCode)
		}
	}
	check("/-/config", 200, "[http]\n")
	check("/-/pprof/", 200, "\nheap\n")
	check("/-/pprof/goroutine?debug=1", 200, "goroutine profile:")
	check("/-/pprof/cmdline", 200, "")
	check("/-/pprof/nope", 404, "no such path: /-/pprof/nope")
	if r := f.do(t, "GET", "/-/pprof/heap", "", "Authorization", "Bearer secret", "Sec-Fetch-Site", "cross-site"); r.StatusCode != 403 {
		t.Errorf("a profile for another site: %d", r.StatusCode)
	}
}
