package web

import (
	"embed"
	"html/template"
)

//go:embed layout.html page.html dashboard.html dashboards.html events.html
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "*.html"))

// layout holds what all plain pages have in common.
type layout struct {
	Title   string // of the browser window
	Home    string // URL of the front page
	Refresh int    // seconds between reloads; 0: never
	Style   string // URL of the style sheet
	Icon    string // URL of the icon
}

func newLayout(title, prefix string) layout {
	return layout{Title: title, Home: prefix + "/", Style: style.url(prefix), Icon: icon.url(prefix)}
}
