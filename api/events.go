package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"carbon/records"
	"carbon/web"
)

// Events keeps what happened. *records.DB does.
type Events interface {
	// Record keeps an event and returns its id.
	Record(ctx context.Context, e records.Event) (id int64, err error)
	// Event returns the event with an id, records.ErrNotFound if there is none.
	Event(ctx context.Context, id int64) (records.Event, error)
	// Events returns the events that match, in order of time.
	Events(ctx context.Context, q records.EventQuery) ([]records.Event, error)
	// DeleteEvents deletes events and returns how many there were.
	DeleteEvents(ctx context.Context, ids []int64) (n int64, err error)
}

// noEvents is the Events of a server that could not open what it keeps them in.
type noEvents struct{}

func (noEvents) Record(context.Context, records.Event) (int64, error) { return 0, errNoEvents }
func (noEvents) Event(context.Context, int64) (records.Event, error) {
	return records.Event{}, errNoEvents
}

func (noEvents) Events(context.Context, records.EventQuery) ([]records.Event, error) {
	return nil, errNoEvents
}

func (noEvents) DeleteEvents(context.Context, []int64) (int64, error) { return 0, errNoEvents }

var errNoEvents = &accessError{http.StatusServiceUnavailable, "this server keeps no events now: its log says why"}

// eventData is an event as /events/get_data tells of it.
type eventData struct {
	When int64    `json:"when"`
	What string   `json:"what"`
	Data string   `json:"data"`
	Tags []string `json:"tags"`
	ID   int64    `json:"id"`
}

// eventsData answers /events/get_data: the events of a time, with tags.
func (s *server) eventsData(w http.ResponseWriter, r *http.Request, p params) error {
	events, err := s.findEvents(r.Context(), p, 0)
	if err != nil {
		return err
	}
	list := make([]eventData, len(events))
	for i, e := range events {
		list[i] = eventData{e.When.Unix(), e.What, e.Data, tagWords(e), e.ID}
	}
	noCache(w)
	return s.answerValue(w, r, p, list)
}

// tagWords are the tags of an event as graphite-web shows them: what was given,
// parted at blanks.
func tagWords(e records.Event) []string { return append([]string{}, strings.Fields(e.Tags)...) }

// maxEventTags is how many tags events may be looked for by.
const maxEventTags = 1000

// eventQuery reads what events are asked for.
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

// findEvents returns the events that are asked for, or the latest of them.
func (s *server) findEvents(ctx context.Context, p params, latest int) ([]records.Event, error) {
	q, err := s.eventQuery(p)
	if err != nil {
		return nil, err
	}
	intersection := p.get("set") == "intersection"
	if !intersection { // else which they are shows when all are there
		q.Latest = latest
	}
	events, err := s.Events.Events(ctx, q)
	if !intersection || len(events) == 0 {
		return events, err
	}
	if q.Tags == nil {
		return nil, &paramError{"set", "intersection", "needs tags"}
	}
	return slices.DeleteFunc(events, func(e records.Event) bool { return !hasEach(tagWords(e), q.Tags) }), nil
}

// earlierEvents tells whether there are any, of those that are asked for, before the
// first of the latest, for which there was room.
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

// hasEach tells whether tags are all among words. As in graphite-web nothing has a
// tag twice.
func hasEach(words, tags []string) bool {
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

// eventsOnPage is how many events a page shows at most.
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
	page := web.EventsPage{Earlier: earlier, Prefix: s.URLPrefix, Base: baseOf(r), Version: s.Version}
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

// eventDetails answers /events/ID: JSON for who asks for nothing but it, else a page.
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
	}{e.ID, e.When.UTC().Format(layout), e.What, e.Data, tagWords(e)})
}

// deleteEvents answers /events/delete: it deletes those with an id, or those that
// from, until, tags and set find, and says how many there were.
func (s *server) deleteEvents(w http.ResponseWriter, r *http.Request, p params) error {
	var ids []int64
	for _, text := range p["id"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return &paramError{"id", text, "not a whole number"}
		}
		ids = append(ids, id)
	}
	if found := p.has("from") || p.has("until") || p.has("tags"); found == (ids != nil) {
		return &paramError{"id", "", "either that, or from, until or tags"}
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
	s.Logger.Info("events deleted", "id", idOf(r), "remote", r.RemoteAddr, "query", shorten(fmt.Sprint(p)), "events", n)
	return s.answerRecord(w, r, p, struct {
		Deleted int64 `json:"deleted"`
	}{n})
}

// Bytes of an event, of which Django takes no more either, and of its tags.
const (
	maxEvent = 2_621_440
	maxTags  = 64 << 10
)

// recordEvent answers a POST to /events. Its body is JSON, whatever it claims to
// be: curl says of everything that it is a form.
func (s *server) recordEvent(w http.ResponseWriter, r *http.Request) {
	record := sameSite(func(w http.ResponseWriter, r *http.Request, _ params) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return &bodyError{err}
		}
		e, err := s.readEvent(body)
		if err != nil {
			return err
		}
		if _, err := s.Events.Record(r.Context(), e); err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusOK)
		return nil
	})
	r.Body = http.MaxBytesReader(w, r.Body, maxEvent)
	readAhead(r)
	if err := s.limitRequests(func() error { return record(w, r, nil) }); err != nil {
		s.fail(w, r, err)
	}
}

// readEvent reads {"what": …, "when": …, "tags": …, "data": …}.
func (s *server) readEvent(body []byte) (e records.Event, err error) {
	var given map[string]json.RawMessage
	if json.Unmarshal(body, &given) != nil || given == nil {
		return e, &paramError{"body", "", `must be JSON such as {"what": "deployed", "tags": "web", "data": ""}`}
	}
	e.When = s.Now()
	if when, ok := given["when"]; ok {
		if e.When, err = eventTime(when); err != nil {
			return e, err
		}
	}
	if what, ok := given["what"]; !ok {
		return e, &paramError{"what", "", "missing"}
	} else if e.What, ok = eventText(what); !ok {
		return e, &paramError{"what", string(what), "must be a string"}
	}
	if data, ok := given["data"]; ok {
		if e.Data, ok = eventText(data); !ok {
			return e, &paramError{"data", string(data), "must be a string"}
		}
	}
	if tags, ok := given["tags"]; ok {
		e.Tags, err = eventTags(tags)
	}
	if err == nil && len(e.Tags) > maxTags {
		err = &limitError{fmt.Sprintf("tags: more than %d bytes", maxTags)}
	}
	return e, err
}

// eventTime reads seconds since 1970.
func eventTime(text json.RawMessage) (time.Time, error) {
	var seconds float64
	err := json.Unmarshal(text, &seconds)
	if err != nil || string(text) == "null" || seconds < earliest || seconds > latest {
		return time.Time{}, &paramError{"when", string(text), "must be seconds since 1970"}
	}
	return time.UnixMicro(int64(math.RoundToEven(seconds * 1e6))), nil
}

// What dates with years of four digits reach.
const (
	earliest = -62135596800
	latest   = 253402300799
)

// eventText reads a string. Of what is none but null, it is the JSON, but True and
// False are written as graphite-web writes them.
func eventText(text json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(text, &s) == nil {
		return s, string(text) != "null"
	}
	var yes bool
	if json.Unmarshal(text, &yes) == nil {
		return map[bool]string{false: "False", true: "True"}[yes], true
	}
	var compact bytes.Buffer
	if json.Compact(&compact, text) != nil {
		return "", false
	}
	return compact.String(), true
}

// eventTags reads tags: a list, or a string that holds them. null is none.
func eventTags(text json.RawMessage) (string, error) {
	var one string
	if json.Unmarshal(text, &one) == nil {
		return one, nil
	}
	var all []*string
	if json.Unmarshal(text, &all) != nil {
		return "", &paramError{"tags", string(text), "must be a list of strings, or a string with blanks between tags"}
	}
	words := make([]string, len(all))
	for i, tag := range all {
		if tag == nil {
			return "", &paramError{"tags", string(text), "null is no tag"}
		}
		words[i] = *tag
	}
	return strings.Join(words, " "), nil
}
