// Package web renders the front page: a tree of metrics to click, the graph of
// what was clicked, and the address of that graph to take away.
//
// The page needs no JavaScript. All there is to remember stands in its address
// (State), so a page can be bookmarked, sent to a colleague, or read in a text
// browser. The package knows nothing of stores: who serves the page looks up
// the nodes that State asks for, puts them into a Page and calls Write. Names
// of metrics are text wherever they appear, never markup.
package web

import (
	"embed"
	"html/template"
	"io"
)

// Page is what one answer shows.
type Page struct {
	State   State
	Prefix  string // of every path of this server: "" or "/graphite"
	Base    string // scheme and host as the reader addressed them: "http://stats:8080"
	Version string // of the server
	Line    string // host:port where lines are sent to; empty: nowhere

	// Children are the nodes below each branch of State.Branches, by its path;
	// "" is the root.
	Children map[string][]Node

	// Found is what State.Search matches.
	Found []Node

	// Own are the targets shown while none is chosen: the server's own metrics.
	Own []string

	// Problem says why a part of the page is missing, Broken why the targets
	// cannot be drawn. Empty: all is well.
	Problem, Broken string
}

// Node is a place in the tree of names: a metric if it is a leaf, the beginning
// of metrics if not.
type Node struct {
	Path string
	Leaf bool
}

//go:embed page.html style.css icon.svg
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// Write writes the page as HTML.
func (p Page) Write(w io.Writer) error {
	return page.ExecuteTemplate(w, "page.html", newView(p))
}

// ContentSecurityPolicy is what the page can live with: our own style sheet and
// images, forms to ourselves, no script at all.
const ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
