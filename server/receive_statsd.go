package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/statsd"
	"carbon/receive/udp"
)

// statsdFlushTime is how long the last flush may wait for room.
const statsdFlushTime = 10 * time.Second

// openStatsd listens for statsd's clients, in datagrams and over TCP, and for its
// management port.
func (m *Server) openStatsd() ([]receiver, error) {
	c := m.config.Statsd
	if c.Listen == "off" {
		return nil, nil
	}
	refused := receive.NewRefused(m.log.With("receiver", "statsd"))
	o := c.Options
	o.Push, o.Bad, o.Logger = m.pipeline.Push, refused.Add, m.log
	daemon := statsd.New(o)
	m.warnOfCoarse(o.FlushInterval, daemon.Example())

	datagrams, err := udp.Listen(c.Listen, udp.Options{Name: "statsd", Packets: daemon.Packets, Logger: m.log})
	if err != nil {
		return nil, fmt.Errorf("--statsd: listen for statsd: %w", err)
	}
	ways := []receiver{{name: "statsd", addr: datagrams.Addr(), serve: datagrams.Serve, shutdown: datagrams.Shutdown, samples: noSamples}}
	listen := func(setting, name, addr string, format receive.Format) (*receive.Server, error) {
		server, err := receive.Listen(addr, receive.Options{
			Name: name, Format: format, MaxConnections: m.files.connections, Logger: m.log,
		})
		if err != nil {
			return nil, fmt.Errorf("%s: listen for %s: %w", setting, name, err)
		}
		ways = append(ways, receiver{name: name, addr: server.Addr(), serve: server.Serve, shutdown: server.Shutdown, samples: noSamples})
		return server, nil
	}
	streams, err := listen("--statsd", "statsd-tcp", c.Listen, daemon.Read)
	if err != nil {
		return ways, err
	}
	if c.Admin != "off" {
		admin := statsd.Admin{Aggregator: daemon, Settings: m.statsdSettings}
		if _, err := listen("[statsd] ADMIN", "statsd-admin", c.Admin, admin.Read); err != nil {
			return ways, err
		}
	}
	ways[0] = statsdReceiver(daemon, datagrams, streams, refused)
	return ways, nil
}

// statsdReceiver ties the aggregator to its listeners: its end comes after theirs, and
// flushes what they took.
func statsdReceiver(daemon *statsd.Aggregator, datagrams *udp.Server, streams *receive.Server, refused *receive.Refused) receiver {
	return receiver{
		name: "statsd",
		addr: datagrams.Addr(),
		serve: func(ctx context.Context) error {
			stop := make(chan struct{})
			var running sync.WaitGroup
			running.Go(func() { daemon.Run(ctx, stop) })
			err := datagrams.Serve(ctx)
			close(stop)
			running.Wait()
			return err
		},
		shutdown: func(ctx context.Context) error {
			var ending sync.WaitGroup
			var streamsErr error
			ending.Go(func() { streamsErr = streams.Shutdown(ctx) })
			err := datagrams.Shutdown(ctx)
			ending.Wait()
			bounded, cancel := context.WithTimeout(ctx, statsdFlushTime)
			defer cancel()
			return errors.Join(err, streamsErr, daemon.FlushRest(bounded))
		},
		samples: func() []instrumentation.Sample {
			in, held := datagrams.Stats(), daemon.Stats()
			samples := []instrumentation.Sample{
				counter("statsd.packets", "Packets of statsd's clients, in datagrams and over TCP.", held.Packets),
				counter("statsd.lines", "Lines in them.", held.Lines),
				counter("statsd.badLines", "Measurements that statsd itself would call bad.", held.BadLines),
				counter("statsd.dropped", "Datagrams that the kernel dropped because the server did not read them in time.", in.Dropped),
				gauge("statsd.activeConnections", "Open connections of statsd's clients.", float64(streams.Stats().ActiveConnections)),
				gauge("statsd.counters", "Counters held.", float64(held.Counters)),
				gauge("statsd.timers", "Timers held.", float64(held.Timers)),
				gauge("statsd.gauges", "Gauges held.", float64(held.Gauges)),
				gauge("statsd.sets", "Sets held.", float64(held.Sets)),
				gauge("statsd.memory", "Bytes that all of them take, about.", float64(held.Memory)),
			}
			return append(samples, byReason("statsd.refused", "Measurements refused, by reason.", refused.Counts())...)
		},
	}
}

// warnOfCoarse says if several flushes fall into one slot of a file, where only the
// last of them stays.
func (m *Server) warnOfCoarse(interval time.Duration, series string) {
	archives := m.layout(series).Archives
	if step := time.Duration(archives[0].Step) * time.Second; step > interval {
		m.log.Warn("statsd: storage-schemas.conf keeps a point less often than statsd flushes, so that most flushes are replaced by the next",
			"series", series, "step", step, "flushInterval", interval)
	}
}

// noSamples is for a receiver that another counts for.
func noSamples() []instrumentation.Sample { return nil }

// statsdSettings are the answer of the management port's config command.
func (m *Server) statsdSettings() []statsd.Setting {
	var settings []statsd.Setting
	for _, k := range m.config.Section("statsd") {
		settings = append(settings, statsd.Setting{Name: k.Name, Value: k.Value})
	}
	return settings
}
