package web

import (
	"bytes"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// hashes matches the names of assets, whose hashes change with the style sheet.
var hashes = regexp.MustCompile(`(style|icon)-[0-9a-f]{12}\.`)

func write(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPages(t *testing.T) {
	children := map[string][]Node{
		"":              {{"carbon", false}, {"servers", false}, {"uptime", true}},
		"servers":       {{"servers.web01", false}, {"servers.web02", false}},
		"servers.web01": {{"servers.web01.load", false}, {"servers.web01.cpu", true}, {"servers.web01.load", true}},
	}
	pages := map[string]Page{
		"empty": {State: ParseState(nil), Base: "http://stats:8080", Version: "0.1.0", Line: "stats:2003"},
		"welcome": {
			State: ParseState(nil), Base: "http://stats:8080", Version: "0.1.0", Line: "stats:2003",
			Children: map[string][]Node{"": children[""]},
			Own:      []string{`alias(sumSeries(carbon.agents.*.metricsReceived),"metricsReceived")`},
		},
		"graph": {
			State: ParseState(url.Values{
				"target": {"servers.web01.cpu", "scale(uptime,2)"}, "open": {"servers.web01"},
				"from": {"-6h"}, "title": {"Web & co"}, "refresh": {"60"},
			}),
			Prefix: "/graphite", Base: "https://stats", Version: "0.1.0", Line: "stats:2003", Children: children,
		},
		"found": {
			State: ParseState(url.Values{"find": {"cpu"}, "target": {"servers.web01.cpu"}}), Base: "http://stats:8080", Version: "0.1.0",
			Found: []Node{{"cpu", false}, {"servers.web01.cpu", true}},
		},
		"broken":  {State: ParseState(url.Values{"target": {"scale(a)"}}), Broken: "scale: factor: missing"},
		"problem": {State: ParseState(url.Values{"find": {"{"}}), Problem: `pattern "{": missing }`},
	}
	for name, p := range pages {
		t.Run(name, func(t *testing.T) {
			got := hashes.ReplaceAllString(write(t, p), "$1-HASH.")
			file := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; run the test with -update and look at the difference", file)
			}
		})
	}
}

func TestNamesAreText(t *testing.T) {
	const evil = `<script>alert("1")</script>'&amp;x`
	p := Page{
		State: ParseState(url.Values{
			"target": {evil}, "open": {evil}, "from": {evil}, "until": {evil}, "tz": {evil}, "title": {evil}, "refresh": {evil},
		}),
		Base: "http://" + evil, Version: evil, Line: evil + ":1", Problem: evil, Broken: evil,
		Children: map[string][]Node{"": {{evil, true}, {evil, false}}, evil: {{evil + ".a", true}, {evil + ".b", true}}},
	}
	search := p
	search.State.Search, search.Found = evil, p.Children[""]
	welcome := p
	welcome.State.Targets, welcome.Own, welcome.Broken = nil, []string{evil}, ""
	for name, p := range map[string]Page{"tree": p, "search": search, "welcome": welcome} {
		html := write(t, p)
		for _, never := range []string{"<script", "ZgotmplZ", `="'`, "alert(\"", "javascript:"} {
			if strings.Contains(strings.ToLower(html), strings.ToLower(never)) {
				t.Errorf("%s: the page contains %q", name, never)
			}
		}
		if !strings.Contains(html, "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&#39;&amp;amp;x") {
			t.Errorf("%s: the name is not escaped", name)
		}
	}
}

func TestNoScriptsNoForeignFiles(t *testing.T) {
	html := write(t, Page{State: ParseState(url.Values{"target": {"a.b"}}), Base: "http://h", Version: "1", Line: "h:2003"})
	for _, never := range []string{"<script", "style=", " on", "<style"} {
		for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(html, -1) {
			if strings.Contains(tag+">", never) && !strings.Contains(tag, "content=") {
				t.Errorf("%s contains %q", tag, never)
			}
		}
	}
	for _, address := range regexp.MustCompile(`(?:src|srcset|action)="([^"]*)"|<link[^>]* href="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if address := address[1] + address[2]; !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
			t.Errorf("the page loads %q", address)
		}
	}
}

func TestOddNamesAreEscapedInTargets(t *testing.T) {
	p := Page{State: ParseState(url.Values{"target": {`a.f\(x\)\,`}, "open": {"a"}}), Children: map[string][]Node{
		"": {{"a", false}}, "a": {{"a.f(x),", true}, {`a.'b`, true}},
	}}
	html := write(t, p)
	if !strings.Contains(html, `aria-current="true">f(x),<`) {
		t.Error("the chosen metric is not marked")
	}
	if !strings.Contains(html, `&amp;target=a.%5C%27b&amp;`) {
		t.Error("the other metric is not escaped in its target")
	}
}

func TestLongBranchesAreCut(t *testing.T) {
	nodes := make([]Node, 5000)
	for i := range nodes {
		nodes[i] = Node{Path: "a.n" + strconv.Itoa(i), Leaf: true}
	}
	html := write(t, Page{State: ParseState(url.Values{"open": {"a"}}), Children: map[string][]Node{"": {{"a", false}}, "a": nodes}})
	if n := strings.Count(html, `<li class="leaf" `); n != treeLimit {
		t.Errorf("%d metrics are shown, want %d", n, treeLimit)
	}
	if !strings.Contains(html, "4700 more") || !strings.Contains(html, `href="/?open=a&amp;find=a.*"`) {
		t.Error("there is no link to the other metrics")
	}
	page := func(n string) string {
		return write(t, Page{State: ParseState(url.Values{"find": {"a.*"}, "page": {n}}), Found: nodes})
	}
	if html := page("2"); !strings.Contains(html, "101–200 of 5000") || !strings.Contains(html, `rel="prev"`) || !strings.Contains(html, `href="/?find=a.*&amp;page=3" rel="next"`) {
		t.Error("the second page of results has no links to the first and the third")
	}
	if html := page("999999999"); !strings.Contains(html, "4901–5000 of 5000") || strings.Contains(html, `rel="next"`) {
		t.Error("a page after the last one does not show the last one")
	}
}

func TestAssets(t *testing.T) {
	html := write(t, Page{Prefix: "/p"})
	for _, a := range Assets() {
		if len(a.Content) == 0 || a.Type == "" || !hashes.MatchString(a.Name) {
			t.Errorf("asset %q of type %q has %d bytes", a.Name, a.Type, len(a.Content))
		}
		if !strings.Contains(html, `"/p/-/static/`+a.Name+`"`) {
			t.Errorf("the page does not refer to %s", a.Name)
		}
	}
}
