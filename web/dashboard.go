package web

import (
	"embed"
	"encoding/json"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// DashboardPage is a page that shows a dashboard.
type DashboardPage struct {
	Prefix  string // of every path of this server
	Version string // of the server
	Name    string
	Saved   time.Time // shown in its zone
	Graphs  []DashboardGraph
	Missing bool // there is no such dashboard
}

// DashboardGraph is a graph of a dashboard.
type DashboardGraph struct {
	Title string
	Query string // what /render is asked, behind the '?'
}

// Link is where a graph can be changed, Image its picture.
func (p DashboardPage) Link(g DashboardGraph) string  { return p.Prefix + "/?" + g.Query }
func (p DashboardPage) Image(g DashboardGraph) string { return p.Prefix + "/render?" + g.Query }

// DashboardsPage is a page that lists dashboards.
type DashboardsPage struct {
	Prefix  string
	Base    string // scheme and host as the reader addressed them
	Version string
	Names   []string
}

//go:embed dashboard.html dashboards.html
var dashboardFiles embed.FS

var dashboardPages = template.Must(template.ParseFS(dashboardFiles, "dashboard.html", "dashboards.html"))

// Write writes the page as HTML.
func (p DashboardPage) Write(w io.Writer) error {
	return dashboardPages.ExecuteTemplate(w, "dashboard.html", struct {
		DashboardPage
		Style, Icon string
	}{p, p.Prefix + AssetPath + style.Name, p.Prefix + AssetPath + icon.Name})
}

// URL is the address of a dashboard.
func (p DashboardsPage) URL(name string) string { return p.Prefix + "/dashboard/" + pathSegment(name) }

// Write writes the page as HTML.
func (p DashboardsPage) Write(w io.Writer) error {
	return dashboardPages.ExecuteTemplate(w, "dashboards.html", struct {
		DashboardsPage
		Style, Icon string
	}{p, p.Prefix + AssetPath + style.Name, p.Prefix + AssetPath + icon.Name})
}

// maxGraphs is how many graphs of a dashboard the page shows, maxQueries how many
// bytes their queries may have together. What all graphs share is in each of them.
const (
	maxGraphs  = 500
	maxQueries = 4 << 20
)

// DashboardGraphs are the graphs in the state of a dashboard of graphite-web: each a
// list in which an object holds the parameters of render that differ from
// defaultGraphParams. What is of another shape is left out.
func DashboardGraphs(state []byte) []DashboardGraph {
	var fields map[string]json.RawMessage
	var all []json.RawMessage
	if json.Unmarshal(state, &fields) != nil || json.Unmarshal(fields["graphs"], &all) != nil {
		return nil
	}
	var graphs []DashboardGraph
	defaults, size := objectParams(fields["defaultGraphParams"]), objectParams(fields["graphSize"])
	room := maxQueries
	for _, text := range all[:min(len(all), maxGraphs)] {
		own := graphParams(text)
		if len(own["target"]) == 0 {
			continue
		}
		params := map[string][]string{}
		maps.Copy(params, defaults)
		maps.Copy(params, size)
		maps.Copy(params, own)
		delete(params, "_uniq")
		if len(params["title"]) == 0 && len(own["target"]) == 1 {
			params["title"] = own["target"]
		}
		q := &query{}
		for _, name := range slices.Sorted(maps.Keys(params)) {
			for _, value := range params[name] {
				q.add(name, value)
			}
		}
		if room -= q.b.Len(); room < 0 {
			break
		}
		g := DashboardGraph{Query: q.b.String(), Title: "Graph"}
		if title := params["title"]; len(title) > 0 {
			g.Title = title[0]
		}
		graphs = append(graphs, g)
	}
	return graphs
}

// graphParams are the parameters of a graph: the first object of the list.
func graphParams(graph json.RawMessage) map[string][]string {
	var parts []json.RawMessage
	if json.Unmarshal(graph, &parts) != nil {
		return nil
	}
	for _, part := range parts {
		if params := objectParams(part); params != nil {
			return params
		}
	}
	return nil
}

// objectParams are the fields of an object that can be parameters: texts, numbers,
// true and false, and lists of them. Nil: it is none.
func objectParams(text json.RawMessage) map[string][]string {
	var fields map[string]any
	if json.Unmarshal(text, &fields) != nil || fields == nil {
		return nil
	}
	params := map[string][]string{}
	for name, value := range fields {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			if text, ok := paramText(v); ok {
				params[name] = append(params[name], text)
			}
		}
	}
	return params
}

func paramText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// pathSegment escapes a text so that it is one segment of a path.
func pathSegment(text string) string {
	var b []byte
	for i := range len(text) {
		const hex = "0123456789ABCDEF"
		if c := text[i]; plain(c) && c != '/' && (c != '.' || len(text) > 2) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}
