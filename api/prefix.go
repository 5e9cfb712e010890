package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// cleanPrefix gives a prefix the form "/a/b", or "".
func cleanPrefix(prefix string) string {
	if prefix = strings.Trim(prefix, "/"); prefix == "" {
		return ""
	}
	return "/" + prefix
}

// stripPrefix routes what is below the prefix; nothing else is found. Slashes count
// once where a path begins: clients put "/render" behind addresses that end in one.
func (s *server) stripPrefix(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
		rest, ok := strings.CutPrefix(path, s.URLPrefix)
		if !ok || rest != "" && rest[0] != '/' {
			s.fail(w, r, &pathError{r.URL.Path})
			return
		}
		chi.RouteContext(r.Context()).RoutePath = "/" + strings.TrimLeft(rest, "/")
		next.ServeHTTP(w, r)
	})
}

// pathOf is the path of a request as it is routed: without prefix and slash at its end.
func pathOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil && c.RoutePath != "" {
		return c.RoutePath
	}
	return r.URL.Path
}
