package api

import (
	"bytes"
	"net/http"
)

// metrics answers with the server's own figures.
func (s *server) metrics(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := s.Metrics(&b); err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	b.WriteTo(w)
}
