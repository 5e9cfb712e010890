// Package httpintake is shared by the handlers that receive datapoints over HTTP. It
// reads bodies within limits, and answers when the datapoints are in the write-ahead
// log.
//
// A body may be compressed by gzip, deflate or zstd. The limit holds for the
// decompressed body too, and few bodies are decompressed at a time.
package httpintake

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive"
)

// DefaultMaxBody is the default of Options.MaxBody.
const DefaultMaxBody = 16 << 20

// Options of an Intake. Name, Push and Commit are needed.
type Options struct {
	Name string // in the names of samples

	Push   receive.Push
	Commit func(ctx context.Context) error // returns when what was pushed is in the log

	// MaxBody is the maximum decompressed body in bytes; 0 means DefaultMaxBody. The
	// HTTP server limits a body that is not compressed.
	MaxBody int64

	Refused *receive.Refused // nil: nothing is counted
	Now     func() time.Time // nil means time.Now
}

// Intake takes datapoints out of requests. Handlers may use it concurrently. Its
// listener is the HTTP server.
type Intake struct {
	o       Options
	slots   chan struct{} // holds an element for each decompressed body
	batches sync.Pool     // of *metric.Batch

	mu      sync.Mutex
	running int
	closed  bool
	ended   chan struct{} // closed when closed is true and no request is running

	requests, datapoints atomic.Int64
}

var _ receive.Receiver = (*Intake)(nil)

// maxInflated is the maximum number of decompressed bodies in memory.
const maxInflated = 4

// New returns an Intake.
func New(o Options) *Intake {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Refused == nil {
		o.Refused = receive.NewRefused(nil)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Intake{o: o, slots: make(chan struct{}, maxInflated), ended: make(chan struct{})}
}

// Now returns the time of arrival.
func (i *Intake) Now() time.Time { return i.o.Now() }

// Refuse counts a part of a body that is not a datapoint.
func (i *Intake) Refuse(reason string, part []byte) { i.o.Refused.Add(reason, part) }

// Take reads the body of a request and calls read to make datapoints of it. When it
// returns nil, the datapoints are in the log. Datapoints that were added before an
// error are stored too. read may change the text, and does not keep it.
//
// Status returns the answer to an error.
func (i *Intake) Take(r *http.Request, read func(text []byte, batch *metric.Batch) error) error {
	if !i.enter() {
		return ErrClosed
	}
	defer i.leave()
	text, release, err := i.body(r)
	if err != nil {
		return err
	}
	defer release()
	i.requests.Add(1)

	ctx := r.Context()
	batch, _ := i.batches.Get().(*metric.Batch)
	push := func(points []metric.Datapoint) error {
		n := len(points)
		if err := i.o.Push(ctx, points); err != nil {
			return &unstoredError{err}
		}
		i.datapoints.Add(int64(n))
		return nil
	}
	if batch == nil {
		batch = metric.NewBatch(push)
	} else {
		batch.Reset(push)
	}
	err = read(text, batch)
	if flushErr := batch.Flush(); err == nil || flushErr != nil {
		err = errors.Join(flushErr, err)
	}
	batch.Reset(nil)
	i.batches.Put(batch)
	if commitErr := i.o.Commit(ctx); commitErr != nil {
		return &unstoredError{commitErr}
	}
	return err
}

// enter counts a request. It returns false when the Intake is closed.
func (i *Intake) enter() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false
	}
	i.running++
	return true
}

func (i *Intake) leave() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.running--
	if i.closed && i.running == 0 {
		close(i.ended)
	}
}

// Addrs implements receive.Receiver: an Intake does not listen.
func (i *Intake) Addrs() map[string]net.Addr { return nil }

// Serve implements receive.Receiver.
func (i *Intake) Serve(ctx context.Context) error {
	defer context.AfterFunc(ctx, i.close)()
	<-i.ended
	return nil
}

// Shutdown implements receive.Receiver: it refuses further requests and waits for
// those that are running.
func (i *Intake) Shutdown(ctx context.Context) error {
	i.close()
	select {
	case <-i.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *Intake) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return
	}
	i.closed = true
	if i.running == 0 {
		close(i.ended)
	}
}

// Samples implements receive.Receiver.
func (i *Intake) Samples() []instrumentation.Sample {
	samples := []instrumentation.Sample{
		instrumentation.Counter(i.o.Name+".requests", "Requests with datapoints whose body was read.", i.requests.Load()),
		instrumentation.Counter(i.o.Name+".datapoints", "Datapoints received.", i.datapoints.Load()),
	}
	return append(samples, instrumentation.ByReason(i.o.Name+".refused", "Lines and elements refused, by reason.", i.o.Refused.Counts())...)
}
