package api

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"sync"

	"carbon/render/function"
)

// functionInfo describes a function under one of its names, for editors.
type functionInfo struct {
	Name        string      `json:"name"`
	Signature   string      `json:"function"`
	Description string      `json:"description"`
	Module      string      `json:"module"`
	Group       string      `json:"group"`
	Params      []paramInfo `json:"params"`
}

type paramInfo struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Required    bool   `json:"required,omitempty"`
	Default     any    `json:"default,omitempty"`
	Multiple    bool   `json:"multiple,omitempty"`
	Options     []any  `json:"options,omitempty"`
	Suggestions []any  `json:"suggestions,omitempty"`
}

// functions and pies describe the functions of targets and of pie slices, by all their
// names.
var (
	functions = sync.OnceValue(func() map[string]functionInfo { return describe(function.All()) })
	pies      = sync.OnceValue(func() map[string]functionInfo { return describe(function.Pies) })
)

func describe(specs []*function.Spec) map[string]functionInfo {
	infos := map[string]functionInfo{}
	for _, s := range specs {
		params := make([]paramInfo, len(s.Params))
		for i := range s.Params {
			params[i] = describeParam(&s.Params[i])
		}
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			infos[name] = functionInfo{
				Name:        name,
				Signature:   s.Signature(name),
				Description: s.Doc,
				Module:      "graphite.render.functions",
				Group:       string(s.Group),
				Params:      params,
			}
		}
	}
	return infos
}

func describeParam(p *function.Param) paramInfo {
	info := paramInfo{
		Name:        p.Name,
		Type:        string(p.Type),
		Required:    p.Required,
		Multiple:    p.Multiple,
		Options:     p.AllOptions(),
		Suggestions: p.Suggestions,
	}
	if !p.Required {
		info.Default = p.Default
	}
	if f, ok := info.Default.(float64); ok && math.IsInf(f, 1) {
		info.Default = json.RawMessage("1e9999")
	}
	return info
}

func described(p params) map[string]functionInfo {
	if p.get("type") == "pie" {
		return pies()
	}
	return functions()
}

func (s *server) functionRoutes() []Route {
	pie := Param{Name: "type", Type: "string", Doc: "pie: the functions that compute the size of a pie slice.", Options: []string{"pie"}}
	return []Route{
		{
			Path: "/functions", Methods: "GET", ID: "functions", Doc: "Describes the functions of targets.",
			Params: []Param{
				{Name: "group", Type: "string", Doc: "Only the functions of this group."},
				{Name: "grouped", Type: "boolean", Doc: "Group the functions."},
				pie, prettyParam,
			},
			Answers: []string{mediaJSON},
			answer:  s.functionList, cors: true,
		},
		{
			Path: "/functions/*", Methods: "GET", ID: "function", Doc: "Describes one function.",
			Params:  []Param{{Name: "name", Type: "string", Doc: "Name of the function."}, pie, prettyParam},
			Answers: []string{mediaJSON},
			answer:  s.functionDetails, cors: true, jsonErrors: true,
		},
	}
}

// functionList answers /functions: all functions, or those of a group.
func (s *server) functionList(w http.ResponseWriter, r *http.Request, p params) error {
	list, groups := map[string]functionInfo{}, map[string]map[string]functionInfo{}
	for name, info := range described(p) {
		if p.has("group") && info.Group != p.get("group") {
			continue
		}
		list[name] = info
		if groups[info.Group] == nil {
			groups[info.Group] = map[string]functionInfo{}
		}
		groups[info.Group][name] = info
	}
	delete(p, "jsonp") // as in graphite-web
	if p.bool("grouped") {
		return s.answerValue(w, r, p, groups)
	}
	return s.answerValue(w, r, p, list)
}

// unknownFunctionError reports a path below /functions without a function.
type unknownFunctionError struct{ name string }

func (e *unknownFunctionError) Error() string { return "no such function: " + truncate(e.name) }

// functionDetails answers /functions/NAME.
func (s *server) functionDetails(w http.ResponseWriter, r *http.Request, p params) error {
	name := pathParam(r, "*")
	info, ok := described(p)[name]
	// As in graphite-web, a slash at the end is part of the name.
	if !ok || strings.HasSuffix(r.URL.Path, "/") {
		return &unknownFunctionError{name}
	}
	delete(p, "jsonp")
	return s.answerValue(w, r, p, info)
}
