package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// version answers /version. As graphite-web does: HTML by name, a number by nature.
func (s *server) version(w http.ResponseWriter, _ *http.Request, _ params) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := io.WriteString(w, graphiteVersion+"\n")
	return err
}

// health answers whether requests should be sent here.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	answer := struct {
		Status  string   `json:"status"`
		Reasons []string `json:"reasons,omitempty"`
	}{"ok", s.Health()}
	code := http.StatusOK
	if len(answer.Reasons) > 0 {
		code, answer.Status = http.StatusServiceUnavailable, "unavailable"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(answer)
}

// loadBalancerCheck is health as carbonapi's clients ask for it.
func (s *server) loadBalancerCheck(w http.ResponseWriter, r *http.Request) {
	if len(s.Health()) > 0 {
		answerError(w, r, http.StatusServiceUnavailable, "unavailable")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "Ok\n")
}

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
