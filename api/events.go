package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"carbon/records"
	"carbon/web"
)

// Events stores events. *records.DB implements it.
type Events interface {
	// Record stores an event and returns its id.
	Record(ctx context.Context, e records.Event) (id int64, err error)
	// Event returns the event with an id, or records.ErrNotFound.
	Event(ctx context.Context, id int64) (records.Event, error)
	// Events returns the events that match, oldest first.
	Events(ctx context.Context, q records.EventQuery) ([]records.Event, error)
	// DeleteEvents deletes events and returns how many existed.
	DeleteEvents(ctx context.Context, ids []int64) (n int64, err error)
}

// noEvents is the Events of a server that could not open its database.
type noEvents struct{}

func (noEvents) Record(context.Context, records.Event) (int64, error) { return 0, errNoEvents }
func (noEvents) Event(context.Context, int64) (records.Event, error) {
	return records.Event{}, errNoEvents
}

func (noEvents) Events(context.Context, records.EventQuery) ([]records.Event, error) {
	return nil, errNoEvents
}

func (noEvents) DeleteEvents(context.Context, []int64) (int64, error) { return 0, errNoEvents }

var errNoEvents = errors.New("events are not available: see the log of the server")

func (s *server) eventRoutes() []Route {
	selection := []Param{
		{Name: "tags", Type: "string", Doc: "Tags, separated by spaces."},
		{Name: "set", Type: "string", Doc: "union: events with any of the tags; intersection: with all.", Options: []string{"union", "intersection"}},
		fromParam, untilParam,
	}
	return []Route{
		{
			Path: "/events", Methods: "GET", ID: "events", Doc: "Shows a page of the latest events.",
			Params: append(selection[:4:4], jsonpParam), Answers: []string{mediaHTML},
			answer: s.browserPage(s.eventsPage), cors: true,
		},
		{
			Path: "/events/get_data", Methods: "GET POST", ID: "eventsData", Doc: "Lists events as JSON.",
			Params: append(selection[:4:4], jsonpParam), Answers: []string{mediaJSON},
			answer: s.eventsData, cors: true,
		},
		{
			Path: "/events/{id:[0-9]+}", Methods: "GET", ID: "event", Doc: "Shows one event, as JSON if Accept is application/json.",
			Params:  []Param{{Name: "id", Type: "integer", Doc: "Number of the event."}},
			Answers: []string{mediaHTML, mediaJSON},
			answer:  s.eventDetails, cors: true,
		},
		{
			Path: "/events/delete", Methods: "POST", ID: "deleteEvents", Right: Admin, Changes: true,
			Doc:     `Deletes events, by number or as /events/get_data finds them: {"deleted": NUMBER}.`,
			Params:  append([]Param{{Name: "id", Type: "list of integer", Doc: "Numbers of events."}}, selection...),
			Answers: []string{mediaJSON},
			answer:  s.deleteEvents,
		},
	}
}

// eventData is an event in the answer of /events/get_data.
type eventData struct {
	When int64    `json:"when"`
	What string   `json:"what"`
	Data string   `json:"data"`
	Tags []string `json:"tags"`
	ID   int64    `json:"id"`
}

// eventsData answers /events/get_data: the events of a time range, with given tags.
func (s *server) eventsData(w http.ResponseWriter, r *http.Request, p params) error {
	events, err := s.findEvents(r.Context(), p, 0)
	if err != nil {
		return err
	}
	list := make([]eventData, len(events))
	for i, e := range events {
		list[i] = eventData{e.When.Unix(), e.What, e.Data, splitTags(e), e.ID}
	}
	noCache(w)
	return s.answerValue(w, r, p, list)
}

// splitTags returns the tags of an event as graphite-web does: the text, split at spaces.
func splitTags(e records.Event) []string { return append([]string{}, strings.Fields(e.Tags)...) }

// maxEventTags bounds the tags of a search for events.
const maxEventTags = 1000

// eventQuery returns the events that a request asks for.
func (s *server) eventQuery(p params) (records.EventQuery, error) {
	now := s.Now().In(s.Location)
	q := records.EventQuery{From: time.Unix(0, 0), Until: now, Any: p.get("set") == "union"}
	for name, at := range map[string]*time.Time{"from": &q.From, "until": &q.Until} {
		var err error
		if *at, err = p.time(name, now, *at); err != nil {
			return q, err
		}
	}
	if p.has("tags") {
		q.Tags = strings.Split(p.get("tags"), " ")
	}
	if len(q.Tags) > maxEventTags {
		return q, &limitError{fmt.Sprintf("more than %d tags", maxEventTags)}
	}
	return q, nil
}

// findEvents returns the events that a request asks for; if latest is not 0, at most
// so many of the latest.
func (s *server) findEvents(ctx context.Context, p params, latest int) ([]records.Event, error) {
	q, err := s.eventQuery(p)
	if err != nil {
		return nil, err
	}
	intersection := p.get("set") == "intersection"
	if !intersection { // which is decided below, with all events
		q.Latest = latest
	}
	events, err := s.Events.Events(ctx, q)
	if !intersection || len(events) == 0 {
		return events, err
	}
	if q.Tags == nil {
		return nil, &paramError{"set", "intersection", "requires tags"}
	}
	return slices.DeleteFunc(events, func(e records.Event) bool { return !hasAllTags(splitTags(e), q.Tags) }), nil
}

// earlierEvents reports whether there are events that a request asks for before the
// latest ones.
func (s *server) earlierEvents(ctx context.Context, p params, latest []records.Event) (bool, error) {
	if len(latest) == 0 || p.get("set") == "intersection" {
		return false, nil
	}
	q, err := s.eventQuery(p)
	if err != nil {
		return false, err
	}
	q.Until, q.Latest = latest[0].When.Add(-time.Microsecond), 1
	events, err := s.Events.Events(ctx, q)
	return len(events) > 0, err
}

// hasAllTags reports whether all tags are among words. As in graphite-web, a tag given
// twice never matches.
func hasAllTags(words, tags []string) bool {
	left := make(map[string]bool, len(words))
	for _, word := range words {
		left[word] = true
	}
	for _, tag := range tags {
		if !left[tag] {
			return false
		}
		delete(left, tag)
	}
	return true
}

// eventsOnPage bounds the events of a page.
const eventsOnPage = 10_000

// eventsPage answers /events: a page of the latest events.
func (s *server) eventsPage(w http.ResponseWriter, r *http.Request, p params) error {
	events, err := s.findEvents(r.Context(), p, eventsOnPage)
	if err != nil {
		return err
	}
	earlier, err := s.earlierEvents(r.Context(), p, events)
	if err != nil {
		return err
	}
	return s.answerEvents(w, r, events, earlier)
}

func (s *server) answerEvents(w http.ResponseWriter, r *http.Request, events []records.Event, earlier bool) error {
	page := web.EventsPage{Earlier: earlier, Prefix: s.URLPrefix, Base: baseURL(r), Version: s.Version}
	for _, e := range events {
		page.Events = append(page.Events, web.Event{
			ID: e.ID, When: e.When.In(s.Location), What: e.What, Data: e.Data, Tags: e.Tags,
		})
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.ContentSecurityPolicy)
	noCache(w)
	return stream(w, page.Write)
}

// eventDetails answers /events/ID: with JSON if the client accepts only that, else with
// a page.
func (s *server) eventDetails(w http.ResponseWriter, r *http.Request, p params) error {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil {
		return records.ErrNotFound
	}
	e, err := s.Events.Event(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if r.Header.Get("Accept") != "application/json" {
		return s.answerEvents(w, r, []records.Event{e}, false)
	}
	layout := "2006-01-02T15:04:05Z07:00"
	if e.When.Nanosecond() != 0 {
		layout = "2006-01-02T15:04:05.000Z07:00"
	}
	delete(p, "jsonp") // as in graphite-web
	noCache(w)
	return s.answerValue(w, r, p, struct {
		ID   int64    `json:"id"`
		When string   `json:"when"`
		What string   `json:"what"`
		Data string   `json:"data"`
		Tags []string `json:"tags"`
	}{e.ID, e.When.UTC().Format(layout), e.What, e.Data, splitTags(e)})
}

// deleteEvents answers /events/delete: it deletes events by id, or those that from,
// until, tags and set select, and answers how many existed.
func (s *server) deleteEvents(w http.ResponseWriter, r *http.Request, p params) error {
	var ids []int64
	for _, text := range p["id"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return &paramError{"id", text, "not an integer"}
		}
		ids = append(ids, id)
	}
	if found := p.has("from") || p.has("until") || p.has("tags"); found == (ids != nil) {
		return &paramError{"id", "", "give either id, or from, until or tags"}
	} else if found {
		events, err := s.findEvents(r.Context(), p, 0)
		if err != nil {
			return err
		}
		for _, e := range events {
			ids = append(ids, e.ID)
		}
	}
	n, err := s.Events.DeleteEvents(r.Context(), ids)
	if err != nil {
		return err
	}
	s.Logger.Info("events deleted", "id", idOf(r), "remote", r.RemoteAddr, "query", truncate(fmt.Sprint(p)), "events", n)
	return s.answerRecord(w, r, p, struct {
		Deleted int64 `json:"deleted"`
	}{n})
}
