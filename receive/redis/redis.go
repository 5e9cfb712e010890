// Package redis takes metrics from a list in Redis, as the workers of metrics_talk
// do, and loses none on the way: an element is moved to a list of this server's
// (LIST:processing:ID) in the same step in which it leaves the one it came from. It
// is removed from there when its datapoints are in the log. When the server is
// killed, or Redis, the next start takes up what still stands there: every element
// is stored at least once.
//
// Several servers may take from one list. Each has its own name and shows that it is
// alive (LIST:alive:ID). What stands in the list of one that has not for a while is
// taken over by the others.
//
// Redis being away is no error: a Worker tries again for ever. What it asks of Redis
// is what Redis 2.4 has. It speaks the protocol by itself, as no client could be
// found that does not reserve what a reply announces.
package redis

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"carbon/metric"
)

// TooLong is the reason of an element over MaxMessage, as given to Bad.
const TooLong = "element too long"

// Options of a Worker. Address, List, ID, Message, Push and Commit are needed; for
// the rest zero means the default.
type Options struct {
	Address            string // host:port
	DB                 int
	Username, Password string
	TLS                *tls.Config // nil: none

	List string // the key
	ID   string // this server's name, the same after a restart

	// Unreliable takes elements without moving them: what is taken and not yet in
	// the log when the server is killed is lost.
	Unreliable bool

	// MaxMessage is the limit of an element in bytes; 0 means DefaultMaxMessage. Longer ones are
	// dropped and told to Bad.
	MaxMessage int

	// Message adds the datapoints of an element to the batch. An element that is not
	// readable goes to LIST:rejected. The error is the batch's.
	Message func(element []byte, batch *metric.Batch) (readable bool, err error)

	// Push takes datapoints in, Commit returns when they are in the log.
	Push   func(ctx context.Context, points []metric.Datapoint) error
	Commit func(ctx context.Context) error

	Bad    func(reason string, element []byte) // nil: nobody is told
	Logger *slog.Logger                        // nil discards
}

// DefaultMaxMessage is the default of Options.MaxMessage.
const DefaultMaxMessage = 1 << 20

// DefaultIncoming and DefaultOutgoing are the lists of metrics_talk.
const (
	DefaultIncoming = "incoming"
	DefaultOutgoing = "outgoing"
)

const (
	// replyTime is how long Redis may take to answer.
	replyTime = 30 * time.Second

	// stopTime is how long Redis and the log may take at shutdown.
	stopTime = 5 * time.Second

	// After an error the next try waits, twice as long each time.
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second

	// A server says that it is alive every beat, and counts as alive for lease.
	beat  = 3 * time.Second
	lease = 20 * time.Second

	// maxRejected is how many elements LIST:rejected holds, the last ones; longer
	// ones than maxRejectedSize are not kept.
	maxRejected     = 1000
	maxRejectedSize = 64 << 10
)

// Worker takes from one list.
type Worker struct {
	o   Options
	log *slog.Logger

	processing string // key of this server's list
	servers    string // key of the set of servers that have one

	stopping  context.Context // done at Shutdown
	stop      context.CancelFunc
	ended     chan struct{}
	impatient chan struct{} // closed when Shutdown has no more patience
	hurry     sync.Once
	serving   atomic.Bool

	connected atomic.Bool
	elements  atomic.Int64
	rejected  atomic.Int64
	takenUp   atomic.Int64
}

// New returns a Worker.
func New(o Options) *Worker {
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.Bad == nil {
		o.Bad = func(string, []byte) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Worker{
		o:          o,
		log:        o.Logger.With("redis", o.Address, "list", o.List),
		processing: o.List + ":processing:" + o.ID,
		servers:    o.List + ":processing",
		ended:      make(chan struct{}),
		impatient:  make(chan struct{}),
	}
	w.stopping, w.stop = context.WithCancel(context.Background())
	return w
}

// Stats is a snapshot of a Worker. Counts are since the start.
type Stats struct {
	Connected bool
	Elements  int64 // taken
	Rejected  int64 // of them, not readable
	TakenUp   int64 // of them, left over by an earlier run or another server
}

// Stats counts what was taken.
func (w *Worker) Stats() Stats {
	return Stats{w.connected.Load(), w.elements.Load(), w.rejected.Load(), w.takenUp.Load()}
}

// Serve takes elements until Shutdown, or ctx is cancelled.
func (w *Worker) Serve(ctx context.Context) error {
	w.serving.Store(true)
	defer close(w.ended)
	defer context.AfterFunc(ctx, w.stop)()
	// What was taken is pushed, whatever becomes of ctx.
	ctx, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	go func() {
		select {
		case <-w.impatient:
			abort()
		case <-ctx.Done():
		}
	}()
	var beating sync.WaitGroup
	defer beating.Wait()
	if !w.o.Unreliable {
		beating.Go(func() { w.again(ctx, slog.LevelDebug, w.beat) })
	}
	w.again(ctx, slog.LevelWarn, func(c *client) error {
		w.log.Info("connected")
		w.connected.Store(true)
		defer w.connected.Store(false)
		return w.take(ctx, c)
	})
	return nil
}

// Shutdown makes Serve end and returns when it has: what it took last is in the log
// and removed from Redis. When that takes longer than stopTime, or ctx is done
// before, it stays in Redis, and the error is ctx's.
func (w *Worker) Shutdown(ctx context.Context) error {
	w.stop()
	if !w.serving.Load() {
		return nil
	}
	limit := time.NewTimer(stopTime)
	defer limit.Stop()
	select {
	case <-w.ended:
		return nil
	case <-ctx.Done():
	case <-limit.C:
		w.log.Warn("what was taken last stays in redis")
	}
	w.hurry.Do(func() { close(w.impatient) })
	<-w.ended
	return ctx.Err()
}

// again connects and does something with the connection, until Shutdown. When that
// fails it does so again, and logs that at level, once until it goes better.
func (w *Worker) again(ctx context.Context, level slog.Level, do func(*client) error) {
	away := false
	for pause := minPause; w.stopping.Err() == nil; pause = min(2*pause, maxPause) {
		c, err := w.dial(ctx)
		if err == nil {
			began := time.Now()
			cut := context.AfterFunc(ctx, func() { c.Close() })
			err = do(c)
			cut()
			c.Close()
			if time.Since(began) > time.Second {
				pause, away = minPause, false
			}
		}
		if w.stopping.Err() != nil {
			return
		}
		if !away {
			w.log.Log(ctx, level, "redis away", "err", err)
			away = true
		}
		select {
		case <-w.stopping.Done():
		case <-time.After(pause):
		}
	}
}

// dial connects, and says who we are. A server that is still loading its data is not
// there yet.
func (w *Worker) dial(ctx context.Context) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	defer context.AfterFunc(w.stopping, cancel)()
	var nc net.Conn
	var err error
	dialer := &net.Dialer{KeepAlive: 10 * time.Second}
	if w.o.TLS != nil {
		nc, err = (&tls.Dialer{NetDialer: dialer, Config: w.o.TLS}).DialContext(ctx, "tcp", w.o.Address)
	} else {
		nc, err = dialer.DialContext(ctx, "tcp", w.o.Address)
	}
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	c := newClient(nc, w.o.MaxMessage)
	greet := [][]string{{"SELECT", strconv.Itoa(w.o.DB)}}
	switch {
	case w.o.Username != "":
		greet = append([][]string{{"AUTH", w.o.Username, w.o.Password}}, greet...)
	case w.o.Password != "":
		greet = append([][]string{{"AUTH", w.o.Password}}, greet...)
	}
	greet = append(greet, []string{"LLEN", w.o.List})
	for _, command := range greet {
		if _, err := c.do(command[0], command[1:]...); err != nil {
			nc.Close()
			return nil, err
		}
	}
	return c, nil
}
