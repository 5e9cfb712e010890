// Package carbonlink answers the queries that graphite-web sends to carbon-cache:
// which points of a metric are not stored yet, and how a metric is aggregated.
//
// Requests and answers are pickled dictionaries in frames (see receive/frame), on
// connections that stay open. The answer to a request that cannot be read or is not
// known is a dictionary with the key "error".
package carbonlink

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"carbon/codec/pickle"
	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive"
	"carbon/receive/frame"
)

// Cache has the points that are not stored yet.
type Cache interface {
	Points(name string) (points []metric.Point, ok bool)
}

// Metadata reads and sets the aggregation methods of metrics.
type Metadata interface {
	Aggregation(ctx context.Context, name string) (method string, err error)
	SetAggregation(ctx context.Context, name, method string) (old string, err error)
}

// DefaultMaxConnections is the default of Options.MaxConnections.
const DefaultMaxConnections = 1000

// Options of a Receiver. Cache and Metadata are needed.
type Options struct {
	Cache    Cache
	Metadata Metadata

	// MaxConnections limits the number of open connections; 0 means
	// DefaultMaxConnections. Further clients wait.
	MaxConnections int

	Logger *slog.Logger // nil discards
}

const (
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 64 << 20

	// writeTime bounds the time in which a client reads an answer.
	writeTime = 30 * time.Second
)

// Receiver answers on a TCP port.
type Receiver struct {
	*receive.Server
	o               Options
	frames          *frame.Reader
	queries, errors atomic.Int64
}

var _ receive.Receiver = (*Receiver)(nil)

// Open binds a TCP port. The listener is called carbonlink.
func Open(addr string, o Options) (*Receiver, error) {
	if o.MaxConnections <= 0 {
		o.MaxConnections = DefaultMaxConnections
	}
	r := &Receiver{o: o, frames: frame.New(frame.Options{})}
	s, err := receive.Listen(addr, receive.Options{Name: "carbonlink", Protocol: r.serve, MaxConnections: o.MaxConnections, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	r.Server = s
	return r, nil
}

// Samples implements receive.Receiver.
func (r *Receiver) Samples() []instrumentation.Sample {
	return []instrumentation.Sample{
		instrumentation.Counter("cache.queries", "Queries of graphite-web for points that are not stored yet.", r.queries.Load()),
		instrumentation.Counter("cache.queryErrors", "Queries answered with an error.", r.errors.Load()),
	}
}

// serve answers one client.
func (r *Receiver) serve(ctx context.Context, c receive.Conn, _ func([]metric.Datapoint) error) error {
	var d pickle.Decoder
	return r.frames.Read(c, func(frame []byte) error {
		r.queries.Add(1)
		var out bytes.Buffer
		out.Write(make([]byte, 4)) // the length, set below
		if err := r.answer(ctx, &out, &d, frame, isLocal(c)); err != nil {
			r.errors.Add(1)
			out.Truncate(4)
			writeError(&out, err)
		}
		b := out.Bytes()
		binary.BigEndian.PutUint32(b, uint32(len(b)-4))
		c.SetWriteDeadline(time.Now().Add(writeTime))
		_, err := c.Write(b)
		return err
	})
}

// isLocal reports whether a client runs on this machine.
func isLocal(c net.Conn) bool {
	addr, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

func writeError(w io.Writer, err error) {
	p := pickle.NewWriter(w)
	p.Map(1)
	p.String("error")
	p.String(err.Error())
	p.EndMap()
	p.Close() // writes to memory
}
