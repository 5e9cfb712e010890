// Package redis takes metrics from lists in Redis, as the workers of metrics_talk do.
//
// It loses no element. An element is moved to a list of this server
// (LIST:processing:ID) in the same step in which it leaves LIST, and is removed from
// there when its datapoints are in the write-ahead log. When the server or Redis is
// killed, the next start stores what the processing list holds: every element is
// stored at least once.
//
// Several servers may take from one list. Each has an ID and renews a key that shows
// that it is alive (LIST:alive:ID). The other servers take over the processing list
// of a server that has not renewed its key.
//
// The commands are those of Redis 2.4. The package speaks the protocol itself,
// because the client libraries that were tried allocate what a reply announces.
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

	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive"
	"carbon/receive/redial"
)

// TooLong is the reason of an element over MaxMessage, as given to Options.Refuse.
const TooLong = "element too long"

// DefaultMaxMessage is the default of Options.MaxMessage.
const DefaultMaxMessage = 1 << 20

// DefaultIncoming and DefaultOutgoing are the lists of metrics_talk.
const (
	DefaultIncoming = "incoming"
	DefaultOutgoing = "outgoing"
)

// Options of a Receiver. Address, Lists, ID, Message, Push and Commit are needed.
type Options struct {
	Address            string // host:port
	DB                 int
	Username, Password string
	TLS                *tls.Config // nil: no TLS

	Lists []string // keys of the lists to take from
	ID    string   // this server's ID, the same after a restart; see LoadID

	// Unreliable takes elements without moving them. Elements that are not in the log
	// are lost when the server is killed.
	Unreliable bool

	// MaxMessage is the maximum element in bytes; 0 means DefaultMaxMessage. Longer
	// ones are dropped.
	MaxMessage int

	// Message adds the datapoints of an element to the batch. Elements that are not
	// readable are moved to LIST:rejected. The error is that of the batch.
	Message func(element []byte, batch *metric.Batch) (readable bool, err error)

	Push   receive.Push
	Commit func(ctx context.Context) error // returns when what was pushed is in the log

	Refused *receive.Refused // nil: nothing is counted
	Logger  *slog.Logger     // nil discards
}

const (
	dialTime = 10 * time.Second

	// replyTime bounds the time in which Redis answers.
	replyTime = 30 * time.Second

	// stopTime bounds storing at shutdown.
	stopTime = 5 * time.Second

	// A server renews its alive key every beat. The key expires after lease.
	beat  = 3 * time.Second
	lease = 20 * time.Second

	// LIST:rejected keeps the last maxRejected elements of at most maxRejectedSize
	// bytes.
	maxRejected     = 1000
	maxRejectedSize = 64 << 10
)

// Receiver takes elements from the lists of one Redis.
type Receiver struct {
	o       Options
	workers []*worker
	life    *receive.Life
}

var _ receive.Receiver = (*Receiver)(nil)

// New returns a Receiver. It connects in Serve.
func New(o Options) *Receiver {
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.Refused == nil {
		o.Refused = receive.NewRefused(nil)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Receiver{o: o, life: receive.NewLife(receive.LifeOptions{Limit: stopTime})}
	for _, list := range o.Lists {
		r.workers = append(r.workers, newWorker(o, list))
	}
	return r
}

// Addrs implements receive.Receiver: a Receiver does not listen.
func (r *Receiver) Addrs() map[string]net.Addr { return nil }

// Serve implements receive.Receiver. It always returns nil.
func (r *Receiver) Serve(ctx context.Context) error {
	return r.life.Serve(ctx, func(stopping, pushing context.Context) error {
		var running sync.WaitGroup
		for _, w := range r.workers {
			running.Go(func() { w.run(stopping, pushing) })
		}
		running.Wait()
		return nil
	})
}

// Shutdown implements receive.Receiver. Elements that are not in the log in time stay
// in Redis.
func (r *Receiver) Shutdown(ctx context.Context) error { return r.life.Shutdown(ctx) }

// Samples implements receive.Receiver.
func (r *Receiver) Samples() []instrumentation.Sample {
	stats := r.Stats()
	samples := []instrumentation.Sample{
		instrumentation.Gauge("redis.connected", "Lists in Redis that the server is connected for.", float64(stats.Connected)),
		instrumentation.Counter("redis.elements", "Elements taken from Redis.", stats.Elements),
		instrumentation.Counter("redis.takenUp", "Elements that an earlier run or another server had taken and not stored.", stats.TakenUp),
		instrumentation.Counter("redis.rejected", "Elements that could not be read.", stats.Rejected),
	}
	return append(samples, instrumentation.ByReason("redis.bad", "Elements or parts of elements refused, by reason.", r.o.Refused.Counts())...)
}

// Stats is a snapshot of a Receiver. Counts are since the start.
type Stats struct {
	Connected int   // lists
	Elements  int64 // taken
	Rejected  int64 // elements that are not readable
	TakenUp   int64 // elements that an earlier run or another server had taken
}

// Stats returns the current figures.
func (r *Receiver) Stats() Stats {
	var s Stats
	for _, w := range r.workers {
		if w.loop.Connected() {
			s.Connected++
		}
		s.Elements += w.elements.Load()
		s.Rejected += w.rejected.Load()
		s.TakenUp += w.takenUp.Load()
	}
	return s
}

// worker takes from one list.
type worker struct {
	o    Options
	list string
	log  *slog.Logger

	processing string // key of this server's list
	servers    string // key of the set of servers that have a processing list

	loop      *redial.Loop // of take
	renewLoop *redial.Loop // of renew, whose failures are those of take

	elements atomic.Int64
	rejected atomic.Int64
	takenUp  atomic.Int64
}

func newWorker(o Options, list string) *worker {
	w := &worker{
		o:          o,
		list:       list,
		log:        o.Logger.With("receiver", "redis", "list", list),
		processing: list + ":processing:" + o.ID,
		servers:    list + ":processing",
	}
	w.loop = redial.New(redial.Options{Addr: o.Address, Logger: w.log})
	w.renewLoop = redial.New(redial.Options{Addr: o.Address})
	return w
}

// run takes elements until stopping is done.
func (w *worker) run(stopping, pushing context.Context) {
	session := func(do func(stopping, pushing context.Context, c *client) error) func(context.Context, func()) error {
		return func(_ context.Context, connected func()) error {
			c, err := w.dial(stopping)
			if err != nil {
				return err
			}
			defer c.Close()
			defer context.AfterFunc(pushing, func() { c.Close() })()
			connected()
			return do(stopping, pushing, c)
		}
	}
	var beating sync.WaitGroup
	defer beating.Wait()
	if !w.o.Unreliable {
		beating.Go(func() { w.renewLoop.Run(stopping, session(w.renew)) })
	}
	w.loop.Run(stopping, session(w.take))
	switch {
	case pushing.Err() == nil:
	case w.o.Unreliable:
		w.log.Warn("elements lost: the write-ahead log was too slow for the shutdown")
	default:
		w.log.Warn("elements not stored; they stay in Redis")
	}
}

// dial connects, authenticates and selects the database. It fails while Redis loads
// its data.
func (w *worker) dial(stopping context.Context) (*client, error) {
	ctx, cancel := context.WithTimeout(stopping, dialTime)
	defer cancel()
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
	commands := [][]string{{"SELECT", strconv.Itoa(w.o.DB)}, {"LLEN", w.list}}
	switch {
	case w.o.Username != "":
		commands = append([][]string{{"AUTH", w.o.Username, w.o.Password}}, commands...)
	case w.o.Password != "":
		commands = append([][]string{{"AUTH", w.o.Password}}, commands...)
	}
	for _, command := range commands {
		if _, err := c.do(command[0], command[1:]...); err != nil {
			nc.Close()
			return nil, err
		}
	}
	return c, nil
}
