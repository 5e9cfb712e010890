package web

import (
	"io"
	"time"
)

// EventsPage is the plain page that lists events.
type EventsPage struct {
	Prefix  string // of every path of this server
	Base    string // scheme and host of the request
	Version string // of the server
	Events  []Event
	Earlier bool // there may be earlier events
}

// Event is an event of the events API.
type Event struct {
	ID         int64
	When       time.Time // shown in its zone
	What, Data string
	Tags       string
}

// Write writes the page as HTML.
func (p EventsPage) Write(w io.Writer) error {
	return templates.ExecuteTemplate(w, "events.html", struct {
		EventsPage
		Layout layout
	}{p, newLayout("Events", p.Prefix)})
}
