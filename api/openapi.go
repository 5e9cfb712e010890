package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// operation is what can be done with a path, as /-/openapi.json tells of it. The
// table of them is in openapi_paths.go.
type operation struct {
	path    string // with {name} for what differs
	methods string // GET, POST or both; HEAD goes with GET
	id      string
	about   string
	params  []string // names in parameters; what follows a colon tells apart those of one name, ! marks those that must be
	body    string   // what a POST takes as JSON, if not parameters: an example
	takes   []string // media types of other bodies
	answers []string // media types
	admin   bool
}

// parameter is a parameter of requests.
type parameter struct {
	kind  string // string, integer, boolean; a list may be given several times
	about string
	one   func() []string // of which it is one; nil: anything
}

// openAPI answers /-/openapi.json: all this in OpenAPI's words.
func (s *server) openAPI(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(s.document())
}

// object is a JSON object.
type object = map[string]any

// newDocument returns what makes the document, once.
func (s *server) newDocument() func() []byte {
	return sync.OnceValue(func() []byte {
		paths := map[string]object{}
		all := operations()
		for _, m := range s.Mounts {
			all = append(all, m.operation())
		}
		for _, o := range all {
			if paths[o.path] == nil {
				paths[o.path] = object{}
			}
			for method := range strings.FieldsSeq(o.methods) {
				paths[o.path][strings.ToLower(method)] = o.describe(method)
			}
		}
		text, err := json.MarshalIndent(object{
			"openapi": "3.1.0",
			"info": object{
				"title":       "carbon",
				"version":     s.Version,
				"description": "Graphite's API, and what this server adds to it. Every path may end in a slash; where GET is answered, HEAD is.",
			},
			"servers": []object{{"url": cmp.Or(s.URLPrefix, "/")}},
			"paths":   paths,
			"components": object{
				"securitySchemes": object{"admin": object{
					"type": "http", "scheme": "bearer",
					"description": "[auth] ADMIN_TOKEN. While there is none, programs on the server's own machine need none.",
				}},
				"responses": object{"Error": object{
					"description": "What is wrong: as JSON for who accepts JSON, and below /tags and /functions, else as text.",
					"content": object{
						"text/plain":       object{"schema": object{"type": "string"}},
						"application/json": object{"schema": object{"type": "object", "properties": object{"error": object{"type": "string"}}}},
					},
				}},
			},
		}, "", "  ")
		if err != nil {
			panic(err) // a table of texts
		}
		return append(text, '\n')
	})
}

// describe is the operation by a method.
func (o *operation) describe(method string) object {
	content := object{}
	for _, media := range o.answers {
		content[media] = object{}
	}
	answer := object{"description": "The answer."}
	if len(content) > 0 {
		answer["content"] = content
	}
	d := object{
		"operationId": o.id + map[string]string{http.MethodPost: "Post"}[method],
		"summary":     o.about,
		"responses":   object{"200": answer, "default": object{"$ref": "#/components/responses/Error"}},
	}
	if o.methods == http.MethodPost {
		d["operationId"] = o.id
	}
	if o.admin {
		d["security"] = []object{{"admin": []string{}}, {}}
	}
	query, form, required := []object{}, object{}, []string{}
	for _, key := range o.params {
		key, must := strings.CutSuffix(key, "!")
		p := parameters[key]
		name, _, _ := strings.Cut(key, ":")
		inPath := strings.Contains(o.path, "{"+name+"}")
		switch {
		case inPath:
			query = append(query, object{"name": name, "in": "path", "required": true, "description": p.about, "schema": p.schema()})
		case method == http.MethodPost:
			schema := p.schema()
			schema["description"] = p.about
			form[name] = schema
			if must {
				required = append(required, name)
			}
		default:
			query = append(query, object{"name": name, "in": "query", "required": must, "description": p.about, "schema": p.schema()})
		}
	}
	if len(query) > 0 {
		d["parameters"] = query
	}
	bodies := object{}
	if len(form) > 0 {
		// They may stand in the address as well, so none has to be in the form.
		bodies["application/x-www-form-urlencoded"] = object{"schema": object{"type": "object", "properties": form}}
		if len(required) > 0 {
			d["description"] = "Needs " + strings.Join(required, ", ") + ", in the form or in the address."
		}
	}
	if method == http.MethodPost && o.body != "" {
		bodies["application/json"] = object{"schema": object{}, "example": json.RawMessage(o.body)}
	}
	if method == http.MethodPost {
		for _, media := range o.takes {
			bodies[media] = object{}
		}
	}
	if len(bodies) > 0 {
		d["requestBody"] = object{"content": bodies}
	}
	return d
}

func (p parameter) schema() object {
	kind, isList := strings.CutPrefix(p.kind, "list of ")
	schema := object{"type": kind}
	if p.one != nil {
		schema["enum"] = p.one()
	}
	if isList {
		return object{"type": "array", "items": schema}
	}
	return schema
}
