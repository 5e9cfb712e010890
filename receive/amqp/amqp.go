// Package amqp consumes metrics from a broker of AMQP 0-9-1, such as RabbitMQ, as
// carbon does: it binds a queue to a topic exchange and reads plaintext lines from
// the messages.
//
// A message is acknowledged when its datapoints are in the write-ahead log. With a
// named queue nothing is lost when the server or the broker ends; messages that were
// not acknowledged are delivered again.
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

	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive"
	"carbon/receive/redial"
)

// Defaults for Options, which are carbon's.
const (
	DefaultHost     = "localhost"
	DefaultPort     = 5672
	DefaultVHost    = "/"
	DefaultUser     = "guest"
	DefaultPassword = "guest"
	DefaultExchange = "graphite"
	DefaultBind     = "#"
)

// Options of a Consumer. All up to Commit are needed.
type Options struct {
	Host     string
	Port     int
	VHost    string
	User     string
	Password string
	Exchange string   // a durable topic exchange; it is declared
	Bind     []string // patterns of routing keys

	// Lines makes datapoints of lines, each of which ends in LF, and pushes them in
	// order. It returns the error of push.
	Lines  func(lines []byte, push func([]metric.Datapoint) error) error
	Push   receive.Push
	Commit func(ctx context.Context) error // returns when what was pushed is in the log

	// NameInBody means that lines are "name value timestamp". Otherwise they are
	// "value timestamp", and the routing key is the name.
	NameInBody bool

	// Queue is the name of a durable queue, which others may consume too. Empty, as
	// in carbon: a queue that the broker names and that ends with the connection;
	// messages published while there is no connection are lost.
	Queue string

	TLS     *tls.Config      // nil: no TLS
	Refused *receive.Refused // what Lines refuses, for Samples; nil: nothing is counted
	Logger  *slog.Logger     // nil discards
}

const (
	// prefetch is how many messages the broker sends before they are acknowledged.
	prefetch = 1000

	// maxBatch is how many bytes of messages are pushed and acknowledged together.
	// A single message may be longer.
	maxBatch = 1 << 20

	dialTime  = 10 * time.Second
	heartbeat = 10 * time.Second

	// shutdownLimit bounds the pushing of delivered messages at shutdown. The broker
	// keeps messages that are not acknowledged then.
	shutdownLimit = 10 * time.Second
)

// Consumer consumes messages from one broker.
type Consumer struct {
	o    Options
	log  *slog.Logger
	loop *redial.Loop
	life *receive.Life

	messages atomic.Int64 // acknowledged
	points   atomic.Int64
}

var _ receive.Receiver = (*Consumer)(nil)

// New returns a Consumer. It connects in Serve.
func New(o Options) *Consumer {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Consumer{o: o, log: o.Logger.With("receiver", "amqp"), life: receive.NewLife(receive.LifeOptions{Limit: shutdownLimit})}
	c.loop = redial.New(redial.Options{Addr: c.addr(), Logger: c.log})
	return c
}

func (c *Consumer) addr() string { return net.JoinHostPort(c.o.Host, strconv.Itoa(c.o.Port)) }

// Addrs implements receive.Receiver: a Consumer does not listen.
func (c *Consumer) Addrs() map[string]net.Addr { return nil }

// Serve implements receive.Receiver. It always returns nil. At shutdown it pushes the
// messages that the broker has delivered.
func (c *Consumer) Serve(ctx context.Context) error {
	return c.life.Serve(ctx, func(stopping, pushing context.Context) error {
		c.loop.Run(stopping, func(_ context.Context, connected func()) error {
			return c.session(stopping, pushing, connected)
		})
		return nil
	})
}

// Shutdown implements receive.Receiver.
func (c *Consumer) Shutdown(ctx context.Context) error { return c.life.Shutdown(ctx) }

// session consumes on one connection until it ends.
func (c *Consumer) session(stopping, pushing context.Context, connected func()) error {
	conn, keep, err := c.dial(stopping)
	defer keep()
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
	keep()
	connected()
	c.log.Info("consuming", "exchange", c.o.Exchange, "queue", queue)
	// Then the broker ends its deliveries and closes the channel.
	defer context.AfterFunc(stopping, func() { ch.Cancel(name, false) })()
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	if err := c.consume(pushing, deliveries); err != nil {
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

// dial connects to the broker. Until keep is called, a shutdown closes the
// connection, because the broker may be silent.
func (c *Consumer) dial(stopping context.Context) (conn *amqp.Connection, keep func() bool, err error) {
	scheme := "amqp"
	if c.o.TLS != nil {
		scheme = "amqps"
	}
	keep = func() bool { return true }
	dialer := net.Dialer{Timeout: dialTime}
	conn, err = amqp.DialConfig(scheme+"://"+c.addr()+"/", amqp.Config{
		SASL:            []amqp.Authentication{&amqp.PlainAuth{Username: c.o.User, Password: c.o.Password}},
		Vhost:           c.o.VHost,
		Heartbeat:       heartbeat,
		TLSClientConfig: c.o.TLS,
		Dial: func(network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(stopping, network, addr)
			if err != nil {
				return nil, err
			}
			keep = context.AfterFunc(stopping, func() { conn.Close() })
			return conn, conn.SetDeadline(time.Now().Add(dialTime)) // for the handshake; the library removes it
		},
	})
	return conn, keep, err
}

// declare declares the exchange and the queue and binds them.
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

// consume pushes and acknowledges deliveries until they end, as many at a time as
// there are.
func (c *Consumer) consume(pushing context.Context, deliveries <-chan amqp.Delivery) error {
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
		if err := c.push(pushing, lines); err != nil {
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

// push pushes the datapoints of lines and returns when they are in the log.
func (c *Consumer) push(pushing context.Context, lines []byte) error {
	err := c.o.Lines(lines, func(points []metric.Datapoint) error {
		n := len(points)
		if err := c.o.Push(pushing, points); err != nil {
			return err
		}
		c.points.Add(int64(n))
		return nil
	})
	if err != nil {
		return err
	}
	return c.o.Commit(pushing)
}

// Samples implements receive.Receiver.
func (c *Consumer) Samples() []instrumentation.Sample {
	connected := 0.0
	if c.loop.Connected() {
		connected = 1
	}
	samples := []instrumentation.Sample{
		instrumentation.Gauge("amqp.connected", "1 while there is a connection to the broker.", connected),
		instrumentation.Counter("amqp.messages", "Messages consumed.", c.messages.Load()),
		instrumentation.Counter("amqp.datapoints", "Datapoints received.", c.points.Load()),
		instrumentation.Counter("amqp.failures", "Connections to the broker that failed or were lost.", c.loop.Failures()),
	}
	return append(samples, instrumentation.ByReason("amqp.refused", "Lines refused, by reason.", c.o.Refused.Counts())...)
}
