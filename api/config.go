package api

import (
	"bytes"
	"net/http"
)

func (s *server) configRoutes() []Route {
	return []Route{
		{
			Path: "/-/config", Methods: "GET", ID: "config", Right: Admin, Doc: "Returns the effective configuration, without secrets.",
			Answers: []string{mediaText},
			answer:  s.config,
		},
	}
}

// config answers /-/config.
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
