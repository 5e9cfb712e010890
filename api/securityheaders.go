package api

import "net/http"

// setSecurityHeaders sets the headers that keep browsers from executing answers as pages or
// scripts. Pages of any site may embed images, as wikis and dashboards do.
func (s *server) setSecurityHeaders(next http.Handler) http.Handler {
	name := "carbon"
	if s.Version != "" {
		name += "/" + s.Version
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Server", name)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'")
		next.ServeHTTP(w, r)
	})
}
