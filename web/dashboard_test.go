package web

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func TestDashboardGraphs(t *testing.T) {
	f := func(state string, want ...DashboardGraph) {
		t.Helper()
		got := DashboardGraphs([]byte(state))
		if len(got) != len(want) {
			t.Fatalf("%s: %v, want %v", state, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", state, got[i], want[i])
			}
		}
	}
	// A dashboard of graphite-web.
	f(`{"name": "web", "timeConfig": {"type": "relative"}, "graphSize": {"width": 400, "height": 250},
		"defaultGraphParams": {"from": "-2hours", "until": "now", "width": 1, "_uniq": 0.5},
		"graphs": [
			["target=a", {"target": ["a.b"], "from": "-1d"}, "/render?x", "line"],
			["target=c", {"target": ["c", "d;e=&"], "title": "<two>", "areaMode": "stacked", "lineWidth": 1.5, "hideLegend": true}]
		]}`,
		DashboardGraph{"a.b", "from=-1d&height=250&target=a.b&title=a.b&until=now&width=400"},
		DashboardGraph{"<two>", "areaMode=stacked&from=-2hours&height=250&hideLegend=true&lineWidth=1.5&target=c&target=d%3Be%3D%26&title=%3Ctwo%3E&until=now&width=400"})
	// A list that begins with an id, several targets, and graphs of another form.
	f(`{"graphs": [["id", "t", {"target": ["a", "b"]}, "url"], [], 5, null, ["x"], [{"target": {}}], [{"target": [null]}], {"target": "x"}]}`,
		DashboardGraph{"Graph", "target=a&target=b"})
	for _, state := range []string{``, `null`, `[]`, `{}`, `{"graphs": {}}`, `{"graphs": [[{}]], "graphSize": 5}`} {
		f(state)
	}
	many := `{"graphs": [` + strings.Repeat(`[{"target": "a"}],`, maxGraphs) + `[{"target": "a"}]]}`
	if got := DashboardGraphs([]byte(many)); len(got) != maxGraphs {
		t.Errorf("%d graphs", len(got))
	}
}

// TestDashboardGraphsSize tests graphs that share a long parameter.
func TestDashboardGraphsSize(t *testing.T) {
	shared := strings.Repeat("x", maxQueries/10)
	graphs := DashboardGraphs([]byte(`{"defaultGraphParams": {"a": "` + shared + `"}, "graphs": [` + strings.Repeat(`["t", {"target": "b"}],`, 100) + `[]]}`))
	size := 0
	for _, g := range graphs {
		size += len(g.Query)
	}
	if len(graphs) < 5 || size > maxQueries {
		t.Errorf("%d graphs, %d bytes", len(graphs), size)
	}
}

func FuzzDashboardGraphs(f *testing.F) {
	f.Add([]byte(`{"graphSize": {"width": 400}, "defaultGraphParams": {"from": "-2hours"}, "graphs": [["t", {"target": ["a"]}, "u"]]}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		for _, g := range DashboardGraphs(state) {
			if !strings.Contains(g.Query, "target=") {
				t.Errorf("%s", g.Query)
			}
		}
	})
}

func TestDashboardPages(t *testing.T) {
	f := func(page interface{ Write(w io.Writer) error }, want ...string) {
		t.Helper()
		var b bytes.Buffer
		if err := page.Write(&b); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("no %q in\n%s", text, b.String())
			}
		}
	}
	page := DashboardPage{Prefix: "/g", Name: "<web>", Saved: time.Unix(0, 0).UTC(), Graphs: []DashboardGraph{{"<t>", "target=a&target=b"}}}
	f(page, `<h1>&lt;web&gt;</h1>`, `1970-01-01 00:00:00 UTC`,
		`<a href="/g/?target=a&amp;target=b"><img src="/g/render?target=a&amp;target=b" alt="&lt;t&gt;"`)
	f(DashboardPage{Prefix: "/g", Name: "x"}, "no graphs that this page can show")
	f(DashboardPage{Prefix: "/g", Name: "x", Missing: true}, "Dashboard 'x' does not exist.")
	f(DashboardsPage{Prefix: "/g", Base: "http://stats", Names: []string{"a b/c", "..", "<i>"}},
		`<a href="/g/dashboard/a%20b%2Fc">a b/c</a>`, `<a href="/g/dashboard/%2E%2E">..</a>`, `>&lt;i&gt;</a>`, "curl http://stats/g/dashboard/")
	f(DashboardsPage{}, "No dashboards yet.")
}
