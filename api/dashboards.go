package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"carbon/records"
	"carbon/web"
)

func (s *server) dashboardRoutes() []Route {
	return []Route{
		{
			Path: "/dashboard", Methods: "GET", ID: "dashboards", Doc: "Shows a page that lists all dashboards.",
			Answers: []string{mediaHTML},
			answer:  s.browserPage(s.dashboardList),
		},
		{
			Path: "/dashboard/help", Methods: "GET", ID: "dashboardHelp", Doc: "The same as /dashboard, which has the help.",
			Answers: []string{mediaHTML},
			answer:  s.browserPage(s.dashboardList),
		},
		{
			Path: "/dashboard/{name}", Methods: "GET", ID: "dashboard", Doc: "Shows a page of the graphs of a dashboard.",
			Params: []Param{dashboardNameParam}, Answers: []string{mediaHTML},
			answer: s.browserPage(s.dashboardPage),
		},
		{
			Path: "/dashboard/load/{name}", Methods: "GET POST", ID: "loadDashboard",
			Doc:     `Returns a dashboard: {"state": {...}}, or {"error": REASON}.`,
			Params:  []Param{dashboardNameParam, {Name: "version", Type: "integer", Doc: "Number of a version; default: the latest."}},
			Answers: []string{mediaJSON},
			answer:  s.loadDashboard,
		},
		{
			Path: "/dashboard/find", Methods: "GET POST", ID: "findDashboards",
			Doc:    `Lists the names of dashboards, without temporary ones: {"dashboards": [{"name": NAME}]}.`,
			Params: []Param{wordsParam}, Answers: []string{mediaJSON},
			answer: s.findDocuments(records.Dashboard, "dashboards"),
		},
		{
			Path: "/dashboard/save/{name}", Methods: "POST", ID: "saveDashboard", Changes: true,
			Doc:    `Saves a dashboard as a new version: {"success": true}.`,
			Params: []Param{dashboardNameParam, stateParam}, Answers: []string{mediaJSON},
			answer: s.saveDashboard,
		},
		{
			Path: "/dashboard/create-temporary", Methods: "POST", ID: "saveTemporary", Changes: true,
			Doc:    `Saves a dashboard under a new name: {"name": "temporary-0"}. Of more than 1000 such dashboards the oldest are deleted.`,
			Params: []Param{stateParam}, Answers: []string{mediaJSON},
			answer: s.saveTemporary,
		},
		{
			Path: "/dashboard/delete/{name}", Methods: "GET POST", ID: "deleteDashboard", Right: Admin, Changes: true,
			Doc:    "Deletes a dashboard. /dashboard/restore brings it back.",
			Params: []Param{dashboardNameParam, forgetParam}, Answers: []string{mediaJSON},
			answer: s.deleteDocument(records.Dashboard),
		},
		{
			Path: "/dashboard/history/{name}", Methods: "GET", ID: "dashboardHistory",
			Doc:    `Lists the versions of a dashboard, also of a deleted one, latest first: {"name": NAME, "versions": [{"version": 1, "epoch": SECONDS, "size": BYTES}]}.`,
			Params: []Param{dashboardNameParam}, Answers: []string{mediaJSON},
			answer: s.dashboardHistory,
		},
		{
			Path: "/dashboard/restore/{name}", Methods: "POST", ID: "restoreDashboard", Right: Admin, Changes: true,
			Doc:     "Saves an earlier version of a dashboard again.",
			Params:  []Param{dashboardNameParam, {Name: "version", Type: "integer", Doc: "Number of a version that /dashboard/history lists.", Required: true}},
			Answers: []string{mediaJSON},
			answer:  s.restoreDashboard,
		},
		{
			Path: "/dashboard/email", Methods: "POST", ID: "mailGraph", Doc: "Answers 501: this server sends no mail.",
			answer: refuseMail,
		},
	}
}

// loadDashboard answers /dashboard/load/NAME: the latest version, or the one with the
// number version.
func (s *server) loadDashboard(w http.ResponseWriter, r *http.Request, p params) error {
	name := pathParam(r, "name")
	number, err := p.int("version")
	if err != nil {
		return err
	}
	v, err := s.Documents.Load(r.Context(), records.Dashboard, name, int64(number))
	if errors.Is(err, records.ErrNotFound) {
		return s.answerRecord(w, r, p, noSuchDocument(records.Dashboard, name, number))
	}
	if err != nil {
		return err
	}
	return s.answerState(w, r, p, v.State)
}

// answerState answers with the state of a dashboard.
func (s *server) answerState(w http.ResponseWriter, r *http.Request, p params, state string) error {
	return s.answerRecord(w, r, p, struct {
		State json.RawMessage `json:"state"`
	}{json.RawMessage(state)})
}

// noSuchDocument returns graphite-web's answer for a document that does not exist.
func noSuchDocument(kind records.Kind, name string, number int) failureAnswer {
	title := strings.ToUpper(string(kind[:1])) + string(kind[1:])
	if number != 0 {
		return failureAnswer{fmt.Sprintf("%s '%s' has no version %d.", title, name, number)}
	}
	return failureAnswer{fmt.Sprintf("%s '%s' does not exist. ", title, name)}
}

// findDocuments answers /dashboard/find: the names that contain all words of query.
func (s *server) findDocuments(kind records.Kind, list string) handler {
	type named struct {
		Name string `json:"name"`
	}
	return func(w http.ResponseWriter, r *http.Request, p params) error {
		names, err := s.Documents.Names(r.Context(), kind)
		if err != nil {
			return err
		}
		words := strings.Fields(strings.ToLower(p.get("query")))
		found := []named{}
		for _, name := range names {
			lower := strings.ToLower(name)
			lacks := func(word string) bool { return !strings.Contains(lower, word) }
			if kind == records.Dashboard && strings.HasPrefix(lower, records.Temporary) || slices.ContainsFunc(words, lacks) {
				continue
			}
			found = append(found, named{name})
		}
		return s.answerRecord(w, r, p, map[string][]named{list: found})
	}
}

// saveDashboard answers /dashboard/save/NAME. Earlier versions are kept.
func (s *server) saveDashboard(w http.ResponseWriter, r *http.Request, p params) error {
	name, state, err := namedState(r, p)
	if err != nil {
		return err
	}
	if err := s.Documents.Save(r.Context(), records.Dashboard, name, state); err != nil {
		return err
	}
	return s.answerRecord(w, r, p, successAnswer{true})
}

// namedState returns the valid name of the path and the state of a dashboard.
func namedState(r *http.Request, p params) (name, state string, err error) {
	name = pathParam(r, "name")
	if err := checkName(name); err != nil {
		return "", "", err
	}
	state, err = readState(p)
	return name, state, err
}

// readState returns the parameter state: the JSON object of a dashboard, compacted.
func readState(p params) (string, error) {
	if !p.has("state") {
		return "", missing("state")
	}
	return checkState([]byte(p.get("state")))
}

// checkState returns the state of a dashboard, compacted.
func checkState(text []byte) (string, error) {
	var fields map[string]json.RawMessage
	var compact bytes.Buffer
	if json.Unmarshal(text, &fields) != nil || fields == nil || json.Compact(&compact, text) != nil {
		return "", &paramError{"state", string(text), "must be a JSON object"}
	}
	return compact.String(), checkStateSize(compact.Len())
}

// maxStateBytes bounds the bytes of a state, as Django's limit for forms does.
const maxStateBytes = 2_621_440

func checkStateSize(size int) error {
	if size > maxStateBytes {
		return &limitError{fmt.Sprintf("state: more than %d bytes", maxStateBytes)}
	}
	return nil
}

// saveTemporary answers /dashboard/create-temporary: the name of the new dashboard.
func (s *server) saveTemporary(w http.ResponseWriter, r *http.Request, p params) error {
	state, err := readState(p)
	if err != nil {
		return err
	}
	name, err := s.Documents.SaveTemporary(r.Context(), state)
	if err != nil {
		return err
	}
	return s.answerRecord(w, r, p, struct {
		Name string `json:"name"`
	}{name})
}

// deleteDocument answers /dashboard/delete/NAME. With forget it deletes all versions.
func (s *server) deleteDocument(kind records.Kind) handler {
	return func(w http.ResponseWriter, r *http.Request, p params) error {
		name, remove := pathParam(r, "name"), s.Documents.Delete
		forget, err := p.int("forget")
		if err != nil {
			return err
		}
		if forget != 0 {
			remove = s.Documents.Forget
		}
		err = remove(r.Context(), kind, name)
		if errors.Is(err, records.ErrNotFound) {
			return s.answerRecord(w, r, p, noSuchDocument(kind, name, 0))
		}
		if err != nil {
			return err
		}
		s.Logger.Info("document deleted", "id", idOf(r), "remote", r.RemoteAddr, "kind", kind, "name", truncate(name), "forgotten", forget != 0)
		return s.answerRecord(w, r, p, successAnswer{true})
	}
}

// dashboardHistory answers /dashboard/history/NAME: the versions that /dashboard/load
// can return, latest first.
func (s *server) dashboardHistory(w http.ResponseWriter, r *http.Request, p params) error {
	type version struct {
		Version int64 `json:"version"`
		Epoch   int64 `json:"epoch"`
		Size    int64 `json:"size"`
		Deleted bool  `json:"deleted,omitempty"`
	}
	name := pathParam(r, "name")
	versions, err := s.Documents.Versions(r.Context(), records.Dashboard, name)
	if err != nil {
		return err
	}
	all := make([]version, len(versions))
	for i, v := range versions {
		all[i] = version{v.Number, v.Saved.Unix(), v.Size, v.Gone}
	}
	return s.answerRecord(w, r, p, struct {
		Name     string    `json:"name"`
		Versions []version `json:"versions"`
	}{name, all})
}

// restoreDashboard answers /dashboard/restore/NAME: it saves an earlier version again.
func (s *server) restoreDashboard(w http.ResponseWriter, r *http.Request, p params) error {
	number, err := p.int("version")
	if err == nil && number < 1 {
		err = &paramError{"version", p.get("version"), "must be the number of a version that /dashboard/history lists"}
	}
	if err != nil {
		return err
	}
	if err := s.Documents.Restore(r.Context(), records.Dashboard, pathParam(r, "name"), int64(number)); err != nil {
		return err
	}
	return s.answerRecord(w, r, p, successAnswer{true})
}

var errNoMail = errors.New("this server sends no mail: send the URL of the graph")

// refuseMail answers /dashboard/email, with which graphite-web sends a graph.
func refuseMail(http.ResponseWriter, *http.Request, params) error {
	return errNoMail
}

// dashboardList answers /dashboard: a page that lists dashboards.
func (s *server) dashboardList(w http.ResponseWriter, r *http.Request, _ params) error {
	names, err := s.Documents.Names(r.Context(), records.Dashboard)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, records.Temporary) })
	pageHeader(w)
	return stream(w, web.DashboardsPage{Prefix: s.URLPrefix, Base: baseURL(r), Version: s.Version, Names: names}.Write)
}

// dashboardPage answers /dashboard/NAME: a page of its graphs.
func (s *server) dashboardPage(w http.ResponseWriter, r *http.Request, _ params) error {
	name := pathParam(r, "name")
	v, err := s.Documents.Load(r.Context(), records.Dashboard, name, 0)
	return s.answerDashboard(w, name, v.State, v.Saved, err)
}

// templatePage answers /dashboard/NAME/VALUE: a page of the graphs of a template.
func (s *server) templatePage(w http.ResponseWriter, r *http.Request, _ params) error {
	name, value := pathParam(r, "name"), pathParam(r, "value")
	v, err := s.Documents.Load(r.Context(), records.Template, name, 0)
	if err == nil {
		v.State, err = filledTemplate(v.State, name, value)
	}
	return s.answerDashboard(w, name+"/"+value, v.State, v.Saved, err)
}

func (s *server) answerDashboard(w http.ResponseWriter, name, state string, saved time.Time, err error) error {
	page := web.DashboardPage{Prefix: s.URLPrefix, Version: s.Version, Name: name, Saved: saved.In(s.Location)}
	page.Missing = errors.Is(err, records.ErrNotFound)
	if err != nil && !page.Missing {
		return err
	}
	page.Graphs = web.DashboardGraphs([]byte(state))
	pageHeader(w)
	if page.Missing {
		w.WriteHeader(http.StatusNotFound)
	}
	return stream(w, page.Write)
}

// pageHeader sets the headers of a page that caches must not keep.
func pageHeader(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.ContentSecurityPolicy)
	noCache(w)
}
