package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var nothing = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// closed returns a server on which every right needs a token.
func closed(change ...func(*Access)) *fixture {
	access := &Access{AdminToken: "admin", ReadTokens: []string{"read", "read2"}, IngestTokens: []string{"in"}}
	for _, c := range change {
		c(access)
	}
	return newFixture(func(o *Options) {
		o.Access = func() *Access { return access }
		o.Mounts = []Route{
			{Path: "/write", Methods: "POST", Right: Ingest, Changes: true, Handler: nothing, ID: "write", Doc: "Writes."},
			{Path: "/ping", Methods: "GET", Right: Public, Handler: nothing, ID: "ping", Doc: "Answers."},
		}
	})
}

// withAdminToken returns the rules of a server with only an admin token.
func withAdminToken(token string) func() *Access {
	return func() *Access { return &Access{AdminToken: token} }
}

// Every route refuses a request without a token, unless its right is Public.
func TestEveryRouteNeedsARight(t *testing.T) {
	f := closed()
	variable := regexp.MustCompile(`\{[^}]*\}|\*`)
	public := []string{}
	for _, rt := range (&server{}).ownRoutes() {
		if rt.Right == Public {
			public = append(public, rt.Path)
		}
		for _, method := range append(rt.methods(), http.MethodPut, "BREW") {
			path := variable.ReplaceAllString(rt.Path, "1")
			for _, path := range []string{path, strings.TrimSuffix(path, "/") + "/"} {
				w := httptest.NewRecorder()
				f.ServeHTTP(w, httptest.NewRequest(method, path, nil))
				if refused := w.Code == http.StatusUnauthorized; refused == (rt.Right == Public) {
					t.Errorf("%s %s without a token: %d", method, path, w.Code)
				}
				if w.Code == http.StatusUnauthorized && len(w.Header().Values("WWW-Authenticate")) == 0 {
					t.Errorf("%s %s: 401 without WWW-Authenticate", method, path)
				}
			}
		}
	}
	if want := []string{"/health", "/-/ready", "/lb_check"}; !slices.Equal(public, want) {
		t.Errorf("public routes: %q, want %q", public, want)
	}
}

// A page of another site can neither change anything nor use the right Admin.
func TestPagesOfOtherSites(t *testing.T) {
	f := closed()
	variable := regexp.MustCompile(`\{[^}]*\}|\*`)
	for _, rt := range append((&server{}).ownRoutes(), Route{Path: "/write", Methods: "POST", Changes: true}, Route{Path: "/ping", Methods: "GET"}) {
		for _, method := range rt.methods() {
			r := f.do(t, method, variable.ReplaceAllString(rt.Path, "1"), "", "Sec-Fetch-Site", "cross-site", "Authorization", "Bearer admin")
			if refused := r.StatusCode == http.StatusForbidden; refused != (rt.Changes || rt.Right == Admin) {
				t.Errorf("%s %s: %d", method, rt.Path, r.StatusCode)
			}
		}
	}
}

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestRights(t *testing.T) {
	f := closed()
	check := func(method, path, authorization string, ok bool) {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if got := w.Code != http.StatusUnauthorized; got != ok {
			t.Errorf("%s %s with %q: %d", method, path, authorization, w.Code)
		}
	}
	for _, a := range []string{"Bearer read", "bearer read2", "Token read", basic("read"), basic("x:read"), basic("read:"), "Bearer admin", basic("admin:admin")} {
		check("GET", "/version", a, true)
		check("POST", "/write", a, strings.Contains(a, "admin") || a == basic("admin:admin"))
	}
	for _, a := range []string{"Bearer in", "Token in", "Token x:in", basic("in"), basic("in:"), basic("u:in")} {
		check("POST", "/write", a, true)
		check("POST", "/write/", a, true)
		check("POST", "/events", a, true)
		check("POST", "/tags/tagSeries", a, true)
		check("GET", "/version", a, false)
		check("GET", "/events/get_data", a, false)
	}
	for _, a := range []string{"", "Bearer", "Bearer ", "Bearer x", "Basic", "Basic !", basic(""), basic(":"), "Token ", "read", "Bearer read,read2"} {
		check("POST", "/write", a, false)
		check("GET", "/version", a, false)
	}
	check("POST", "/write?u=x&p=in", "", true)
	check("POST", "/write?u=in", "", true)
	check("GET", "/version?u=x&p=read", "", false) // because URLs of graphs are shared
	check("OPTIONS", "/render", "", true)
	check("POST", "/metrics/delete?query=a", "Bearer read", false)
}

func TestUsers(t *testing.T) {
	f := closed(func(a *Access) {
		a.ReadTokens = nil
		a.Users = func(_ context.Context, name, password string) bool { return name == "ann" && password == "pw" }
	})
	for a, want := range map[string]int{"": 401, basic("ann:pw"): 200, basic("ann:x"): 401, basic("bob:pw"): 401, basic("ann"): 401, "Bearer ann": 401, "Bearer admin": 200} {
		if r := f.do(t, "GET", "/version", "", "Authorization", a); r.StatusCode != want {
			t.Errorf("%q: %d", a, r.StatusCode)
		}
	}
	if r := f.do(t, "POST", "/write", "", "Authorization", basic("ann:pw")); r.StatusCode != 200 {
		t.Errorf("a user may not write: %d", r.StatusCode)
	}
}

func TestTrustedProxy(t *testing.T) {
	a := &Access{ProxyHeader: "X-Remote-User", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for from, want := range map[string]bool{"10.1.2.3:5": true, "[::ffff:10.1.2.3]:5": true, "11.1.2.3:5": false, "127.0.0.1:5": false, "[::1]:5": false, "x": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = from
		if a.check(r, Read) == nil {
			t.Errorf("%s without the header", from)
		}
		r.Header.Set("X-Remote-User", "ann")
		if got := a.check(r, Read) == nil; got != want {
			t.Errorf("%s: %v", from, got)
		}
	}
}

func TestOpenByDefault(t *testing.T) {
	f := newFixture(func(o *Options) {
		o.Mounts = []Route{{Path: "/write", Methods: "POST", Right: Ingest, Changes: true, Handler: nothing, ID: "write", Doc: "Writes."}}
	})
	if r := f.do(t, "POST", "/write", ""); r.StatusCode != 200 {
		t.Errorf("/write: %d", r.StatusCode)
	}
	if r := f.do(t, "GET", "/version", "", "Authorization", "Bearer wrong"); r.StatusCode != 200 {
		t.Errorf("/version: %d", r.StatusCode)
	}
}

func TestPasswordsAreNotLogged(t *testing.T) {
	if got := withoutPassword("/write?db=x&p=se%20cret&u=y&p=2"); got != "/write?db=x&p=***&u=y&p=***" {
		t.Errorf("logged %s", got)
	}
}

// TestRightAdmin sends the same request from different clients.
func TestRightAdmin(t *testing.T) {
	f := func(adminToken, remote string, header [2]string, want int) {
		t.Helper()
		tags := &tagged{map[string]bool{"a;b=c": true}}
		h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{}, Tags: tags, Access: withAdminToken(adminToken)})
		r := httptest.NewRequest(http.MethodPost, "http://graphite/tags/delSeries", strings.NewReader("path=a;b=c"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = remote
		if header[0] != "" {
			r.Header.Set(header[0], header[1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want || tags.names["a;b=c"] != (want != http.StatusOK) {
			t.Errorf("token %q, from %s, %v: got %d %s, want %d", adminToken, remote, header, w.Code, w.Body, want)
		}
	}
	const here, away = "127.0.0.1:999", "192.0.2.1:999"
	none := [2]string{}
	f("", here, none, 200)
	f("", "[::1]:999", none, 200)
	f("", away, none, 403)
	f("", here, [2]string{"X-Forwarded-For", "192.0.2.1"}, 403)
	f("", here, [2]string{"Forwarded", "for=192.0.2.1"}, 403)
	f("", here, [2]string{"Origin", "http://evil.example"}, 403)
	f("", here, [2]string{"Sec-Fetch-Site", "cross-site"}, 403)
	f("", here, [2]string{"Origin", "http://graphite"}, 200)
	f("", here, [2]string{"Sec-Fetch-Site", "same-origin"}, 200)
	f("", here, [2]string{"Via", "1.1 proxy"}, 403)
	f("", "[::ffff:127.0.0.1]:999", none, 200)
	f("", "@", none, 403)
	f("secret", away, [2]string{"Authorization", "bearer secret"}, 200)
	f("secret", here, none, 401)
	f("secret", away, [2]string{"Authorization", "Bearer wrong"}, 401)
	f("secret", away, [2]string{"Authorization", "Bearer secret"}, 200)
	f("secret", away, [2]string{"Authorization", "Basic c2VjcmV0Og=="}, 200) // curl -u secret:
}
