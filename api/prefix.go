package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// cleanPrefix returns a prefix as "/a/b", or "".
func cleanPrefix(prefix string) string {
	if prefix = strings.Trim(prefix, "/"); prefix == "" {
		return ""
	}
	return "/" + prefix
}

// stripPrefix removes Options.URLPrefix before routing; paths without it do not exist.
// Several slashes at the beginning count as one, because clients append /render to base
// URLs that end in a slash.
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

// pathOf returns the path of a request as it is routed: without prefix and final slash.
func pathOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil && c.RoutePath != "" {
		return c.RoutePath
	}
	return r.URL.Path
}
