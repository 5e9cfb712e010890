package server

import (
	"slices"
	"sync"
)

// Reasons why a server is not healthy, as /health reports them.
const (
	starting  = "starting"
	replaying = "replaying the write-ahead log"
	stopping  = "shutting down"
)

// health is the set of reasons why the server is not healthy.
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

// Reasons returns the reasons why the server is not healthy, or none.
func (h *health) Reasons() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reasons)
}
