// Package amqp takes metrics from a broker of AMQP 0-9-1, such as RabbitMQ, as
// carbon does: it binds a queue to a topic exchange and reads lines from what is
// published there.
//
// A message is acknowledged when its points are in the log. So with a named queue
// nothing is lost when the server or the broker ends, and what was on its way comes
// twice. Broken connections are made anew, for ever.
package amqp

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"carbon/instrumentation/tally"
	"carbon/metric"
)

// Defaults of Options that name a broker. They are carbon's.
const (
	DefaultHost     = "localhost"
	DefaultPort     = 5672
	DefaultVHost    = "/"
	DefaultUser     = "guest"
	DefaultPassword = "guest"
	DefaultExchange = "graphite"
	DefaultBind     = "#"
)

// Options of a Consumer. Those up to Commit are needed; for the rest zero means the
// default.
type Options struct {
	Host     string
	Port     int
	VHost    string
	User     string
	Password string
	Exchange string   // a durable topic exchange, which is declared
	Bind     []string // patterns of routing keys

	// Lines makes datapoints of many lines, each of which ends in LF. It gives them
	// to push in order, and returns push's error.
	Lines  func(lines []byte, push func([]metric.Datapoint) error) error
	Push   func(ctx context.Context, points []metric.Datapoint) error
	Commit func(ctx context.Context) error // returns when what was pushed is in the log

	// NameInBody says that lines are "name value timestamp". Otherwise they are
	// "value timestamp", and the name is the routing key.
	NameInBody bool

	// Queue is the name of a durable queue, which others may consume, too. Empty
	// means one that the broker names, and that ends with the connection, as carbon
	// has: what is published while there is none is lost.
	Queue string

	TLS    *tls.Config  // nil: none
	Logger *slog.Logger // nil discards
}

const (
	// prefetch is how many messages may be on their way.
	prefetch = 1000

	// maxBatch is how many bytes are pushed before what they came with is
	// acknowledged, unless one message is longer.
	maxBatch = 1 << 20

	dialTime  = 10 * time.Second
	heartbeat = 10 * time.Second

	// shutdownLimit is how long what the broker has sent may take to be pushed at the
	// end. What is not acknowledged then the broker keeps.
	shutdownLimit = 10 * time.Second

	// After a failure the next try waits, twice as long each time.
	minPause = 100 * time.Millisecond
	maxPause = 10 * time.Second
)

// Consumer takes messages from one broker.
type Consumer struct {
	o   Options
	log *slog.Logger

	stop   context.CancelFunc // no more messages
	done   context.Context    // stop was called
	served chan struct{}

	serving   atomic.Bool
	connected atomic.Bool
	messages  atomic.Int64
	points    atomic.Int64
	failures  tally.Tally
}

// New returns a Consumer. It connects in Serve.
func New(o Options) *Consumer {
	c := &Consumer{o: o, log: o.Logger, served: make(chan struct{})}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.log = c.log.With("receiver", "amqp", "broker", c.address())
	c.done, c.stop = context.WithCancel(context.Background())
	return c
}

func (c *Consumer) address() string { return net.JoinHostPort(c.o.Host, strconv.Itoa(c.o.Port)) }

// Serve consumes until ctx is cancelled or Shutdown is called; then it takes what
// the broker has sent already, and returns. It is called once, and always returns
// nil: a broker that is away may come back.
func (c *Consumer) Serve(ctx context.Context) error {
	c.serving.Store(true)
	defer close(c.served)
	stop := context.AfterFunc(ctx, c.stop)
	defer stop()
	push, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	limit := context.AfterFunc(c.done, func() { time.AfterFunc(shutdownLimit, abort) })
	defer limit()
	for pause := minPause; c.done.Err() == nil; pause = min(2*pause, maxPause) {
		begin := time.Now()
		err := c.session(push)
		c.connected.Store(false)
		if c.done.Err() != nil {
			break
		}
		if time.Since(begin) > maxPause {
			pause = minPause
		}
		if c.failures.Add("connection", time.Now()) {
			c.log.Warn("no connection to the broker, will try again", "in", pause, "err", err)
		}
		select {
		case <-c.done.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// Shutdown makes Serve end and returns when it has, or with ctx's error.
func (c *Consumer) Shutdown(ctx context.Context) error {
	c.stop()
	if !c.serving.Load() {
		return nil
	}
	select {
	case <-c.served:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// session is one connection, from its beginning to its end.
func (c *Consumer) session(ctx context.Context) error {
	conn, forget, err := c.dial()
	defer forget()
	if err != nil {
		return err
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	queue, err := c.declare(ch)
	if err != nil {
		return err
	}
	const name = "carbon"
	deliveries, err := ch.Consume(queue, name, false, c.o.Queue == "", false, false, nil)
	if err != nil {
		return fmt.Errorf("consume %s: %w", queue, err)
	}
	c.connected.Store(true)
	c.log.Info("consuming", "exchange", c.o.Exchange, "queue", queue)
	// The broker ends its deliveries then, and the channel is closed behind them.
	stop := context.AfterFunc(c.done, func() { ch.Cancel(name, false) })
	defer stop()
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	if err := c.consume(ctx, deliveries); err != nil {
		return err
	}
	select {
	case err := <-closed:
		if err != nil {
			return err
		}
	default:
	}
	return amqp.ErrClosed
}

// dial connects; forget is called when the connection is not used any more.
func (c *Consumer) dial() (conn *amqp.Connection, forget func() bool, err error) {
	forget = func() bool { return true }
	scheme := "amqp"
	if c.o.TLS != nil {
		scheme = "amqps"
	}
	dialer := net.Dialer{Timeout: dialTime}
	conn, err = amqp.DialConfig(scheme+"://"+c.address()+"/", amqp.Config{
		SASL:            []amqp.Authentication{&amqp.PlainAuth{Username: c.o.User, Password: c.o.Password}},
		Vhost:           c.o.VHost,
		Heartbeat:       heartbeat,
		TLSClientConfig: c.o.TLS,
		Dial: func(network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(c.done, network, addr)
			if err != nil {
				return nil, err
			}
			forget = context.AfterFunc(c.done, func() { // while the broker keeps silent, perhaps
				if !c.connected.Load() {
					conn.Close()
				}
			})
			return conn, conn.SetDeadline(time.Now().Add(dialTime)) // for the handshake; the library takes it away
		},
	})
	return conn, forget, err
}

// declare makes exchange and queue, if they are not there, and binds them.
func (c *Consumer) declare(ch *amqp.Channel) (queue string, err error) {
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return "", err
	}
	if err := ch.ExchangeDeclare(c.o.Exchange, "topic", true, false, false, false, nil); err != nil {
		return "", fmt.Errorf("declare exchange %s: %w", c.o.Exchange, err)
	}
	named := c.o.Queue != ""
	q, err := ch.QueueDeclare(c.o.Queue, named, false, !named, false, nil)
	if err != nil {
		return "", fmt.Errorf("declare queue %s: %w", c.o.Queue, err)
	}
	for _, pattern := range c.o.Bind {
		if err := ch.QueueBind(q.Name, pattern, c.o.Exchange, false, nil); err != nil {
			return "", fmt.Errorf("bind %s to %s: %w", q.Name, pattern, err)
		}
	}
	return q.Name, nil
}

// consume takes deliveries, as many at once as there are, until they end.
func (c *Consumer) consume(ctx context.Context, deliveries <-chan amqp.Delivery) error {
	var lines []byte
	for last := range deliveries {
		lines = c.appendLines(lines[:0], last)
		n := int64(1)
	gather:
		for len(lines) < maxBatch {
			select {
			case d, more := <-deliveries:
				if !more {
					break gather
				}
				last = d
				lines = c.appendLines(lines, d)
				n++
			default:
				break gather
			}
		}
		if err := c.take(ctx, lines); err != nil {
			return err
		}
		c.messages.Add(n)
		if err := last.Ack(true); err != nil { // and all before it
			return err
		}
		if cap(lines) > 4*maxBatch {
			lines = nil
		}
	}
	return nil
}

func (c *Consumer) take(ctx context.Context, lines []byte) error {
	err := c.o.Lines(lines, func(points []metric.Datapoint) error {
		n := len(points)
		if err := c.o.Push(ctx, points); err != nil {
			return err
		}
		c.points.Add(int64(n))
		return nil
	})
	if err != nil {
		return err
	}
	return c.o.Commit(ctx)
}

// Stats is a snapshot of a Consumer. Counts are since the start.
type Stats struct {
	Connected  bool
	Messages   int64 // acknowledged
	Datapoints int64
	Failures   int64 // connections that could not be made, or broke
}

// Stats counts what was consumed.
func (c *Consumer) Stats() Stats {
	return Stats{c.connected.Load(), c.messages.Load(), c.points.Load(), c.failures.Counts()["connection"]}
}
