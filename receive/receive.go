// Package receive holds what receivers share: the contracts of receivers and wire
// formats, a TCP server, a client that connects to a sender, and the count of what
// is refused.
//
// A receiver brings datapoints in. A Server makes one of a TCP port and a wire
// format; other packages below this one have receivers of their own, such as amqp
// and statsd.
package receive

import (
	"context"
	"io"
	"net"

	"carbon/instrumentation"
	"carbon/metric"
)

// Receiver is a source of datapoints: a listener, a consumer of a queue, a poller.
// It binds its ports when it is opened.
type Receiver interface {
	// Addrs returns the addresses that the receiver listens on, by the names of the
	// ports file. It is empty for a receiver that does not listen.
	Addrs() map[string]net.Addr

	// Serve receives until Shutdown is called or ctx is done. It returns when all
	// that was received is pushed. It is called at most once. An unreachable peer is
	// not an error.
	Serve(ctx context.Context) error

	// Shutdown stops accepting, makes Serve read to its end what was sent before,
	// and returns when Serve has returned. When ctx is done before, it cuts off
	// connections and waiting pushes. It may be called without Serve.
	Shutdown(ctx context.Context) error

	// Samples returns the receiver's figures. Samples of the same name are adjacent.
	Samples() []instrumentation.Sample
}

// Stream is what a client sends, as a wire format reads it.
type Stream interface {
	io.Reader

	// Wait returns nil when a Read would not have to wait: there are bytes, or the
	// end. It returns an error when nothing can be read. A format that waits before
	// it takes a buffer for Read holds no memory for idle clients. Read may be called
	// without Wait.
	Wait() error

	// Close ends the stream. Read and Wait then return an error. It may be called
	// by another goroutine.
	Close() error
}

// Conn is a client's connection, for protocols that answer.
type Conn interface {
	net.Conn
	Wait() error // as Stream's
}

var _ Stream = Conn(nil)

// Format is a wire format: it reads a stream to its end and pushes the datapoints
// that it finds. Names may alias a read buffer: push keeps neither the names nor
// the slice, and it may change the slice's elements. A Format returns nil at
// io.EOF, else the error of the stream or of push, or why it cannot read on.
type Format func(s Stream, push func([]metric.Datapoint) error) error

// Protocol is a wire protocol that answers its clients. It serves one connection to
// its end, as a Format does. ctx is done when the connection is cut off.
type Protocol func(ctx context.Context, c Conn, push func([]metric.Datapoint) error) error

// Push accepts datapoints, as ingest.Pipeline does. It waits while there is no room.
type Push func(ctx context.Context, points []metric.Datapoint) error

// ListenError reports that a listener could not be opened.
type ListenError struct {
	Name string // of the listener, as in the ports file
	Err  error
}

func (e *ListenError) Error() string { return e.Name + ": " + e.Err.Error() }
func (e *ListenError) Unwrap() error { return e.Err }
