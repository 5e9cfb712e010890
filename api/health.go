package api

import (
	"encoding/json"
	"io"
	"net/http"
)

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
