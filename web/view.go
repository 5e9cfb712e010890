package web

import (
	"slices"
	"strconv"
	"strings"
)

const (
	treeLimit = 300 // maximum number of children shown for a branch
	foundPage = 100 // search results per page
)

// view holds the texts and URLs that the template inserts.
type view struct {
	Page
	Layout layout

	Tree   *branch
	Result *result // shown instead of the tree while State.Search is set

	Targets []target
	Welcome bool // there are no targets
	Graph   *graph
	Ranges  []choice
	Refresh []choice
	From    string // value of the input field
	Hidden  struct{ Search, Draw []field }

	Host, Port string // of Line
	Example    string // URL of the graph of the example line
}

// branch is an open branch with its children.
type branch struct {
	Rows []row
	All  *row   // draws all metrics that are direct children
	More int    // number of children that are not shown
	URL  string // search for all children; set if More is
}

type row struct {
	ID       string // of the element, for links back to it
	Text     string
	URL      string // where a click leads
	Leaf     bool
	Selected bool
	Below    *branch // nil: closed
}

type result struct {
	Rows           []row
	Total          int
	First, Last    int
	Previous, Next string
	Tree           string // URL without the search
}

type target struct {
	Text   string
	Remove string // URL without the target
}

type choice struct {
	Text    string
	Value   string
	URL     string
	Current bool
}

type field struct{ Name, Value string }

// newView computes the view of a page.
func newView(p Page) view {
	s := p.State
	v := view{
		Page:    p,
		Layout:  newLayout(heading(s), p.Prefix),
		Welcome: len(s.Targets) == 0,
		From:    s.from(),
		Ranges:  ranges(s, p.Prefix),
		Refresh: refreshes(s),
	}
	v.Layout.Home = State{Plain: s.Plain}.URL(p.Prefix)
	v.Layout.Refresh = s.Refresh
	if s.Search == "" {
		v.Tree = newBranch(p, "")
	} else {
		v.Result = newResult(p)
	}
	for _, t := range s.Targets {
		v.Targets = append(v.Targets, target{t, s.toggled(t).URL(p.Prefix)})
	}
	drawn := s.Targets
	if len(drawn) == 0 {
		drawn = p.Own
	}
	if len(drawn) > 0 {
		v.Graph = newGraph(p, drawn)
	}
	v.Hidden.Search, v.Hidden.Draw = hidden(s)
	v.Host, v.Port = p.Line, "2003"
	if i := strings.LastIndexByte(p.Line, ':'); i >= 0 {
		v.Host, v.Port = strings.Trim(p.Line[:i], "[]"), p.Line[i+1:]
	}
	v.Example = renderURL(p.Prefix, State{From: "-5min"}, []string{"a.b.c"})
	return v
}

func heading(s State) string {
	switch {
	case s.Title != "":
		return s.Title
	case len(s.Targets) > 0:
		return strings.Join(s.Targets, ", ")
	}
	return "Metrics"
}

// from returns where the graph begins. The default is an hour, so that the first points of
// a new user are visible. It is shorter for the server's self metrics, because the server
// may have just started.
func (s State) from() string {
	switch {
	case s.From != "":
		return s.From
	case len(s.Targets) == 0:
		return "-15min"
	}
	return "-1h"
}

func newBranch(p Page, path string) *branch {
	nodes := p.Children[path]
	b := &branch{}
	if len(nodes) > treeLimit {
		b.More = len(nodes) - treeLimit
		s := p.State
		s.Search, s.Page = below(path, "*"), 1
		b.URL = s.URL(p.Prefix)
	}
	leaves := 0
	for _, n := range nodes {
		if n.Leaf {
			leaves++
		}
	}
	if all := targetEscaper.Replace(below(path, "*")); leaves > 1 && path != "" {
		b.All = &row{Text: "all " + strconv.Itoa(leaves) + " metrics", URL: p.State.toggled(all).URL(p.Prefix), Leaf: true, Selected: slices.Contains(p.State.Targets, all)}
	}
	for _, n := range nodes[:len(nodes)-b.More] {
		b.Rows = append(b.Rows, newRow(p, n, n.Path[strings.LastIndexByte(n.Path, '.')+1:]))
	}
	return b
}

func newRow(p Page, n Node, text string) row {
	r := row{Text: text, Leaf: n.Leaf}
	if n.Leaf {
		r.ID = "m:" + n.Path
		target := targetEscaper.Replace(n.Path)
		r.URL = p.State.toggled(target).URL(p.Prefix) + anchor(r.ID)
		r.Selected = slices.Contains(p.State.Targets, target)
		return r
	}
	r.ID = "b:" + n.Path
	s := p.State
	s.Search, s.Page = "", 1
	if s.isOpen(n.Path) && p.State.Search == "" {
		r.Below = newBranch(p, n.Path)
		r.URL = s.closed(n.Path).URL(p.Prefix) + anchor(r.ID)
		return r
	}
	r.URL = s.opened(n.Path).URL(p.Prefix) + anchor(r.ID)
	return r
}

// targetEscaper converts the name of a metric to the target that draws it. It escapes the
// characters that are part of the syntax of targets.
var targetEscaper = strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`, `,`, `\,`, `'`, `\'`, `"`, `\"`, `|`, `\|`)

// anchor returns the fragment of a URL that leads to the element with this id.
func anchor(id string) string {
	var q query
	q.add("", id)
	return "#" + strings.TrimPrefix(q.b.String(), "=")
}

// below returns the path of a child.
func below(path, node string) string {
	if path == "" {
		return node
	}
	return path + "." + node
}

func newResult(p Page) *result {
	s, total := p.State, len(p.Found)
	pages := max(1, (total+foundPage-1)/foundPage)
	at := min(s.Page, pages)
	r := &result{Total: total, First: (at-1)*foundPage + 1, Last: min(at*foundPage, total)}
	for _, n := range p.Found[min(r.First-1, total):r.Last] {
		r.Rows = append(r.Rows, newRow(p, n, n.Path))
	}
	if at > 1 {
		s.Page = at - 1
		r.Previous = s.URL(p.Prefix)
	}
	if at < pages {
		s.Page = at + 1
		r.Next = s.URL(p.Prefix)
	}
	s.Search, s.Page = "", 1
	r.Tree = s.URL(p.Prefix)
	return r
}

func ranges(s State, prefix string) []choice {
	var all []choice
	for _, r := range []struct{ text, from string }{
		{"15 min", "-15min"},
		{"1 h", "-1h"},
		{"6 h", "-6h"},
		{"1 day", "-1d"},
		{"7 days", "-7d"},
		{"30 days", "-30d"},
		{"1 year", "-1y"},
	} {
		to := s
		to.From, to.Until = r.from, ""
		all = append(all, choice{Text: r.text, URL: to.URL(prefix), Current: s.from() == r.from && s.Until == ""})
	}
	return all
}

func refreshes(s State) []choice {
	all := []choice{{Text: "never", Value: ""}, {Text: "every 10 s", Value: "10"}, {Text: "every minute", Value: "60"}, {Text: "every 5 min", Value: "300"}}
	known := false
	for i := range all {
		all[i].Current = all[i].Value == strconv.Itoa(s.Refresh) || all[i].Value == "" && s.Refresh == 0
		known = known || all[i].Current
	}
	if !known {
		n := strconv.Itoa(s.Refresh)
		all = append(all, choice{Text: "every " + n + " s", Value: n, Current: true})
	}
	return all
}

// hidden returns the hidden fields of the two forms. A form replaces all parameters of the
// address, so it must repeat those that it does not edit.
func hidden(s State) (search, draw []field) {
	for _, b := range s.Open {
		draw = append(draw, field{"open", b})
	}
	search = append(search, draw...)
	if s.Search != "" {
		draw = append(draw, field{"find", s.Search})
	}
	if s.Page > 1 {
		draw = append(draw, field{"page", strconv.Itoa(s.Page)})
	}
	for _, t := range s.Targets {
		search = append(search, field{"target", t})
	}
	for _, f := range []field{{"from", s.From}, {"until", s.Until}, {"tz", s.Zone}, {"title", s.Title}} {
		if f.Value != "" {
			search = append(search, f)
		}
	}
	if s.Refresh > 0 {
		search = append(search, field{"refresh", strconv.Itoa(s.Refresh)})
	}
	return search, draw
}
