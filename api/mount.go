package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Mount is a path that somebody else answers, as the receivers of metrics over
// HTTP do. Requests come to it through all that every request goes through: it has
// an id and is logged, its body is bounded (reading on gives an *http.MaxBytesError,
// or an error for which 503 is right), a panic costs only itself. Its body was not
// read, so that a Content-Type that is wrong does no harm.
type Mount struct {
	Path    string // a chi pattern, as "/api/v1/sink"; served with a slash at its end too
	Methods string // separated by spaces, as "GET POST"; GET brings HEAD
	Handler http.Handler
	Open    bool // to everybody, whatever the rest needs

	// What /-/openapi.json tells of it: a word for the operation, a sentence, and
	// the media types that a POST takes and that answers have.
	ID, About      string
	Takes, Answers []string
}

func (s *server) mount(r chi.Router) {
	for _, m := range s.Mounts {
		for method := range strings.FieldsSeq(m.Methods) {
			r.Method(method, m.Path, m.Handler)
			if method == http.MethodGet {
				r.Head(m.Path, m.Handler.ServeHTTP)
			}
		}
	}
}

// operation is its row of the document.
func (m *Mount) operation() operation {
	return operation{path: m.Path, methods: m.Methods, id: m.ID, about: m.About, takes: m.Takes, answers: m.Answers}
}

// NewMounted returns a handler of the mounts alone, which go through the same as
// beside all other paths. Of the options those count that are about requests.
func NewMounted(o Options, mounts []Mount) http.Handler {
	o.Mounts, o.mountsOnly = mounts, true
	return New(o)
}
