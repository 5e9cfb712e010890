package api

import "net/http"

// secure sets the headers that keep a browser from making more of an answer
// than it is. Images may be embedded anywhere: wikis and dashboards do.
func (s *server) secure(next http.Handler) http.Handler {
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
