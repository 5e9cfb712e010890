// Package zeromq receives messages of ZeroMQ publishers, and is a broker for those
// of Zibrato: it forwards their messages to subscribers.
//
// Publishers connect to a port, or the server connects to them. Messages are those
// of metrics_talk or Zibrato, or plaintext lines.
package zeromq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive"
	"carbon/receive/memory"
	"carbon/receive/metricstalk"
	"carbon/receive/zeromq/zmtp"
	"carbon/receive/zibrato"
)

// Defaults for Options.
const (
	DefaultFormat     = Auto
	DefaultMaxMessage = zmtp.DefaultMaxMessage
	DefaultSendQueue  = zmtp.DefaultQueue
)

// Options of a Receiver. Messages, Zibrato, ZibratoFlush and Push are needed. Addresses
// are host:port; an empty address is not used.
type Options struct {
	Listen    string   // where publishers connect
	Connect   []string // publishers to connect to
	Subscribe []string // topics to subscribe to at Connect; empty: everything

	Format   string              // of messages: Auto, JSON, Lines or Zibrato; empty means DefaultFormat
	Messages *metricstalk.Format // reads JSON and lines
	Zibrato  *zibrato.Store      // reads Zibrato's messages

	ZibratoFlush time.Duration // how often the sums of Zibrato's counters are stored

	BrokerListen  string // where Zibrato's publishers connect
	BrokerPublish string // where Zibrato's subscribers connect
	BrokerStore   bool   // store the messages that the broker receives
	SendQueue     int    // messages that wait for a slow subscriber; 0 means DefaultSendQueue

	MaxMessage     int // maximum message in bytes; 0 means DefaultMaxMessage
	MaxConnections int // of each listener; 0 means receive.DefaultMaxConnections

	Push    receive.Push
	Refused *receive.Refused // nil: nothing is counted
	Logger  *slog.Logger     // nil discards
}

const (
	// unfinishedMemory bounds the memory of messages of all connections that were not
	// received completely.
	unfinishedMemory = 256 << 20

	// countersTime bounds the storing of Zibrato's counters at shutdown.
	countersTime = 5 * time.Second

	// forwardTime bounds the forwarding of queued messages at shutdown.
	forwardTime = 2 * time.Second
)

// Receiver is everything that speaks ZeroMQ. Its listeners are called zmq, zibrato
// and zibrato-out.
type Receiver struct {
	o    Options
	life *receive.Life

	subscribers []*Subscriber   // read messages
	inputs      []input         // connections that bring messages
	publisher   *zmtp.Publisher // forwards messages
	output      *receive.Server // where subscribers connect; nil: none
}

var _ receive.Receiver = (*Receiver)(nil)

// input is a receive.Server or receive.Client.
type input interface {
	receive.Receiver
	ActiveConnections() int64
}

// Open binds the ports. Serve connects to the publishers of Connect. An error of a
// port is a *receive.ListenError.
func Open(o Options) (_ *Receiver, err error) {
	if o.Refused == nil {
		o.Refused = receive.NewRefused(nil)
	}
	pool := memory.New(max(unfinishedMemory, int64(o.MaxMessage)))
	r := &Receiver{o: o, publisher: zmtp.NewPublisher(o.SendQueue, zmtp.Options{Memory: pool})}
	r.life = receive.NewLife(receive.LifeOptions{Release: r.release})
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	subscriber := func(message func([][]byte, *metric.Batch) error, topics ...string) *Subscriber {
		s := NewSubscriber(SubscriberOptions{Message: message, Topics: topics, MaxMessage: o.MaxMessage, Memory: pool, Refuse: o.Refused.Add})
		r.subscribers = append(r.subscribers, s)
		return s
	}
	for _, l := range []struct {
		name, addr string
		read       receive.Protocol
	}{
		{"zmq", o.Listen, subscriber(r.read).Serve},
		{"zibrato", o.BrokerListen, subscriber(r.forward).Serve},
	} {
		if l.addr == "" {
			continue
		}
		s, err := r.listen(l.name, l.addr, l.read)
		if err != nil {
			return nil, err
		}
		r.inputs = append(r.inputs, s)
	}
	if o.BrokerPublish != "" {
		r.output, err = r.listen("zibrato-out", o.BrokerPublish, func(_ context.Context, c receive.Conn, _ func([]metric.Datapoint) error) error {
			return r.publisher.Serve(c)
		})
		if err != nil {
			return nil, err
		}
	}
	connected := subscriber(r.read, o.Subscribe...)
	for _, addr := range o.Connect {
		r.inputs = append(r.inputs, receive.NewClient(receive.ClientOptions{Name: "zmq", Addr: addr, Protocol: connected.Serve, Push: o.Push, Logger: o.Logger}))
	}
	return r, nil
}

func (r *Receiver) listen(name, addr string, p receive.Protocol) (*receive.Server, error) {
	return receive.Listen(addr, receive.Options{Name: name, Protocol: p, Push: r.o.Push, MaxConnections: r.o.MaxConnections, Logger: r.o.Logger})
}

// Addrs implements receive.Receiver.
func (r *Receiver) Addrs() map[string]net.Addr {
	addrs := map[string]net.Addr{}
	for _, in := range r.inputs {
		maps.Copy(addrs, in.Addrs())
	}
	if r.output != nil {
		maps.Copy(addrs, r.output.Addrs())
	}
	return addrs
}

// Serve implements receive.Receiver. At shutdown it reads what was sent, stores
// Zibrato's counters, and forwards what is queued, in this order.
func (r *Receiver) Serve(ctx context.Context) error {
	return r.life.Serve(ctx, func(stopping, pushing context.Context) error {
		serving, ending := errgroup.WithContext(stopping)
		forwarding, stopForwarding := context.WithCancel(context.Background())
		defer stopForwarding()
		if r.output != nil {
			serving.Go(func() error { return receive.ServeAll(forwarding, pushing, r.output) })
		}
		serving.Go(func() error {
			defer stopForwarding()
			err := r.serveInputs(ending, pushing)
			flushing, cancel := context.WithTimeout(pushing, countersTime)
			defer cancel()
			if flushErr := r.o.Zibrato.Flush(r.push(flushing)); flushErr != nil {
				err = errors.Join(err, fmt.Errorf("counters of Zibrato lost: %w", flushErr))
			}
			sending, cancel := context.WithTimeout(pushing, forwardTime)
			defer cancel()
			r.publisher.Flush(sending)
			return err
		})
		return serving.Wait()
	})
}

// serveInputs receives until stopping is done or an input fails.
func (r *Receiver) serveInputs(stopping, pushing context.Context) error {
	serving, ending := errgroup.WithContext(stopping)
	serving.Go(func() error { return receive.ServeAll(ending, pushing, r.inputs...) })
	serving.Go(func() error { return r.o.Zibrato.Run(ending, r.o.ZibratoFlush, r.push(pushing)) })
	return serving.Wait()
}

func (r *Receiver) push(ctx context.Context) func([]metric.Datapoint) error {
	return func(points []metric.Datapoint) error { return r.o.Push(ctx, points) }
}

// Shutdown implements receive.Receiver.
func (r *Receiver) Shutdown(ctx context.Context) error { return r.life.Shutdown(ctx) }

// release closes the ports of a Receiver that was not served.
func (r *Receiver) release() error {
	err := receive.ShutdownAll(context.Background(), r.inputs...)
	if r.output != nil {
		err = errors.Join(err, r.output.Shutdown(context.Background()))
	}
	return err
}

// Samples implements receive.Receiver.
func (r *Receiver) Samples() []instrumentation.Sample {
	var connections, messages int64
	for _, in := range r.inputs {
		connections += in.ActiveConnections()
	}
	for _, s := range r.subscribers {
		messages += s.Messages()
	}
	out := r.publisher.Stats()
	samples := []instrumentation.Sample{
		instrumentation.Gauge("zeromq.connections", "Connections with ZeroMQ publishers.", float64(connections)),
		instrumentation.Counter("zeromq.messages", "Messages received.", messages),
		instrumentation.Gauge("zeromq.subscribers", "Subscribers of the broker.", float64(out.Subscribers)),
		instrumentation.Counter("zeromq.forwarded", "Messages forwarded by the broker, counted for each subscriber.", out.Sent),
		instrumentation.Counter("zeromq.dropped", "Messages dropped because a subscriber of the broker was too slow, counted for each subscriber.", out.Dropped),
	}
	return append(samples, instrumentation.ByReason("zeromq.bad", "Messages or elements of messages refused, by reason.", r.o.Refused.Counts())...)
}
