package web

import (
	_ "embed"
	"html/template"
	"io"
	"time"
)

// EventsPage is a page that shows events.
type EventsPage struct {
	Prefix  string // of every path of this server
	Base    string // scheme and host as the reader addressed them
	Version string // of the server
	Events  []Event
	Earlier bool // there may be others before them
}

// Event is something that happened.
type Event struct {
	ID         int64
	When       time.Time // shown in its zone
	What, Data string
	Tags       string
}

//go:embed events.html
var eventsHTML string

var eventsPage = template.Must(template.New("events").Parse(eventsHTML))

// Write writes the page as HTML.
func (p EventsPage) Write(w io.Writer) error {
	return eventsPage.Execute(w, struct {
		EventsPage
		Style, Icon string
	}{p, p.Prefix + AssetPath + style.Name, p.Prefix + AssetPath + icon.Name})
}
