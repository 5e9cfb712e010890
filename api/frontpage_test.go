package api

import (
	"errors"
	"strings"
	"testing"

	"carbon/render/function"
	"carbon/web"
)

func TestPage(t *testing.T) {
	f := newFixture(nil)
	check := func(query string, want ...string) {
		t.Helper()
		r := f.do(t, "GET", "http://stats:8080/?"+query, "")
		if r.StatusCode != 200 || r.Header.Get("Content-Security-Policy") != web.ContentSecurityPolicy {
			t.Errorf("%s: %d %v", query, r.StatusCode, r.Header)
		}
		html := body(t, r)
		for _, w := range want {
			if !strings.Contains(html, w) {
				t.Errorf("%s: the page lacks %s\n%s", query, w, html)
			}
		}
	}
	check("", "nc -q0 stats 2003", `alt="Graph of alias(sumSeries(carbon.agents.*.metricsReceived),&#34;metricsReceived&#34;)"`,
		`href="/?open=servers#b:servers" aria-expanded="false"`, "0.1.0")
	check("open=servers.web01", `href="/?open=servers#b:servers.web01" aria-expanded="true"`,
		`<li class="leaf" id="m:servers.web01.cpu"><a href="/?target=servers.web01.cpu&amp;open=servers.web01#m:servers.web01.cpu">cpu</a>`,
		`<li class="branch" id="b:servers.web01.load">`, `<li class="leaf" id="m:servers.web01.load">`)
	check("target=servers.web01.cpu&refresh=10", `content="10"`, `value="http://stats:8080/render?target=servers.web01.cpu&amp;from=-1h"`)
	check("open=weird", "&lt;script&gt;")
	check("find=web0", "servers.web01", "servers.web02", "2 found")
	check("find=servers.web01.c", `id="m:servers.web01.cpu"`, "1 found", "1–1 of 1")
	check("find=*.*.cpu", "1–3 of 3")
	check("find=name%3Dcpu+dc%3Deu", "cpu;dc=eu", "1–1 of 1")
}

func TestPageOfAFreshServer(t *testing.T) {
	f := newFixture(nil)
	f.finder.names = nil
	html := body(t, f.do(t, "GET", "/", ""))
	if !strings.Contains(html, "No graph yet") || !strings.Contains(html, "No metrics yet") || strings.Contains(html, "<picture>") {
		t.Error(html)
	}
}

func TestPageWithAProblem(t *testing.T) {
	f := newFixture(nil)
	r := f.do(t, "GET", "/?find=a*"+strings.Repeat(".a", 1000), "")
	if html := body(t, r); r.StatusCode != 400 || !strings.Contains(html, `role="alert"`) {
		t.Errorf("%d %s", r.StatusCode, html)
	}
	f.finder.fail = errors.New("index gone")
	r = f.do(t, "GET", "/", "")
	if html := body(t, r); r.StatusCode != 500 || !strings.Contains(html, "Internal error, request") || strings.Contains(html, "index gone") {
		t.Errorf("%d %s", r.StatusCode, html)
	}
}

func TestPageOfABrokenGraph(t *testing.T) {
	f := newFixture(nil)
	f.engine.fail = map[string]error{"bad": &function.ArgError{Function: "scale", Param: "factor", Reason: "missing"}}
	check := func(query, want string) {
		t.Helper()
		r := f.do(t, "GET", "/?"+query, "")
		if html := body(t, r); r.StatusCode != 200 || !strings.Contains(html, want) || strings.Contains(html, "<picture>") {
			t.Errorf("%s: %d %s", query, r.StatusCode, html)
		}
	}
	check("target=bad", "scale: factor: missing")
	check("target=a&from=garbage", "from: ")
}

func TestLineFor(t *testing.T) {
	check := func(line, host, want string) {
		t.Helper()
		f := newFixture(func(o *Options) { o.Line = line })
		html := body(t, f.do(t, "GET", "http://"+host+"/", ""))
		if want == "" {
			if strings.Contains(html, "nc -q0") {
				t.Errorf("%s: lines cannot be sent", line)
			}
			return
		}
		if !strings.Contains(html, "nc -q0 "+want+"<") {
			t.Errorf("line %s, host %s: no %q", line, host, want)
		}
	}
	check(":2003", "stats:8080", "stats 2003")
	check("0.0.0.0:2103", "stats", "stats 2103")
	check("[::]:2003", "[fd00::1]:8080", "fd00::1 2003")
	check("127.0.0.1:2003", "stats:8080", "127.0.0.1 2003")
	check("", "stats:8080", "")
}

func TestEscapedBranches(t *testing.T) {
	f := newFixture(nil)
	f.finder.names = []string{`a*.b`, `ab.c`, `a\b[x].d`}
	html := body(t, f.do(t, "GET", "/?open=a*", ""))
	if !strings.Contains(html, `id="m:a*.b"`) || strings.Contains(html, `id="m:ab.c"`) {
		t.Error("the branch a* opens as a pattern")
	}
	if html := body(t, f.do(t, "GET", `/?open=a\b[x]`, "")); !strings.Contains(html, `id="m:a\b[x].d"`) {
		t.Error(`the branch a\b[x] does not open`)
	}
}
