package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"carbon/codec/pyjson"
	"carbon/metric"
	"carbon/web"
)

func assetOf(ext string) string {
	for _, a := range web.Assets() {
		if strings.HasSuffix(a.Name, "."+ext) {
			return a.Name
		}
	}
	return "none"
}

func TestFind(t *testing.T) {
	f := newFixture(nil)
	check := func(query, want string) {
		t.Helper()
		r := f.do(t, "GET", "/metrics/find?"+query, "")
		if got := body(t, r); r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/json" || got != want {
			t.Errorf("%s: %d %s", query, r.StatusCode, got)
		}
		if r.Header.Get("Pragma") != "no-cache" || r.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: may be kept: %v", query, r.Header)
		}
	}
	branch := func(text, id string) string {
		return `{"text":"` + text + `","id":"` + id + `","allowChildren":1,"expandable":1,"leaf":0}`
	}
	leaf := func(text, id string) string {
		return `{"text":"` + text + `","id":"` + id + `","allowChildren":0,"expandable":0,"leaf":1}`
	}
	check("query=servers.web*", "["+branch("web01", "servers.web01")+","+branch("web02", "servers.web02")+"]")
	check("query=nope", "[]")
	check("query=servers.*.cpu", "["+leaf("cpu", "servers.*.cpu")+"]")
	check("query=servers.*.cpu&wildcards=1", "["+leaf("*", "servers.*.*")+","+leaf("cpu", "servers.*.cpu")+"]")
	check("query=servers.web01.cpu&wildcards=1", "["+leaf("cpu", "servers.web01.cpu")+"]")
	// load is a branch and a leaf; branches come first.
	check("query=servers.web01.*", "["+branch("load", "servers.web01.load")+","+leaf("cpu", "servers.web01.cpu")+"]")
	check("query=servers.web01.*&leavesOnly=1", "["+leaf("cpu", "servers.web01.cpu")+","+leaf("load", "servers.web01.load")+"]")
	check("query=servers.web01.*&wildcards=1&format=treejson", "["+branch("*", "servers.web01.*")+","+
		branch("load", "servers.web01.load")+","+leaf("cpu", "servers.web01.cpu")+"]")
	check("query=weird.percent*", "["+leaf("percent%", "weird.percent%25")+"]")
	check("query=weird.gr*", "["+leaf(`gr\u00f6\u00dfe`, `weird.gr\u00f6\u00dfe`)+"]")
	check("query=weird.<*", "["+leaf("<script>", "weird.<script>")+"]")
	check("query=servers.web01.load&format=json",
		`[{"path":"servers.web01.load","is_leaf":false},{"path":"servers.web01.load","is_leaf":true,"intervals":[{"start":0,"end":1793617643}]}]`)
	check("query=db&pretty=1", "[]")
	check("query=servers.d*&pretty=1", `[
  {
    "text": "db",
    "id": "servers.db",
    "allowChildren": 1,
    "expandable": 1,
    "leaf": 0
  }
]`)
}

func TestFindWindow(t *testing.T) {
	f := newFixture(nil)
	check := func(query string, want metric.Window) {
		t.Helper()
		if r := f.do(t, "POST", "/metrics/find?"+query, "query=*"); r.StatusCode != 200 {
			t.Errorf("%s: %d %s", query, r.StatusCode, body(t, r))
		}
		if f.finder.window != want {
			t.Errorf("%s: looked in %v, want %v", query, f.finder.window, want)
		}
	}
	check("", metric.Window{From: 0, Until: anyTime})
	check("from=-1&until=-1", metric.Window{From: 0, Until: anyTime})
	check("from=undefined&until=undefined", metric.Window{From: 0, Until: anyTime})
	check("from=1700000000&until=1700003600", metric.Window{From: 1700000000, Until: 1700003600})
	check("from=-1h&now=1700003600", metric.Window{From: 1700000000, Until: anyTime})
}

func TestFindJSONP(t *testing.T) {
	f := newFixture(nil)
	r := f.do(t, "GET", "/metrics/find?query=nope&jsonp=jq_1", "")
	if body(t, r) != "jq_1([])" || r.Header.Get("Content-Type") != "text/javascript" {
		t.Errorf("%v", r.Header)
	}
	r = f.do(t, "GET", "/metrics/find?query=weird.gr*&format=json", "", "Accept", "text/html, */*")
	if got := body(t, r); !strings.Contains(got, "größe") || r.Header.Get("Content-Type") != "application/json;charset=utf-8" {
		t.Errorf("%s %v", got, r.Header)
	}
}

func TestFindErrors(t *testing.T) {
	f := newFixture(nil)
	check := func(query string, code int, want string) {
		t.Helper()
		r := f.do(t, "GET", "/metrics/find?"+query, "")
		if got := body(t, r); r.StatusCode != code || !strings.Contains(got, want) {
			t.Errorf("%.100s: %d %.300s", query, r.StatusCode, got)
		}
	}
	check("", 400, "query")
	check("query=", 400, "query")
	check("query=*&wildcards=abc", 400, "wildcards")
	check("query=*&local=x", 400, "local")
	check("query=*&from=garbage", 400, "from")
	check("query=*&now=zzz", 400, "now")
	check("query=*&format=xyz", 400, "format")
	check("query=*&jsonp=<x>", 400, "jsonp")
	check("query="+strings.Repeat("a.", 1000), 400, "pattern")
	f.finder.fail = errors.New("index gone")
	check("query=*", 500, "internal error")
}

func TestExpandAndIndex(t *testing.T) {
	f := newFixture(nil)
	check := func(address, want string) {
		t.Helper()
		r := f.do(t, "GET", address, "")
		if got := body(t, r); r.StatusCode != 200 || got != want {
			t.Errorf("%s: %d %s", address, r.StatusCode, got)
		}
	}
	check("/metrics/expand?query=servers.*", `{"results":["servers.db","servers.web01","servers.web02"]}`)
	check("/metrics/expand?query=servers.*.l*&query=servers.db.*", `{"results":["servers.db.cpu","servers.web01.load"]}`)
	check("/metrics/expand?query=servers.*&leavesOnly=1&query=&groupByExpr=1", `{"results":{"":[],"servers.*":[]}}`)
	check("/metrics/expand", `{"results":[]}`)
	check("/metrics/index.json?jsonp=cb", `cb(["carbon.agents.h-a.metricsReceived","servers.db.cpu","servers.web01.cpu","servers.web01.load",`+
		`"servers.web01.load.avg","servers.web02.cpu","weird.<script>","weird.gr\u00f6\u00dfe","weird.percent%25"])`)
	if r := f.do(t, "GET", "/metrics/expand?query=a&groupByExpr=x", ""); r.StatusCode != 400 {
		t.Errorf("groupByExpr=x: %d", r.StatusCode)
	}
}

// jsonOf encodes a value with encoding/json, without escapes for HTML.
func jsonOf(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestAppendString(t *testing.T) {
	for _, s := range []string{
		"", "plain", "größe", "日本語", "a😀b\u2028\u2029c", "\U0010FFFF", "<&>\x7f", "\x00\x1f\b\f\n\r\t\"\\/", "a\xff\xfeb\xe2\x82", "\ufffd",
	} {
		got := `"` + string(appendString(nil, s)) + `"`
		if want := jsonOf(t, s); got != want {
			t.Errorf("%q became %s, want %s", s, got, want)
		}
		var back string
		ascii := pyjson.EscapeNonASCII([]byte(got))
		if err := json.Unmarshal(ascii, &back); err != nil || back != string([]rune(s)) ||
			strings.ContainsFunc(string(ascii), func(r rune) bool { return r > 127 }) {
			t.Errorf("%q became %s, %q, %v", s, ascii, back, err)
		}
	}
}

// TestAppendTree compares the merge of runs with sorting all nodes.
func TestAppendTree(t *testing.T) {
	type treeNode struct {
		Text          string `json:"text"`
		ID            string `json:"id"`
		AllowChildren int    `json:"allowChildren"`
		Expandable    int    `json:"expandable"`
		Leaf          int    `json:"leaf"`
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		isBranch, isLeaf := map[string]bool{}, map[string]bool{}
		var nodes []metric.Node
		for dir := range rnd.IntN(9) {
			for name := range 12 {
				path := fmt.Sprintf("a.%d.n%d", dir, name)
				last := path[strings.LastIndexByte(path, '.')+1:]
				if rnd.IntN(3) == 0 {
					nodes = append(nodes, metric.Node{Path: path})
					isBranch[last] = true
				}
				if rnd.IntN(3) == 0 {
					nodes = append(nodes, metric.Node{Path: path, Leaf: true})
					isLeaf[last] = true
				}
			}
		}
		slices.SortStableFunc(nodes, func(a, b metric.Node) int { return strings.Compare(a.Path, b.Path) })
		want := []treeNode{}
		for _, name := range slices.Sorted(maps.Keys(isBranch)) {
			want = append(want, treeNode{name, "a.*." + name, 1, 1, 0})
		}
		for _, name := range slices.Sorted(maps.Keys(isLeaf)) {
			if !isBranch[name] {
				want = append(want, treeNode{name, "a.*." + name, 0, 0, 1})
			}
		}
		if got, want := string(appendTree(nil, &findQuery{pattern: "a.*.*"}, nodes)), jsonOf(t, want); got != want {
			t.Fatalf("of %v\n got %s\nwant %s", nodes, got, want)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	var hosts, leaves []metric.Node
	for site := range 4 {
		for host := range 2500 {
			path := fmt.Sprintf("servers.site%d.host%04d", site, host)
			hosts = append(hosts, metric.Node{Path: path})
			for _, name := range []string{"rx_bytes", "tx_bytes", "user"} {
				leaves = append(leaves, metric.Node{Path: path + ".all." + name, Leaf: true})
			}
		}
	}
	for _, c := range []struct {
		name, format, pattern string
		nodes                 []metric.Node
	}{
		{"hosts", "treejson", "servers.*.*", hosts},
		{"leaves", "treejson", "servers.*.*.*.*", leaves},
		{"leaves by path", "json", "servers.*.*.*.*", leaves},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				body := findFormats[c.format](nil, &findQuery{pattern: c.pattern}, c.nodes)
				b.SetBytes(int64(len(pyjson.EscapeNonASCII(body))))
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add("query=*")
	f.Add("query=a.{b,{c,*}}.[!x].**&format=json&from=-1&until=undefined")
	f.Add("query=%c3%28&wildcards=+1&jsonp=x[0]&pretty=1")
	fix := newFixture(nil)
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/metrics/find", "/metrics/expand", "/"} {
			r := httptest.NewRequest("GET", path, nil)
			r.URL.RawQuery = query
			w := httptest.NewRecorder()
			fix.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 400 && w.Code != 413 {
				t.Errorf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}
