package server

import (
	"slices"
	"sync"
)

// Reasons for a server not to be healthy.
const (
	starting  = "starting"
	replaying = "taking in the log of an earlier run"
	stopping  = "stopping"
)

// health says why the server is not able to serve, if it is not.
type health struct {
	mu      sync.Mutex
	reasons []string
}

func newHealth(reasons ...string) *health { return &health{reasons: reasons} }

func (h *health) set(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reasons = append(h.reasons, reason)
}

func (h *health) clear(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reasons = slices.DeleteFunc(h.reasons, func(r string) bool { return r == reason })
}

// Reasons returns nothing from a healthy server.
func (h *health) Reasons() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reasons)
}
