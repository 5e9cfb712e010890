package statsd

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/udp"
)

// restTime bounds the last flush at shutdown.
const restTime = 10 * time.Second

// ReceiverOptions are the options of a Receiver. Listen, Push and Aggregator are needed.
type ReceiverOptions struct {
	Listen string // address for datagrams and streams
	Admin  string // address of the management port; empty: none

	// Settings are the answer of the management port's config command.
	Settings func() []Setting

	// Aggregator holds statsd's settings. Its Push, Refuse and Logger are set by Open.
	Aggregator Options

	MaxConnections int // of each TCP listener; 0 means receive.DefaultMaxConnections

	Push    receive.Push
	Refused *receive.Refused // nil: nothing is counted
	Logger  *slog.Logger     // nil discards
}

// Receiver is statsd. Its listeners are called statsd, statsd-tcp and statsd-admin.
type Receiver struct {
	*Aggregator
	refused   *receive.Refused
	life      *receive.Life
	datagrams *udp.Server
	streams   *receive.Server
	parts     []receive.Receiver // datagrams, streams and the management port
}

var _ receive.Receiver = (*Receiver)(nil)

// Open binds the ports. An error is a *receive.ListenError.
func Open(o ReceiverOptions) (_ *Receiver, err error) {
	if o.Refused == nil {
		o.Refused = receive.NewRefused(nil)
	}
	a := o.Aggregator
	a.Push, a.Refuse, a.Logger = o.Push, o.Refused.Add, o.Logger
	r := &Receiver{Aggregator: New(a), refused: o.Refused}
	r.life = receive.NewLife(receive.LifeOptions{Release: r.release})
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	if r.datagrams, err = udp.Listen(o.Listen, udp.Options{Name: "statsd", Packets: r.Packets, Logger: o.Logger}); err != nil {
		return nil, err
	}
	r.parts = append(r.parts, r.datagrams)
	if r.streams, err = receive.Listen(o.Listen, receive.Options{Name: "statsd-tcp", Format: r.Read, MaxConnections: o.MaxConnections, Logger: o.Logger}); err != nil {
		return nil, err
	}
	r.parts = append(r.parts, r.streams)
	if o.Admin != "" {
		admin := Admin{Aggregator: r.Aggregator, Settings: o.Settings}
		s, err := receive.Listen(o.Admin, receive.Options{Name: "statsd-admin", Protocol: admin.Serve, MaxConnections: o.MaxConnections, Logger: o.Logger})
		if err != nil {
			return nil, err
		}
		r.parts = append(r.parts, s)
	}
	return r, nil
}

// Addrs implements receive.Receiver.
func (r *Receiver) Addrs() map[string]net.Addr {
	addrs := map[string]net.Addr{}
	for _, p := range r.parts {
		maps.Copy(addrs, p.Addrs())
	}
	return addrs
}

// Serve implements receive.Receiver. At shutdown it reads what was sent, then flushes
// it.
func (r *Receiver) Serve(ctx context.Context) error {
	return r.life.Serve(ctx, func(stopping, pushing context.Context) error {
		flushing, stop := context.WithCancel(stopping)
		var aggregating sync.WaitGroup
		aggregating.Go(func() { r.Run(pushing, flushing.Done()) })
		err := receive.ServeAll(stopping, pushing, r.parts...)
		stop()
		aggregating.Wait()
		bounded, cancel := context.WithTimeout(pushing, restTime)
		defer cancel()
		return errors.Join(err, r.FlushRest(bounded))
	})
}

// Shutdown implements receive.Receiver.
func (r *Receiver) Shutdown(ctx context.Context) error { return r.life.Shutdown(ctx) }

// release closes the ports of a Receiver that was not served.
func (r *Receiver) release() error { return receive.ShutdownAll(context.Background(), r.parts...) }

// Samples implements receive.Receiver.
func (r *Receiver) Samples() []instrumentation.Sample {
	in, held := r.datagrams.Stats(), r.Stats()
	samples := []instrumentation.Sample{
		instrumentation.Counter("statsd.packets", "Packets received, as datagrams and over TCP.", held.Packets),
		instrumentation.Counter("statsd.lines", "Lines received.", held.Lines),
		instrumentation.Counter("statsd.badLines", "Lines and values that statsd calls bad lines.", held.BadLines),
		instrumentation.Counter("statsd.dropped", udp.DroppedHelp, in.Dropped),
		instrumentation.Gauge("statsd.activeConnections", "Open TCP connections of senders.", float64(r.streams.ActiveConnections())),
		instrumentation.Gauge("statsd.counters", "Counters in memory.", float64(held.Counters)),
		instrumentation.Gauge("statsd.timers", "Timers in memory.", float64(held.Timers)),
		instrumentation.Gauge("statsd.gauges", "Gauges in memory.", float64(held.Gauges)),
		instrumentation.Gauge("statsd.sets", "Sets in memory.", float64(held.Sets)),
		instrumentation.Gauge("statsd.memory", "Approximate memory of all of them in bytes.", float64(held.Memory)),
	}
	return append(samples, instrumentation.ByReason("statsd.refused", "Lines and values refused, by reason.", r.refused.Counts())...)
}
