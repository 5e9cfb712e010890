package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"carbon/records"
)

// Maximum bytes of an event, as in Django, and of its tags.
const (
	maxEventBytes = 2_621_440
	maxTagsBytes  = 64 << 10
)

func (s *server) recordEventRoutes() []Route {
	return []Route{
		{
			Path: "/events", Methods: "POST", ID: "recordEvent", Right: Ingest, Changes: true, Doc: "Records an event.",
			Example: `{"what":"deployed","tags":["web"],"data":"version 7","when":1793613660}`, Answers: []string{mediaHTML},
			answer: s.recordEvent, body: rawBody, maxBody: maxEventBytes, cors: true, jsonErrors: true,
		},
	}
}

// recordEvent answers POST /events. The body is JSON, whatever its Content-Type: curl
// sends that of a form.
func (s *server) recordEvent(w http.ResponseWriter, r *http.Request, _ params) error {
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
}

// readEvent reads {"what": ..., "when": ..., "tags": ..., "data": ...}.
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
		return e, missing("what")
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
	if err == nil && len(e.Tags) > maxTagsBytes {
		err = &limitError{fmt.Sprintf("tags: more than %d bytes", maxTagsBytes)}
	}
	return e, err
}

// eventTime reads a time in seconds since 1970.
func eventTime(text json.RawMessage) (time.Time, error) {
	var seconds float64
	err := json.Unmarshal(text, &seconds)
	if err != nil || string(text) == "null" || seconds < earliest || seconds > latest {
		return time.Time{}, &paramError{"when", string(text), "must be seconds since 1970"}
	}
	return time.UnixMicro(int64(math.RoundToEven(seconds * 1e6))), nil
}

// The range of times whose years have four digits.
const (
	earliest = -62135596800
	latest   = 253402300799
)

// eventText reads a string. As in graphite-web, true and false become True and False,
// and other JSON becomes its text; null is not accepted.
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

// eventTags reads tags: a list of strings, or a string with spaces between them; null
// means no tags.
func eventTags(text json.RawMessage) (string, error) {
	var one string
	if json.Unmarshal(text, &one) == nil {
		return one, nil
	}
	var all []*string
	if json.Unmarshal(text, &all) != nil {
		return "", &paramError{"tags", string(text), "must be a list of strings, or a string with spaces between tags"}
	}
	words := make([]string, len(all))
	for i, tag := range all {
		if tag == nil {
			return "", &paramError{"tags", string(text), "must not contain null"}
		}
		words[i] = *tag
	}
	return strings.Join(words, " "), nil
}
