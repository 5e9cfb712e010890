// Package httpintake is what the receivers of datapoints over HTTP share: reading a body
// within bounds, handing its datapoints over, and answering only when they are in
// the log.
//
// A body may come in gzip, deflate or zstd. What it inflates to is bounded as it is
// itself, and few are inflated at once. A request that asks for more than there
// is room for, or comes while the server ends, is told so by a status: what was
// acknowledged is kept.
package httpintake

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"carbon/metric"
)

// DefaultMaxBody is the default of Options.MaxBody.
const DefaultMaxBody = 16 << 20

// Options of an Intake. Push and Commit are needed; zero means the default for the
// rest.
type Options struct {
	// Push takes datapoints; it keeps neither the slice nor the names.
	Push func(ctx context.Context, points []metric.Datapoint) error

	// Commit returns when all that was pushed before survives the process.
	Commit func(ctx context.Context) error

	// MaxBody bounds what a body inflates to, in bytes. 0 means DefaultMaxBody. What is not
	// compressed is bounded by whoever gives the request.
	MaxBody int64

	// Bad is told of each part of a body that is no datapoint, and why; a nil part
	// says nothing. Nil: nobody wants to know.
	Bad func(reason string, part []byte)

	// Now is the clock. Nil: time.Now.
	Now func() time.Time
}

// Intake takes datapoints out of requests. Its handlers may be called concurrently.
type Intake struct {
	o       Options
	slots   chan struct{} // one for each body being inflated and read
	batches sync.Pool     // of *metric.Batch

	mu      sync.Mutex
	running int
	closed  bool
	idle    chan struct{} // closed when closed and nothing is running

	requests, datapoints atomic.Int64
}

// inflatedAtOnce is how many inflated bodies there are at once: each may take
// MaxBody.
const inflatedAtOnce = 4

// New returns an Intake.
func New(o Options) *Intake {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Bad == nil {
		o.Bad = func(string, []byte) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Intake{o: o, slots: make(chan struct{}, inflatedAtOnce), idle: make(chan struct{})}
}

// Stats are what came in since the start.
type Stats struct {
	Requests   int64 // that brought a body which could be read
	Datapoints int64
}

// Stats returns a snapshot.
func (i *Intake) Stats() Stats { return Stats{i.requests.Load(), i.datapoints.Load()} }

// Now is the time of arrival.
func (i *Intake) Now() time.Time { return i.o.Now() }

// Bad counts a part of a body that is no datapoint.
func (i *Intake) Bad(reason string, part []byte) { i.o.Bad(reason, part) }

// Take reads the body of a request and has read make datapoints of it. When it
// returns nil, they are in the log. What was added before an error is stored, too.
// The text is read's until it returns, and read may change it.
//
// Status tells what to answer to an error.
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

// enter counts a request in, unless no more are taken.
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
		close(i.idle)
	}
}

// Close takes no more requests, and returns when those that were taken are done, or
// when ctx is.
func (i *Intake) Close(ctx context.Context) error {
	i.mu.Lock()
	if !i.closed {
		i.closed = true
		if i.running == 0 {
			close(i.idle)
		}
	}
	i.mu.Unlock()
	select {
	case <-i.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Closed is closed when Close was called and all requests are done.
func (i *Intake) Closed() <-chan struct{} { return i.idle }
