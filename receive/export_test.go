package receive

import "time"

// What the tests in package receive_test need, which cannot be in this package
// because they import wire formats.
const (
	MaxCompressed = maxCompressed
	Shown         = shown
)

var ErrCompressed = errCompressed

// Listener is what a Server accepts from.
type Listener = listener

// NewServer returns a Server of a listener, with a limit for reading connections at
// shutdown.
func NewServer(l Listener, limit time.Duration, o Options) *Server {
	s := newServer(l, o)
	s.limit = limit
	return s
}
