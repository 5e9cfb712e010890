package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"carbon/records"
)

// placeholder stands for the value in the targets of a template, as in graphite-web.
const placeholder = "__VALUE__"

func (s *server) dashboardTemplateRoutes() []Route {
	return []Route{
		{
			Path: "/dashboard/{name}/{value}", Methods: "GET", ID: "dashboardOfTemplate", Doc: "Shows a page of the graphs of a template, filled with a value.",
			Params: []Param{templateNameParam, templateValueParam}, Answers: []string{mediaHTML},
			answer: s.browserPage(s.templatePage),
		},
		{
			Path: "/dashboard/load_template/{name}/{value}", Methods: "GET POST", ID: "loadTemplate",
			Doc:    "Returns the dashboard of a template, filled with a value, as /dashboard/load does.",
			Params: []Param{templateNameParam, templateValueParam}, Answers: []string{mediaJSON},
			answer: s.loadTemplate,
		},
		{
			Path: "/dashboard/load/{name}/{value}", Methods: "GET POST", ID: "loadTemplateShort", Doc: "The same as /dashboard/load_template.",
			Params: []Param{templateNameParam, templateValueParam}, Answers: []string{mediaJSON},
			answer: s.loadTemplate,
		},
		{
			Path: "/dashboard/find_template", Methods: "GET POST", ID: "findTemplates", Doc: `Lists the names of templates: {"templates": [{"name": NAME}]}.`,
			Params: []Param{wordsParam}, Answers: []string{mediaJSON},
			answer: s.findDocuments(records.Template, "templates"),
		},
		{
			Path: "/dashboard/save_template/{name}/{key}", Methods: "POST", ID: "saveTemplate", Changes: true,
			Doc:     "Saves a dashboard as a template. Values will replace the text key in its targets.",
			Params:  []Param{templateNameParam, {Name: "key", Type: "string", Doc: "Text in targets that values replace."}, stateParam},
			Answers: []string{mediaJSON},
			answer:  s.saveTemplate,
		},
		{
			Path: "/dashboard/delete_template/{name}", Methods: "GET POST", ID: "deleteTemplate", Right: Admin, Changes: true, Doc: "Deletes a template.",
			Params: []Param{templateNameParam, forgetParam}, Answers: []string{mediaJSON},
			answer: s.deleteDocument(records.Template),
		},
	}
}

// saveTemplate answers /dashboard/save_template/NAME/KEY: it saves a dashboard as a
// template, in which values will replace KEY.
func (s *server) saveTemplate(w http.ResponseWriter, r *http.Request, p params) error {
	name, state, err := namedState(r, p)
	if err != nil {
		return err
	}
	if state, err = templateOf(state, pathParam(r, "key")); err != nil {
		return err
	}
	if err := s.Documents.Save(r.Context(), records.Template, name, state); err != nil {
		return err
	}
	return s.answerRecord(w, r, p, successAnswer{true})
}

// loadTemplate answers /dashboard/load_template/NAME/VALUE: the dashboard of a template,
// filled with a value.
func (s *server) loadTemplate(w http.ResponseWriter, r *http.Request, p params) error {
	name := pathParam(r, "name")
	v, err := s.Documents.Load(r.Context(), records.Template, name, 0)
	if errors.Is(err, records.ErrNotFound) {
		return s.answerRecord(w, r, p, noSuchDocument(records.Template, name, 0))
	}
	if err != nil {
		return err
	}
	state, err := filledTemplate(v.State, name, pathParam(r, "value"))
	if err != nil {
		return err
	}
	return s.answerState(w, r, p, state)
}

// templateOf replaces key by the placeholder in the graphs of a dashboard: in strings,
// which are targets and URLs, and in the targets of parameters.
func templateOf(state, key string) (string, error) {
	if key == "" {
		return "", missing("key")
	}
	if err := checkReplacedSize(state, key, placeholder); err != nil {
		return "", err
	}
	var fields map[string]json.RawMessage
	var graphs [][]any
	if json.Unmarshal([]byte(state), &fields) != nil || json.Unmarshal(fields["graphs"], &graphs) != nil {
		return "", &paramError{"state", state, "graphs must be a list of lists"}
	}
	var change func(v any) any
	change = func(v any) any {
		switch v := v.(type) {
		case string:
			return strings.ReplaceAll(v, key, placeholder)
		case []any:
			for i := range v {
				v[i] = change(v[i])
			}
		case map[string]any:
			if targets, ok := v["target"]; ok {
				v["target"] = change(targets)
			}
		}
		return v
	}
	for _, graph := range graphs {
		for i := range graph {
			graph[i] = change(graph[i])
		}
	}
	var err error
	if fields["graphs"], err = json.Marshal(graphs); err != nil {
		return "", err
	}
	text, err := json.Marshal(fields)
	if err == nil {
		err = checkStateSize(len(text))
	}
	return string(text), err
}

// filledTemplate returns the state of a template, filled with a value, and named after
// both.
func filledTemplate(state, name, value string) (string, error) {
	escaped := string(appendString(nil, value))
	if err := checkReplacedSize(state, placeholder, escaped); err != nil {
		return "", err
	}
	state = strings.ReplaceAll(state, placeholder, escaped)
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(state), &fields); err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	var err error
	if fields["name"], err = json.Marshal(name + "/" + value); err != nil {
		return "", err
	}
	text, err := json.Marshal(fields)
	return string(text), err
}

// checkReplacedSize refuses a replacement whose result would be too long.
func checkReplacedSize(text, old, replacement string) error {
	return checkStateSize(len(text) + strings.Count(text, old)*max(0, len(replacement)-len(old)))
}
