package api

import (
	"bytes"
	"net/http"
)

func (s *server) selfMetricsRoutes() []Route {
	return []Route{
		{
			Path: "/-/metrics", Methods: "GET", ID: "metrics", Doc: "Returns the server's own metrics, for Prometheus.",
			Answers: []string{mediaText},
			answer:  s.metrics, cost: light,
		},
	}
}

// metrics answers /-/metrics.
func (s *server) metrics(w http.ResponseWriter, _ *http.Request, _ params) error {
	var b bytes.Buffer
	if err := s.Metrics(&b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	b.WriteTo(w)
	return nil
}
