package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"carbon/records"
)

// maxImported bounds the entries of an import.
const maxImported = 10_000

// imported is the result for an entry.
type imported struct {
	Kind    records.Kind `json:"kind,omitempty"`
	Name    string       `json:"name"`
	Success bool         `json:"success"`
	Error   string       `json:"error,omitempty"`
}

func (s *server) dashboardImportRoutes() []Route {
	return []Route{
		{
			Path: "/dashboard/import", Methods: "POST", ID: "importDashboards", Changes: true,
			Doc:     "Saves one dashboard, a list of them, or a dump of graphite-web's database (manage.py dumpdata) with its templates, saved graphs and short URLs.",
			Example: `[{"name":"web","state":{"graphs":[]}}]`, Answers: []string{mediaJSON},
			answer: s.importDashboards, body: rawBody,
		},
	}
}

// importDashboards answers /dashboard/import. The body is JSON, whatever its
// Content-Type: one entry or a list of entries. The answer has a result for each.
func (s *server) importDashboards(w http.ResponseWriter, r *http.Request, p params) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return &bodyError{err}
	}
	entries, err := importEntries(body)
	if err != nil {
		return err
	}
	results, taken := make([]imported, len(entries)), 0
	for i, entry := range entries {
		d := readEntry(entry)
		switch {
		case d.err != nil:
		case d.kind == link:
			d.err = s.Links.KeepLink(r.Context(), d.number, d.state)
		default:
			d.err = s.Documents.Save(r.Context(), d.kind, d.name, d.state)
		}
		results[i] = imported{Kind: d.kind, Name: d.name, Success: d.err == nil}
		if d.err == nil {
			taken++
			continue
		}
		code, text := status(d.err)
		if code >= http.StatusInternalServerError || context.Cause(r.Context()) != nil {
			return fmt.Errorf("entry %d, %d were imported: %w", i, taken, d.err)
		}
		results[i].Error = text
	}
	return s.answerRecord(w, r, p, struct {
		Imported int        `json:"imported"`
		Entries  []imported `json:"entries"`
	}{taken, results})
}

// importEntries returns the entries of an import.
func importEntries(body []byte) ([]json.RawMessage, error) {
	var entries []json.RawMessage
	text := bytes.TrimSpace(body)
	if len(text) > 0 && text[0] == '{' {
		text = append(append([]byte{'['}, text...), ']')
	}
	if json.Unmarshal(text, &entries) != nil || entries == nil {
		return nil, &paramError{"body", "", `must be JSON: {"name": "web", "state": {...}}, a list of such objects, or the output of manage.py dumpdata`}
	}
	if len(entries) > maxImported {
		return nil, &limitError{fmt.Sprintf("more than %d entries", maxImported)}
	}
	return entries, nil
}

// document is an entry as it will be stored.
type document struct {
	kind        records.Kind
	number      int64 // of a link
	name, state string
	err         error // why it cannot be stored
}

// link is the kind of short URLs, which are documents only in imports.
const link records.Kind = "link"

// models maps the Django models of graphite-web to kinds of documents.
var models = map[string]records.Kind{
	"":                    records.Dashboard,
	"dashboard.dashboard": records.Dashboard,
	"dashboard.template":  records.Template,
	"account.mygraph":     records.Graph,
	"url_shortener.link":  link,
}

// readEntry reads {"name": ..., "state": ...}; or an answer of /dashboard/load, whose
// state has the name; or an entry of Django's dumpdata, which may have the name as key.
func readEntry(text json.RawMessage) (d document) {
	type record struct {
		Name  string          `json:"name"`
		State json.RawMessage `json:"state"`
		URL   string          `json:"url"`
	}
	var entry struct {
		record
		Model  string          `json:"model"`
		Key    json.RawMessage `json:"pk"`
		Fields record          `json:"fields"`
	}
	if err := json.Unmarshal(text, &entry); err != nil {
		d.err = &paramError{"entry", string(text), "must be an object with name and state"}
		return d
	}
	given := entry.record
	if entry.Model != "" {
		given = entry.Fields
		if given.Name == "" {
			json.Unmarshal(entry.Key, &given.Name) // a number is not a name
		}
	}
	d.name = given.Name
	var known bool
	if d.kind, known = models[entry.Model]; !known {
		d.err = &paramError{"model", entry.Model, "cannot be imported"}
		return d
	}
	if d.kind == link {
		if json.Unmarshal(entry.Key, &d.number) != nil {
			d.err = &paramError{"pk", string(entry.Key), "must be a number"}
			return d
		}
		d.name = base62(max(0, d.number))
		d.state = strings.TrimLeft(asciiQuery(given.URL), `/\`)
		d.err = checkURLSize(d.state)
		return d
	}
	if d.kind == records.Graph {
		if d.err = checkName(d.name); d.err == nil {
			d.state, d.err = given.URL, checkGraphURL(given.URL)
		}
		return d
	}
	state := given.State
	var inText string // as in graphite-web's database
	if json.Unmarshal(state, &inText) == nil && inText != "" {
		state = json.RawMessage(inText)
	}
	if d.state, d.err = checkState(state); d.err != nil {
		return d
	}
	if d.name == "" {
		var own struct {
			Name string `json:"name"`
		}
		json.Unmarshal(state, &own) // checkName reports a missing name
		d.name = own.Name
	}
	d.err = checkName(d.name)
	return d
}
