package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

func (s *server) openAPIRoutes() []Route {
	return []Route{
		{
			Path: "/-/openapi.json", Methods: "GET", ID: "openapi", Doc: "Describes all routes in OpenAPI 3.1.",
			Answers: []string{mediaJSON},
			answer:  s.openAPI, cost: light,
		},
	}
}

// openAPI answers /-/openapi.json.
func (s *server) openAPI(w http.ResponseWriter, _ *http.Request, _ params) error {
	w.Header().Set("Content-Type", mediaJSON)
	w.Write(s.document())
	return nil
}

// object is a JSON object.
type object = map[string]any

// openAPIDocument returns the description of all routes.
func (s *server) openAPIDocument() []byte {
	paths := map[string]object{}
	for i := range s.routes {
		rt := &s.routes[i]
		path := rt.openAPIPath()
		if paths[path] == nil {
			paths[path] = object{}
		}
		for method := range strings.FieldsSeq(rt.Methods) {
			paths[path][strings.ToLower(method)] = rt.operation(method)
		}
	}
	text, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title":       "carbon",
			"version":     s.Version,
			"description": "Graphite's HTTP API, with additions. Every path may end in a slash. Routes that answer GET and change nothing answer HEAD too.",
		},
		"servers": []object{{"url": cmp.Or(s.URLPrefix, "/")}},
		"paths":   paths,
		"components": object{
			"securitySchemes": object{"admin": object{
				"type": "http", "scheme": "bearer",
				"description": "[auth] ADMIN_TOKEN. While it is not set, programs on the server's own machine need no token.",
			}},
			"responses": object{"Error": object{
				"description": "The reason of the failure: JSON if the client accepts JSON, and for most routes below /tags and /functions; else text.",
				"content": object{
					mediaText: object{"schema": object{"type": "string"}},
					mediaJSON: object{"schema": object{"type": "object", "properties": object{"error": object{"type": "string"}}}},
				},
			}},
		},
	}, "", "  ")
	if err != nil {
		panic(err) // a table of texts
	}
	return append(text, '\n')
}

var patternOfVariable = regexp.MustCompile(`\{(\w+):[^}]*\}`)

// openAPIPath returns the path as OpenAPI writes it: "/events/{id:[0-9]+}" and
// "/functions/*" become "/events/{id}" and "/functions/{name}".
func (rt *Route) openAPIPath() string {
	return strings.Replace(patternOfVariable.ReplaceAllString(rt.Path, "{$1}"), "*", "{name}", 1)
}

// operation describes the route for one of its methods.
func (rt *Route) operation(method string) object {
	o := object{"operationId": rt.ID, "summary": rt.Doc}
	if method == http.MethodPost && rt.Methods != method {
		o["operationId"] = rt.ID + "Post"
	}
	answer := object{"description": "The answer."}
	if content := mediaTypes(rt.Answers); len(content) > 0 {
		answer["content"] = content
	}
	o["responses"] = object{"200": answer, "default": object{"$ref": "#/components/responses/Error"}}
	if rt.Right == Admin {
		o["security"] = []object{{"admin": []string{}}, {}}
	}

	parameters, form, required := []object{}, object{}, []string{}
	for _, p := range rt.Params {
		schema := p.schema()
		switch {
		case strings.Contains(rt.openAPIPath(), "{"+p.Name+"}"):
			parameters = append(parameters, object{"name": p.Name, "in": "path", "required": true, "description": p.Doc, "schema": schema})
		case method == http.MethodPost && len(rt.Takes) == 0:
			schema["description"] = p.Doc
			form[p.Name] = schema
			if p.Required {
				required = append(required, p.Name)
			}
		default:
			parameters = append(parameters, object{"name": p.Name, "in": "query", "required": p.Required, "description": p.Doc, "schema": schema})
		}
	}
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	if method != http.MethodPost {
		return o
	}
	bodies := mediaTypes(rt.Takes)
	if len(form) > 0 {
		bodies["application/x-www-form-urlencoded"] = object{"schema": object{"type": "object", "properties": form}}
	}
	if len(required) > 0 { // in the schema of the form it would be required there
		o["description"] = "Requires " + strings.Join(required, ", ") + ", in the form or in the query."
	}
	if rt.Example != "" {
		bodies[mediaJSON] = object{"schema": object{}, "example": json.RawMessage(rt.Example)}
	}
	if len(bodies) > 0 {
		o["requestBody"] = object{"content": bodies}
	}
	return o
}

// mediaTypes returns OpenAPI's content object of media types.
func mediaTypes(types []string) object {
	content := object{}
	for _, t := range types {
		content[t] = object{}
	}
	return content
}

func (p Param) schema() object {
	kind, isList := strings.CutPrefix(p.Type, "list of ")
	schema := object{"type": kind}
	if p.Options != nil {
		schema["enum"] = p.Options
	}
	if isList {
		return object{"type": "array", "items": schema}
	}
	return schema
}
