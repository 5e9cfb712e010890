package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"carbon/codec/ini"
	"carbon/config"
	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/amqp"
	"carbon/receive/carbonlink"
	"carbon/receive/metricstalk"
	"carbon/receive/mmstats"
	"carbon/receive/pickle"
	"carbon/receive/plaintext"
	"carbon/receive/protobuf"
	"carbon/receive/redis"
	"carbon/receive/statsd"
	"carbon/receive/udp"
	"carbon/receive/zeromq"
	"carbon/receive/zibrato"
)

// openers lists the functions that open receivers. A function returns no receiver if
// its receiver is off.
var openers = []struct {
	setting string // flag or key, for errors; empty: the errors of open name it
	open    func(*Server) ([]receive.Receiver, error)
}{
	{"--line", (*Server).openLine},
	{"--udp", (*Server).openUDP},
	{"--pickle", (*Server).openPickle},
	{"[cache] PROTOBUF_RECEIVER_PORT", (*Server).openProtobuf},
	{"[cache] CACHE_QUERY_PORT", (*Server).openCarbonlink},
	{"[cache] ENABLE_AMQP", (*Server).openAMQP},
	{"", (*Server).openListeners},
	{"--statsd", (*Server).openStatsd},
	{"[mmstats]", (*Server).openMmstats},
	{"[zeromq]", (*Server).openZeroMQ},
	{"[redis]", (*Server).openRedis},
	{"[http]", (*Server).openIntakes},
}

// listenerSettings maps names of listeners to their keys, for receivers with several
// listeners.
var listenerSettings = map[string]string{
	"statsd-admin": "[statsd] ADMIN",
	"zmq":          "[zeromq] LISTEN",
	"zibrato":      "[zeromq] BROKER_LISTEN",
	"zibrato-out":  "[zeromq] BROKER_PUBLISH",
	"influx":       "[influx] LISTEN",
}

// openReceivers opens all receivers. They do not read before Serve.
func (s *Server) openReceivers() error {
	for _, o := range openers {
		opened, err := o.open(s)
		s.receivers = append(s.receivers, opened...) // even after an error, so that abandon closes them
		if err != nil && o.setting != "" {
			return withSetting(o.setting, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// withSetting adds the flag or key of a listener to an error.
func withSetting(setting string, err error) error {
	var listen *receive.ListenError
	if errors.As(err, &listen) {
		if own, ok := listenerSettings[listen.Name]; ok {
			setting = own
		}
		err = listen.Err
	}
	return fmt.Errorf("%s: %w", setting, err)
}

// one returns a list of one receiver, or the error.
func one[R receive.Receiver](r R, err error) ([]receive.Receiver, error) {
	if err != nil {
		return nil, err
	}
	return []receive.Receiver{r}, nil
}

// isOff reports whether an address means that there is no listener.
func isOff(addr string) bool { return addr == "off" || addr == "" }

func (s *Server) openLine() ([]receive.Receiver, error) {
	if isOff(s.config.Line) {
		return nil, nil
	}
	server, err := receive.Listen(s.config.Line, s.listenOptions("line", "line", s.config.TLS.Receivers))
	return one(lineReceiver{server}, err)
}

// lineReceiver is the plaintext listener. Its series have carbon's names.
type lineReceiver struct{ *receive.Server }

// Samples implements receive.Receiver.
func (r lineReceiver) Samples() []instrumentation.Sample {
	samples := []instrumentation.Sample{instrumentation.Gauge("activeConnections", "Open connections of senders.", float64(r.ActiveConnections()))}
	return append(samples, instrumentation.ByReason("linesBad", "Lines refused, by reason.", r.Refused())...)
}

func (s *Server) openUDP() ([]receive.Receiver, error) {
	if isOff(s.config.UDP) {
		return nil, nil
	}
	return s.listenUDP("udp", s.config.UDP)
}

func (s *Server) openPickle() ([]receive.Receiver, error) {
	if isOff(s.config.Pickle) {
		return nil, nil
	}
	return one(receive.Listen(s.config.Pickle, s.listenOptions("pickle", "pickle", s.config.TLS.Receivers)))
}

func (s *Server) openProtobuf() ([]receive.Receiver, error) {
	c := s.config.Cache
	addr := config.ListenAddress(c.ProtobufInterface, c.ProtobufPort)
	if isOff(addr) {
		return nil, nil
	}
	return one(receive.Listen(addr, s.listenOptions("protobuf", "protobuf", s.config.TLS.Receivers)))
}

// openListeners opens the listeners of [listener:NAME].
func (s *Server) openListeners() (all []receive.Receiver, err error) {
	for _, l := range s.config.Listener {
		var opened []receive.Receiver
		if l.Format == "udp" {
			opened, err = s.listenUDP(l.Name, l.Address)
		} else {
			opened, err = one(receive.Listen(l.Address, s.listenOptions(l.Name, l.Format, l.TLS)))
		}
		if err != nil {
			return all, fmt.Errorf("[listener:%s]: %w", l.Name, errors.Unwrap(err)) // the cause of a ListenError
		}
		all = append(all, opened...)
	}
	return all, nil
}

// listenOptions returns the options of a TCP listener. format is a FORMAT of
// [listener:NAME].
func (s *Server) listenOptions(name, format string, encrypted bool) receive.Options {
	refused := s.refused(name)
	o := receive.Options{
		Name:           name,
		Push:           s.pipeline.Push,
		Refused:        refused,
		MaxConnections: s.files.connections,
		IdleTimeout:    s.config.Cache.ClientIdleTimeout,
		Logger:         s.log,
	}
	if encrypted {
		o.TLS = s.tlsConfig()
	}
	switch format {
	case "pickle":
		o.Format = pickle.New(pickle.Options{MaxLength: s.config.Cache.PickleMaxLength, Refuse: refused.Add}).Read
	case "protobuf":
		o.Format = protobuf.New(protobuf.Options{Refuse: refused.Add}).Read
	default:
		o.Format = receive.Gunzip(s.lines(refused).Read)
	}
	return o
}

// listenUDP opens a listener for plaintext lines in UDP datagrams.
func (s *Server) listenUDP(name, addr string) ([]receive.Receiver, error) {
	refused := s.refused(name)
	return one(udp.Listen(addr, udp.Options{Name: name, Lines: s.lines(refused).Lines, Refused: refused, Push: s.pipeline.Push, Logger: s.log}))
}

// refused returns new counters for what a receiver refuses.
func (s *Server) refused(receiver string) *receive.Refused {
	return receive.NewRefused(s.log.With("receiver", receiver))
}

// lines returns the plaintext format.
func (s *Server) lines(refused *receive.Refused) *plaintext.Format {
	return plaintext.New(plaintext.Options{MaxLine: s.config.Limits.LineLength, Refuse: refused.Add})
}

func (s *Server) openCarbonlink() ([]receive.Receiver, error) {
	c := s.config.Cache
	addr := config.ListenAddress(c.QueryInterface, c.QueryPort)
	if isOff(addr) {
		return nil, nil
	}
	return one(carbonlink.Open(addr, carbonlink.Options{Cache: s.cache, Metadata: s.store, Logger: s.log}))
}

func (s *Server) openAMQP() ([]receive.Receiver, error) {
	c := s.config.Cache
	if !c.AMQP {
		return nil, nil
	}
	refused := s.refused("amqp")
	return one(amqp.New(amqp.Options{
		Host:       c.AMQPHost,
		Port:       c.AMQPPort,
		VHost:      c.AMQPVHost,
		User:       c.AMQPUser,
		Password:   c.AMQPPassword,
		Exchange:   c.AMQPExchange,
		Bind:       ini.List(c.AMQPBindPatterns),
		NameInBody: c.AMQPNameInBody,
		Queue:      c.AMQPQueue,
		TLS:        clientTLS(c.AMQPTLS, c.AMQPHost),
		Lines:      s.lines(refused).Lines,
		Push:       s.pipeline.Push,
		Commit:     s.pipeline.Commit,
		Refused:    refused,
		Logger:     s.log,
	}), nil)
}

// clientTLS returns the TLS settings of a connection to a host, or nil if TLS is not
// wanted.
func clientTLS(wanted bool, host string) *tls.Config {
	if !wanted {
		return nil
	}
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
}

func (s *Server) openStatsd() ([]receive.Receiver, error) {
	c := s.config.Statsd
	if isOff(c.Listen) {
		return nil, nil
	}
	admin := c.Admin
	if isOff(admin) {
		admin = ""
	}
	r, err := statsd.Open(statsd.ReceiverOptions{
		Listen: c.Listen, Admin: admin,
		Aggregator:     c.Options,
		Settings:       s.statsdSettings,
		MaxConnections: s.files.connections,
		Push:           s.pipeline.Push,
		Refused:        s.refused("statsd"),
		Logger:         s.log,
	})
	if err == nil {
		s.warnIfCoarse(c.Options.FlushInterval, r.Example())
	}
	return one(r, err)
}

// statsdSettings returns the keys of [statsd], for the config command of the management
// port.
func (s *Server) statsdSettings() []statsd.Setting {
	var settings []statsd.Setting
	for _, k := range s.config.Section("statsd") {
		settings = append(settings, statsd.Setting{Name: k.Name, Value: k.Value})
	}
	return settings
}

// warnIfCoarse logs a warning if the step of a series is longer than the flush
// interval: then each flush replaces earlier ones of the same step.
func (s *Server) warnIfCoarse(interval time.Duration, series string) {
	step := time.Duration(s.layout(series).Archives[0].Step) * time.Second
	if step > interval {
		s.log.Warn("statsd flushes are lost: the step in storage-schemas.conf is longer than the flush interval",
			"series", series, "step", step, "flush_interval", interval)
	}
}

func (s *Server) openMmstats() ([]receive.Receiver, error) {
	c := s.config.Mmstats
	if c.Glob == "" || c.Interval == 0 {
		return nil, nil
	}
	return one(mmstats.New(mmstats.Options{
		Glob:      c.Glob,
		Interval:  c.Interval,
		Prefix:    c.Prefix,
		Aggregate: c.Aggregate,
		PerFile:   c.PerFile,
		Skip:      c.Skip,
		KeepStale: c.Stale == "keep",
		Push:      s.pipeline.Push,
		Refused:   s.refused("mmstats"),
		Logger:    s.log,
	}), nil)
}

// metricsTalk returns the format of metrics_talk messages.
func (s *Server) metricsTalk(prefix string, maxInflated int, refused *receive.Refused) *metricstalk.Format {
	return metricstalk.New(metricstalk.Options{Prefix: prefix, MaxInflated: maxInflated, Lines: s.lines(refused).Lines, Refuse: refused.Add})
}

func (s *Server) openZeroMQ() ([]receive.Receiver, error) {
	c := s.config.ZeroMQ
	if isOff(c.Listen) && isOff(c.BrokerListen) && isOff(c.BrokerPublish) && c.Connect == "" {
		return nil, nil
	}
	refused := s.refused("zeromq")
	o := zeromq.Options{
		Subscribe:      ini.List(c.Subscribe),
		Format:         c.Format,
		Messages:       s.metricsTalk(c.Prefix, c.MaxInflated, refused),
		Zibrato:        zibrato.New(zibrato.Options{Prefix: c.ZibratoPrefix, Levels: ini.List(c.ZibratoLevels), Refuse: refused.Add}),
		ZibratoFlush:   c.ZibratoFlush,
		BrokerStore:    c.BrokerStore,
		SendQueue:      c.SendQueue,
		MaxMessage:     c.MaxMessage,
		MaxConnections: s.files.connections,
		Push:           s.pipeline.Push,
		Refused:        refused,
		Logger:         s.log,
	}
	for _, l := range []struct {
		endpoint string
		addr     *string
	}{{c.Listen, &o.Listen}, {c.BrokerListen, &o.BrokerListen}, {c.BrokerPublish, &o.BrokerPublish}} {
		if isOff(l.endpoint) {
			continue
		}
		var err error
		if *l.addr, err = config.Endpoint(l.endpoint); err != nil {
			return nil, err
		}
	}
	for _, endpoint := range ini.List(c.Connect) {
		addr, err := config.Endpoint(endpoint)
		if err != nil {
			return nil, err
		}
		o.Connect = append(o.Connect, addr)
	}
	return one(zeromq.Open(o))
}

func (s *Server) openRedis() ([]receive.Receiver, error) {
	c := s.config.Redis
	if isOff(c.Address) {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, fmt.Errorf("ADDRESS: %w", err)
	}
	id, err := redis.LoadID(filepath.Join(s.config.Data, "redis.id"))
	if err != nil {
		return nil, err
	}
	refused := s.refused("redis")
	return one(redis.New(redis.Options{
		Address:    c.Address,
		DB:         c.DB,
		Username:   c.Username,
		Password:   c.Password,
		TLS:        clientTLS(c.TLS, host),
		Lists:      slices.DeleteFunc([]string{c.Incoming, c.Outgoing}, func(list string) bool { return list == "" }),
		ID:         id,
		Unreliable: !c.Reliable,
		MaxMessage: c.MaxMessage,
		Message:    s.metricsTalk(c.Prefix, c.MaxInflated, refused).Read,
		Push:       s.pipeline.Push,
		Commit:     s.pipeline.Commit,
		Refused:    refused,
		Logger:     s.log,
	}), nil)
}
