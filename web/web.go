// Package web renders the user interface: the page of the JavaScript application (AppPage),
// and plain pages for browsers without JavaScript.
//
// The main plain page (Page) shows a tree of metrics, a graph of the chosen ones, and the
// URL of that graph. Its address contains its whole state (State), so that users can
// bookmark and share it. The package does not access the store: the caller looks up the
// nodes that State needs, fills in a Page and calls Write. Names of metrics are escaped
// everywhere.
package web

import "io"

// Page is the main plain page.
type Page struct {
	State   State
	Prefix  string // of every path of this server: "" or "/graphite"
	Base    string // scheme and host of the request: "http://stats:8080"
	Version string // of the server
	Line    string // host:port of the plaintext receiver; empty: none

	// Children holds the children of each branch in State.Branches, by path. The root is "".
	Children map[string][]Node

	// Found holds the nodes that match State.Search.
	Found []Node

	// Own holds the targets drawn if State has none: the server's self metrics.
	Own []string

	// Problem says why a part of the page is missing, and Broken why the targets cannot be
	// drawn. Both are empty if there is no error.
	Problem, Broken string
}

// Node is a node of the tree of metric names: a metric if it is a leaf, a branch if not.
type Node struct {
	Path string
	Leaf bool
}

// Write writes the page as HTML.
func (p Page) Write(w io.Writer) error {
	return templates.ExecuteTemplate(w, "page.html", newView(p))
}

// ContentSecurityPolicy is the Content-Security-Policy of plain pages. It allows styles,
// images and forms of this server, and no scripts.
const ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
