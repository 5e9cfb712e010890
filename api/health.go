package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

func (s *server) healthRoutes() []Route {
	return []Route{
		{
			Path: "/health", Methods: "GET", ID: "health", Right: Public,
			Doc:     `Reports whether the server is ready for requests: 200 {"status": "ok"}, or 503 with the reasons.`,
			Answers: []string{mediaJSON},
			answer:  s.health, cost: light,
		},
		{
			Path: "/-/ready", Methods: "GET", ID: "ready", Right: Public, Doc: "The same as /health.",
			Answers: []string{mediaJSON},
			answer:  s.health, cost: light,
		},
		{
			Path: "/lb_check", Methods: "GET", ID: "loadBalancerCheck", Right: Public, Doc: "Reports health in one word, as carbonapi does.",
			Answers: []string{mediaText},
			answer:  s.loadBalancerCheck, cost: light,
		},
	}
}

// health answers /health and /-/ready.
func (s *server) health(w http.ResponseWriter, _ *http.Request, _ params) error {
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
	return nil
}

var errNotReady = errors.New("unavailable")

// loadBalancerCheck answers /lb_check, as carbonapi does.
func (s *server) loadBalancerCheck(w http.ResponseWriter, _ *http.Request, _ params) error {
	if len(s.Health()) > 0 {
		return errNotReady
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "Ok\n")
	return nil
}
