package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"carbon/records"
)

// recordsFixture is a server with a database, and a client on the same machine.
type recordsFixture struct {
	http.Handler
	prefix string
	remote string // address of the client
}

func newRecords(t *testing.T, change func(*Options)) *recordsFixture {
	t.Helper()
	db, err := records.Open(t.Context(), filepath.Join(t.TempDir(), "carbon.db"), records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o := Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{}, Events: db, Documents: db, Links: db}
	if change != nil {
		change(&o)
	}
	return &recordsFixture{New(o), cleanPrefix(o.URLPrefix), "127.0.0.1:1234"}
}

func (f *recordsFixture) do(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, f.prefix+path, strings.NewReader(body))
	r.RemoteAddr, r.Host = f.remote, "localhost"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// want sends a request and compares status and body.
func (f *recordsFixture) want(t *testing.T, method, path, body string, code int, want string, header ...string) {
	t.Helper()
	w := f.do(method, path, body, header...)
	if w.Code != code || w.Body.String() != want {
		t.Errorf("%s %s: %d %q, want %d %q", method, path, w.Code, w.Body, code, want)
	}
	if media := w.Header().Get("Content-Type"); code == 200 && strings.HasPrefix(want, "{") && media != "application/json" {
		t.Errorf("%s %s: Content-Type %s", method, path, media)
	}
}

func state(text string) string { return "state=" + url.QueryEscape(text) }

func TestDashboards(t *testing.T) {
	f := newRecords(t, nil)
	const get, post, ok = http.MethodGet, http.MethodPost, `{"success":true}`
	f.want(t, get, "/dashboard/load/web", "", 200, `{"error":"Dashboard 'web' does not exist. "}`)
	f.want(t, get, "/dashboard/find/", "", 200, `{"dashboards":[]}`)
	f.want(t, post, "/dashboard/save/web", state(`{"name": "web", "n": 1.50, "größe": "<b>"}`), 200, ok)
	f.want(t, get, "/dashboard/load/web", "", 200, `{"state":{"name":"web","n":1.50,"gr\u00f6\u00dfe":"\u003cb\u003e"}}`)
	f.want(t, post, "/dashboard/save/web/", state(`{"name": "web", "n": 2}`), 200, ok)
	f.want(t, post, "/dashboard/load/web/", "", 200, `{"state":{"name":"web","n":2}}`)
	f.want(t, get, "/dashboard/load/web?version=1&jsonp=f", "", 200, `{"state":{"name":"web","n":1.50,"gr\u00f6\u00dfe":"\u003cb\u003e"}}`)
	f.want(t, get, "/dashboard/load/web?version=7", "", 200, `{"error":"Dashboard 'web' has no version 7."}`)
	f.want(t, get, "/dashboard/load/web?version=x", "", 400, "version: not an integer: \"x\"\n")
	f.want(t, post, "/dashboard/save/Web%20und%2FDB", state(`{}`), 200, ok)
	f.want(t, get, "/dashboard/load/Web%20und%2FDB", "", 200, `{"state":{}}`)
	f.want(t, post, "/dashboard/create-temporary", state(`{"a": []}`), 200, `{"name":"temporary-0"}`)
	f.want(t, post, "/dashboard/create-temporary/", state(`{"a": []}`), 200, `{"name":"temporary-1"}`)
	f.want(t, get, "/dashboard/load/temporary-1", "", 200, `{"state":{"a":[]}}`)
	f.want(t, get, "/dashboard/find/?query=", "", 200, `{"dashboards":[{"name":"Web und/DB"},{"name":"web"}]}`)
	f.want(t, post, "/dashboard/find", "query=WEB+d", 200, `{"dashboards":[{"name":"Web und/DB"}]}`)
	f.want(t, get, "/dashboard/find?query=web+nosuch", "", 200, `{"dashboards":[]}`)

	for body, reason := range map[string]string{
		"":                "state: missing\n",
		state(``):         "state: must be a JSON object\n",
		state(`{`):        "state: must be a JSON object: \"{\"\n",
		state(`[1]`):      "state: must be a JSON object: \"[1]\"\n",
		state(`null`):     "state: must be a JSON object: \"null\"\n",
		state(`{} more`):  "state: must be a JSON object: \"{} more\"\n",
		"state={}&state=": "state: must be a JSON object\n",
	} {
		f.want(t, post, "/dashboard/save/web", body, 400, reason)
		f.want(t, post, "/dashboard/create-temporary", body, 400, reason)
	}
	f.want(t, post, "/dashboard/save/%00", state(`{}`), 400, "name: contains control characters: \"\\x00\"\n")
	f.want(t, post, "/dashboard/save/%20", state(`{}`), 400, "name: missing\n")
	f.want(t, post, "/dashboard/save/"+strings.Repeat("x", 256), state(`{}`), 413, "name: more than 255 bytes\n")
	f.want(t, get, "/dashboard/save/web?"+state(`{}`), "", 405, "GET is not allowed here\n")
	f.want(t, post, "/dashboard/email", "", 501, "this server sends no mail: send the URL of the graph\n")
}

func TestDashboardHistory(t *testing.T) {
	f := newRecords(t, nil)
	const get, post, ok = http.MethodGet, http.MethodPost, `{"success":true}`
	type version struct {
		Version, Epoch, Size int64
		Deleted              bool
	}
	versions := func(want ...version) {
		t.Helper()
		var got struct {
			Name     string
			Versions []version
		}
		if err := json.Unmarshal(f.do(get, "/dashboard/history/web", "").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for i, v := range got.Versions {
			if v.Epoch < 1_700_000_000 {
				t.Errorf("version %d: epoch %d", v.Version, v.Epoch)
			}
			got.Versions[i].Epoch = 0
		}
		if got.Name != "web" || fmt.Sprint(got.Versions) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	f.want(t, get, "/dashboard/history/web", "", 404, "no such record\n")
	f.want(t, post, "/dashboard/restore/web?version=1", "", 404, "no such record\n")
	f.do(post, "/dashboard/save/web", state(`{"a":1}`))
	f.do(post, "/dashboard/save/web", state(`{"a":22}`))
	versions(version{2, 0, 8, false}, version{1, 0, 7, false})
	f.want(t, post, "/dashboard/restore/web?version=1", "", 200, ok)
	f.want(t, get, "/dashboard/load/web", "", 200, `{"state":{"a":1}}`)
	f.want(t, http.MethodHead, "/dashboard/delete/web", "", 405, "HEAD is not allowed here\n")
	f.want(t, get, "/dashboard/delete/web", "", 200, ok)
	f.want(t, get, "/dashboard/delete/web", "", 200, `{"error":"Dashboard 'web' does not exist. "}`)
	f.want(t, get, "/dashboard/load/web", "", 200, `{"error":"Dashboard 'web' does not exist. "}`)
	versions(version{4, 0, 0, true}, version{3, 0, 7, false}, version{2, 0, 8, false}, version{1, 0, 7, false})
	f.want(t, post, "/dashboard/restore/web", "version=2", 200, ok)
	f.want(t, get, "/dashboard/load/web", "", 200, `{"state":{"a":22}}`)
	for _, bad := range []string{"", "?version=0", "?version=-1"} {
		if w := f.do(post, "/dashboard/restore/web"+bad, ""); w.Code != 400 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	f.want(t, post, "/dashboard/delete/web", "forget=1", 200, ok)
	f.want(t, get, "/dashboard/history/web", "", 404, "no such record\n")
}

// Saving needs no token, deleting does; pages of other sites can do neither.
func TestRightsOfDashboards(t *testing.T) {
	f := newRecords(t, nil)
	foreign := []string{"Sec-Fetch-Site", "cross-site"}
	for _, path := range []string{"/dashboard/save/a", "/dashboard/save_template/a/b", "/dashboard/create-temporary", "/dashboard/import", "/dashboard/delete/a", "/dashboard/delete_template/a", "/dashboard/restore/a?version=1", "/composer/mygraph?graphName=a&action=save&url=x", "/s/render"} {
		f.want(t, http.MethodPost, path, state(`{}`), 403, "requests of pages of other sites are refused\n", foreign...)
	}
	// A proxy need not pass on the host that the browser uses.
	f.want(t, http.MethodPost, "/dashboard/save/a", state(`{}`), 200, `{"success":true}`, "Sec-Fetch-Site", "same-origin", "Origin", "https://graphite.example")
	f.want(t, http.MethodPost, "/dashboard/save/a", state(`{}`), 403, "requests of pages of other sites are refused\n", "Origin", "https://graphite.example")
	f.remote = "192.0.2.1:1234"
	f.want(t, http.MethodPost, "/dashboard/save/a", state(`{}`), 200, `{"success":true}`)
	for _, path := range []string{"/dashboard/delete/a", "/dashboard/delete_template/a", "/dashboard/restore/a?version=1", "/composer/mygraph?graphName=a&action=delete"} {
		if w := f.do(http.MethodPost, path, ""); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	f.want(t, http.MethodGet, "/dashboard/load/a", "", 200, `{"state":{}}`)

	f = newRecords(t, func(o *Options) { o.Access = withAdminToken("secret") })
	f.do(http.MethodPost, "/dashboard/save/a", state(`{}`))
	f.want(t, http.MethodPost, "/dashboard/delete/a", "", 401, "needs the admin token: Authorization: Bearer TOKEN\n")
	f.want(t, http.MethodPost, "/dashboard/delete/a", "", 200, `{"success":true}`, "Authorization", "Bearer secret")
}

func TestDashboardPages(t *testing.T) {
	f := newRecords(t, func(o *Options) { o.URLPrefix = "graphite" })
	f.do(http.MethodPost, "/dashboard/save/web", state(`{"graphs": [["t", {"target": ["a.b"]}, "u"]]}`))
	f.do(http.MethodPost, "/dashboard/create-temporary", state(`{}`))
	f.do(http.MethodPost, "/dashboard/save_template/tpl/HOST", state(`{"graphs": [["HOST", {"target": ["x.HOST.y"]}, "u"]]}`))
	page := func(path string, code int, want string) {
		t.Helper()
		w := f.do(http.MethodGet, path, "")
		if w.Code != code || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %v, no %q in %s", path, w.Code, w.Header(), want, w.Body)
		}
		if strings.Contains(w.Body.String(), "temporary-0") {
			t.Errorf("%s shows what nobody named", path)
		}
	}
	page("/dashboard", 200, `<a href="/graphite/dashboard/web">web</a>`)
	page("/dashboard/", 200, `http://localhost/graphite/dashboard/load/NAME`)
	page("/dashboard/help/", 200, `/dashboard/history/NAME`)
	page("/dashboard/web", 200, `<img src="/graphite/render?target=a.b&amp;title=a.b"`)
	page("/dashboard/web/", 200, `<h1>web</h1>`)
	page("/dashboard/nosuch", 404, `Dashboard 'nosuch' does not exist.`)
	page("/dashboard/tpl/web01", 200, `<img src="/graphite/render?target=x.web01.y&amp;title=x.web01.y"`)
	page("/dashboard/nosuch/x", 404, `Dashboard 'nosuch/x' does not exist.`)
	page("/browser/", 200, "<title>")
	page("/composer?target=a.b&from=-2h", 200, "/graphite/render?target=a.b&amp;from=-2h")
}

func TestNoRecords(t *testing.T) {
	f := newRecords(t, func(o *Options) { o.Documents, o.Links = nil, nil })
	for _, path := range []string{"/dashboard/load/a", "/dashboard/find", "/dashboard", "/dashboard/a", "/dashboard/a/b", "/dashboard/history/a", "/dashboard/delete/a", "/browser/mygraph", "/s/render", "/S/B"} {
		if w := f.do(http.MethodGet, path, ""); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/dashboard/save/a", "/dashboard/create-temporary", "/dashboard/restore/a?version=1"} {
		if w := f.do(http.MethodPost, path, state(`{}`)); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := f.do(http.MethodPost, "/dashboard/import", `{"name":"a","state":{}}`); w.Code != http.StatusServiceUnavailable {
		t.Errorf("import: %d", w.Code)
	}
}
