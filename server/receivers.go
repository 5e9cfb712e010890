package server

import (
	"context"
	"fmt"
	"net"

	"carbon/instrumentation"
)

// receiver is one way in for datapoints besides HTTP: a listener, a consumer of
// somebody else's queue, a poller.
type receiver struct {
	// name is what it is called in the log, and in the ports file if it listens.
	name string

	// addr is where it listens; nil: it does not.
	addr net.Addr

	// serve runs until ctx is cancelled or shutdown is called, and returns when all
	// it took is pushed. An error ends the server: a peer that is away is none.
	serve func(ctx context.Context) error

	// shutdown makes serve end: what was sent before is read to its end and pushed.
	// It returns when serve has, or when ctx is done. It may be called without serve.
	shutdown func(ctx context.Context) error

	// samples are its figures, named as in carbon where carbon has them. Those of one
	// name stand together.
	samples func() []instrumentation.Sample
}

// openers are all ways in, each of which may be off and then opens nothing.
var openers = []func(*Server) ([]receiver, error){
	(*Server).openLine,
	(*Server).openUDP,
	(*Server).openPickle,
	(*Server).openProtobuf,
	(*Server).openCarbonlink,
	(*Server).openAMQP,
	(*Server).openListeners,
	(*Server).openStatsd,
	(*Server).openMmstats,
	(*Server).openZeroMQ,
	(*Server).openRedis,
	(*Server).openPosted,
}

// openReceivers binds all listeners. Nothing is read yet.
func (m *Server) openReceivers() error {
	for _, open := range openers {
		ways, err := open(m)
		m.receivers = append(m.receivers, ways...) // those that did open are closed with all
		if err != nil {
			return err
		}
	}
	return nil
}

// asked names the flag or key of the configuration that wanted what went wrong.
func asked(setting string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", setting, err)
}

// addrOf is where the receiver of that name listens; empty: it does not.
func (m *Server) addrOf(name string) string {
	for _, way := range m.receivers {
		if way.name == name && way.addr != nil {
			return way.addr.String()
		}
	}
	return ""
}
