package web

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DashboardPage is the plain page that shows a dashboard.
type DashboardPage struct {
	Prefix  string // of every path of this server
	Version string // of the server
	Name    string
	Saved   time.Time // shown in its zone
	Graphs  []DashboardGraph
	Missing bool // the dashboard does not exist
}

// DashboardGraph is a graph of a dashboard.
type DashboardGraph struct {
	Title string
	Query string // query string of /render, without the '?'
}

// Link returns the URL of the page that edits a graph.
func (p DashboardPage) Link(g DashboardGraph) string { return p.Prefix + "/?" + g.Query }

// Image returns the URL of a graph's image.
func (p DashboardPage) Image(g DashboardGraph) string { return p.Prefix + "/render?" + g.Query }

// DashboardsPage is the plain page that lists all dashboards.
type DashboardsPage struct {
	Prefix  string
	Base    string // scheme and host of the request
	Version string
	Names   []string
}

// Write writes the page as HTML.
func (p DashboardPage) Write(w io.Writer) error {
	return templates.ExecuteTemplate(w, "dashboard.html", struct {
		DashboardPage
		Layout layout
	}{p, newLayout(p.Name, p.Prefix)})
}

// URL returns the URL of a dashboard without scheme and host.
func (p DashboardsPage) URL(name string) string { return p.Prefix + "/dashboard/" + pathSegment(name) }

// Write writes the page as HTML.
func (p DashboardsPage) Write(w io.Writer) error {
	return templates.ExecuteTemplate(w, "dashboards.html", struct {
		DashboardsPage
		Layout layout
	}{p, newLayout("Dashboards", p.Prefix)})
}

// Limits of one page. maxQueries matters because each query repeats the parameters that all
// graphs of the dashboard share.
const (
	maxGraphs  = 500
	maxQueries = 4 << 20 // total size of the queries in bytes
)

// DashboardGraphs returns the graphs in a dashboard's state. As in graphite-web, a graph is
// a list that contains an object with the parameters of render that differ from
// defaultGraphParams. DashboardGraphs skips graphs of another form.
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

// graphParams returns the parameters of a graph: the first object in its list.
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

// objectParams returns the fields of an object that can be parameters: strings, numbers,
// booleans, and lists of them. It returns nil if the text is not an object.
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

// pathSegment escapes a text for use as one segment of a path.
func pathSegment(text string) string {
	var b strings.Builder
	percentEncode(&b, text, func(c byte) bool { return isPlain(c) && c != '/' && (c != '.' || len(text) > 2) })
	return b.String()
}
