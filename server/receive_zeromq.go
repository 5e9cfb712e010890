package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"carbon/codec/ini"
	"carbon/config"
	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive"
	"carbon/receive/metricstalk"
	"carbon/receive/plaintext"
	"carbon/receive/zeromq"
	"carbon/receive/zeromq/zmtp"
	"carbon/receive/zibrato"
)

// zeroMQ is everything that speaks ZeroMQ: publishers that connect or are dialled,
// and the broker. It ends as one, in the order in which messages pass.
type zeroMQ struct {
	m       *Server
	refused *receive.Refused
	talk    *metricstalk.Format
	zibrato *zibrato.Store

	subscriber, broker *zeromq.Subscriber
	publisher          *zmtp.Publisher

	listeners []*receive.Server // what publishers connect to
	clients   []*zeromq.Client
	out       *receive.Server // what subscribers connect to; nil: none

	stopping, ended chan struct{}
	stop            sync.Once
}

// unfinishedMemory is how many bytes of messages that have not come wholly may be
// held for all connections.
const unfinishedMemory = 256 << 20

// openZeroMQ listens for ZeroMQ's publishers and subscribers.
func (m *Server) openZeroMQ() (ways []receiver, err error) {
	c := m.config.ZeroMQ
	z := &zeroMQ{m: m, refused: receive.NewRefused(m.log), stopping: make(chan struct{}), ended: make(chan struct{})}
	lines := plaintext.New(plaintext.Options{MaxLine: m.config.Limits.LineLength, Bad: z.refused.Add})
	z.talk = metricstalk.New(metricstalk.Options{Prefix: c.Prefix, MaxInflated: c.MaxInflated, Lines: lines.Read, Bad: z.refused.Add})
	z.zibrato = zibrato.New(zibrato.Options{Prefix: c.ZibratoPrefix, Levels: ini.List(c.ZibratoLevels), Bad: z.refused.Add})
	memory := zmtp.NewMemory(max(unfinishedMemory, int64(c.MaxMessage)))
	z.subscriber = zeromq.NewSubscriber(zeromq.Options{Message: z.message(c.Format), MaxMessage: c.MaxMessage, Memory: memory, Bad: z.refused.Add})
	z.broker = zeromq.NewSubscriber(zeromq.Options{Message: z.forward, MaxMessage: c.MaxMessage, Memory: memory, Bad: z.refused.Add})
	z.publisher = zmtp.NewPublisher(c.SendQueue, zmtp.Options{Memory: memory})

	defer func() {
		if err != nil {
			z.shutdown(context.Background())
		}
	}()
	listen := func(setting, name, endpoint string, format receive.Format) (*receive.Server, error) {
		addr, err := config.Endpoint(endpoint)
		if err != nil {
			return nil, err
		}
		server, err := receive.Listen(addr, receive.Options{
			Name: name, Format: format, Push: m.pipeline.Push, Refused: z.refused, MaxConnections: m.files.connections, Logger: m.log,
		})
		if err != nil {
			return nil, fmt.Errorf("[zeromq] %s: listen for ZeroMQ: %w", setting, err)
		}
		ways = append(ways, receiver{name: name, addr: server.Addr(), serve: z.wait, shutdown: z.shutdown, samples: none})
		return server, nil
	}
	for _, in := range []struct {
		setting, name, endpoint string
		read                    receive.Format
	}{{"LISTEN", "zmq", c.Listen, z.subscriber.Read}, {"BROKER_LISTEN", "zibrato", c.BrokerListen, z.broker.Read}} {
		if isOff(in.endpoint) {
			continue
		}
		server, err := listen(in.setting, in.name, in.endpoint, in.read)
		if err != nil {
			return nil, err
		}
		z.listeners = append(z.listeners, server)
	}
	if !isOff(c.BrokerPublish) {
		if z.out, err = listen("BROKER_PUBLISH", "zibrato-out", c.BrokerPublish, z.publish); err != nil {
			return nil, err
		}
	}
	dialled := zeromq.NewSubscriber(zeromq.Options{Message: z.message(c.Format), Topics: ini.List(c.Subscribe), MaxMessage: c.MaxMessage, Memory: memory, Bad: z.refused.Add})
	for _, endpoint := range ini.List(c.Connect) {
		addr, err := config.Endpoint(endpoint)
		if err != nil {
			return nil, err
		}
		z.clients = append(z.clients, zeromq.NewClient(addr, dialled.Read, m.pipeline.Push, m.log))
	}
	if len(ways) == 0 && len(z.clients) == 0 {
		return nil, nil
	}
	return append(ways, receiver{name: "zeromq", serve: z.serve, shutdown: z.shutdown, samples: func() []instrumentation.Sample {
		return z.samples(z.subscriber.Messages() + z.broker.Messages() + dialled.Messages())
	}}), nil
}

func isOff(endpoint string) bool { return endpoint == "off" || endpoint == "" }

func none() []instrumentation.Sample { return nil }

// serve runs all parts until shutdown, or ctx is cancelled.
func (z *zeroMQ) serve(ctx context.Context) error {
	defer close(z.ended)
	flushing, stopFlushing := context.WithCancel(ctx)
	defer stopFlushing()
	parts, failed := errgroup.WithContext(context.Background())
	for _, l := range z.listeners {
		parts.Go(func() error { return l.Serve(ctx) })
	}
	for _, c := range z.clients {
		parts.Go(func() error { return c.Serve(ctx) })
	}
	if z.out != nil {
		parts.Go(func() error { return z.out.Serve(ctx) })
	}
	flush := func(points []metric.Datapoint) error { return z.m.pipeline.Push(ctx, points) }
	parts.Go(func() error { return z.zibrato.Run(flushing, z.m.config.ZeroMQ.ZibratoFlush, flush) })
	select {
	case <-failed.Done():
		return context.Cause(failed)
	case <-z.stopping:
	}
	stopFlushing()
	return parts.Wait()
}

func (z *zeroMQ) wait(context.Context) error {
	<-z.ended
	return nil
}

// What may take how long at shutdown, besides reading: storing what was counted, and
// forwarding what waits for subscribers of the broker.
const (
	countersTime    = 5 * time.Second
	brokerFlushTime = 2 * time.Second
)

// shutdown ends what brings messages, then stores what was counted, then ends what
// messages are forwarded to.
func (z *zeroMQ) shutdown(ctx context.Context) (err error) {
	z.stop.Do(func() {
		var ending errgroup.Group
		for _, l := range z.listeners {
			ending.Go(func() error { return l.Shutdown(ctx) })
		}
		for _, c := range z.clients {
			ending.Go(func() error { return c.Shutdown(ctx) })
		}
		err = ending.Wait()
		storing, cancel := context.WithTimeout(ctx, countersTime)
		defer cancel()
		if flushErr := z.zibrato.Flush(func(points []metric.Datapoint) error { return z.m.pipeline.Push(storing, points) }); flushErr != nil {
			err = errors.Join(err, fmt.Errorf("zibrato's counters are lost: %w", flushErr))
		}
		if z.out != nil {
			forwarding, cancel := context.WithTimeout(ctx, brokerFlushTime)
			defer cancel()
			z.publisher.Flush(forwarding)
			err = errors.Join(err, z.out.Shutdown(ctx))
		}
		close(z.stopping)
	})
	return err
}

// publish serves one subscriber of the broker.
func (z *zeroMQ) publish(r io.Reader, _ func([]metric.Datapoint) error) error {
	return z.publisher.Serve(r.(net.Conn))
}

// forward is what the broker does with a message: it passes it on as it is, and
// stores what it says.
func (z *zeroMQ) forward(frames [][]byte, batch *metric.Batch) error {
	z.publisher.Publish(frames)
	if !z.m.config.ZeroMQ.BrokerStore {
		return nil
	}
	return z.zibrato.Read(frames[len(frames)-1], batch)
}

// message reads messages of a format. Of one with many frames the last is the
// message, those before it say what it is about.
func (z *zeroMQ) message(format string) func(frames [][]byte, batch *metric.Batch) error {
	return func(frames [][]byte, batch *metric.Batch) (err error) {
		message := frames[len(frames)-1]
		switch format {
		case "json":
			_, err = z.talk.ReadJSON(message, batch)
		case "lines":
			_, err = z.talk.ReadLines(message, batch)
		case "zibrato":
			err = z.zibrato.Read(message, batch)
		default:
			if zibrato.Is(message) && !metricstalk.Is(message) {
				return z.zibrato.Read(message, batch)
			}
			_, err = z.talk.Read(message, batch)
		}
		return err
	}
}

// samples are the figures of all parts together.
func (z *zeroMQ) samples(messages int64) []instrumentation.Sample {
	connections := 0
	for _, l := range z.listeners {
		connections += int(l.Stats().ActiveConnections)
	}
	for _, c := range z.clients {
		if c.Connected() {
			connections++
		}
	}
	out := z.publisher.Stats()
	samples := []instrumentation.Sample{
		gauge("zeromq.connections", "Publishers connected by ZeroMQ.", float64(connections)),
		counter("zeromq.messages", "Messages received by ZeroMQ.", messages),
		gauge("zeromq.subscribers", "Subscribers of the broker.", float64(out.Subscribers)),
		counter("zeromq.forwarded", "Messages forwarded by the broker, once for each subscriber.", out.Sent),
		counter("zeromq.dropped", "Messages that a subscriber of the broker was too slow for.", out.Dropped),
	}
	return append(samples, byReason("zeromq.bad", "Messages by ZeroMQ, or elements of them, refused, by reason.", z.refused.Counts())...)
}
