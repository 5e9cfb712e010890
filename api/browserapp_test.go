package api

import (
	"strings"
	"testing"

	"carbon/web"
)

const (
	browserAgent  = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
)

func TestAppIsForBrowsers(t *testing.T) {
	app := &web.App{Script: "main-1.js", Assets: []web.Asset{{Name: "main-1.js", Type: "text/javascript", Content: []byte("1")}}}
	f := newFixture(func(o *Options) { o.App = app })
	get := func(path string, wantApp bool, headers ...string) {
		t.Helper()
		r := f.do(t, "GET", path, "", headers...)
		if isApp := strings.Contains(body(t, r), "main-1.js"); isApp != wantApp {
			t.Errorf("%s %q: %v", path, headers, isApp)
		}
		if want := web.AppContentSecurityPolicy; wantApp && (r.StatusCode != 200 || r.Header.Get("Content-Security-Policy") != want) {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
	}
	for _, path := range []string{"/", "/composer?target=a", "/browser", "/server", "/events", "/dashboard", "/dashboard/web"} {
		get(path, true, "User-Agent", browserAgent, "Accept", browserAccept)
		get(path, false, "User-Agent", browserAgent, "Accept", "*/*")
		get(path, false, "User-Agent", "Lynx/2.9", "Accept", browserAccept)
	}
	get("/plain", false, "User-Agent", browserAgent, "Accept", browserAccept)
	r := f.do(t, "GET", "/-/static/main-1.js", "")
	if text := body(t, r); text != "1" || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%q %v", text, r.Header)
	}
	if html := body(t, f.do(t, "GET", "/plain", "")); !strings.Contains(html, `href="/plain?open=servers#b:servers"`) {
		t.Error("links lead away from the plain page")
	}
}

func TestWithoutAppBrowsersGetPlainPages(t *testing.T) {
	r := newFixture(nil).do(t, "GET", "/", "", "User-Agent", browserAgent, "Accept", browserAccept)
	if r.Header.Get("Content-Security-Policy") != web.ContentSecurityPolicy {
		t.Error(r.Header)
	}
}
