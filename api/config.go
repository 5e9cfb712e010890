package api

import (
	"bytes"
	"net/http"
)

// config answers /-/config: what the server was told, without its secrets.
func (s *server) config(w http.ResponseWriter, _ *http.Request, _ params) error {
	var b bytes.Buffer
	if err := s.Config(&b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err := b.WriteTo(w)
	return err
}
