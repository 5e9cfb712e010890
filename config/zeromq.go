package config

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"carbon/codec/ini"
	"carbon/receive/metricstalk"
	"carbon/receive/zeromq"
	"carbon/receive/zibrato"
)

// ZeroMQConfig is the [zeromq] section: publishers, and a broker for Zibrato's.
type ZeroMQConfig struct {
	Listen     string // a bound subscriber, "host:port" or "off"
	Connect    string // publishers to dial, separated by commas
	Subscribe  string // topics for them, separated by commas; empty: everything
	Format     string // auto, json, lines or zibrato
	Prefix     string
	MaxMessage int // bytes

	MaxInflated int // bytes

	BrokerListen  string // "host:port" or "off"
	BrokerPublish string // "host:port" or "off"
	BrokerStore   bool
	SendQueue     int // messages for each subscriber

	ZibratoPrefix string
	ZibratoLevels string // separated by commas; empty: all
	ZibratoFlush  time.Duration
}

var zeroMQKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.ZeroMQ.Listen }, "off"), `Address to which publishers connect (a bound SUB socket), such as 127.0.0.1:5555.`, ""},
	{"CONNECT", text(func(c *Config) *string { return &c.ZeroMQ.Connect }, ""), `Publishers to connect to, tcp://host:port, separated by commas.`, ""},
	{"SUBSCRIBE", text(func(c *Config) *string { return &c.ZeroMQ.Subscribe }, ""), `Topics to subscribe to at the publishers of CONNECT, separated by commas. Empty: everything.`, ""},
	{
		"FORMAT", choice(func(c *Config) *string { return &c.ZeroMQ.Format }, zeromq.DefaultFormat, zeromq.Auto, zeromq.JSON, zeromq.Lines, zeromq.Zibrato),
		`Format of messages. json: as metrics_talk sends it, compressed by zlib or not; lines: plaintext lines; zibrato: level|type|name|value|time|source; auto: recognized by their content.`, "",
	},
	{"PREFIX", text(func(c *Config) *string { return &c.ZeroMQ.Prefix }, metricstalk.DefaultPrefix), `Beginning of the names in JSON messages.`, ""},
	{"MAX_MESSAGE", number(func(c *Config) *int { return &c.ZeroMQ.MaxMessage }, zeromq.DefaultMaxMessage, 1024, 1<<30), `Maximum message in bytes. A longer one ends its connection.`, ""},
	{"MAX_INFLATED", number(func(c *Config) *int { return &c.ZeroMQ.MaxInflated }, metricstalk.DefaultMaxInflated, 1024, 1<<30), `Maximum message in bytes after decompression.`, ""},
	{"BROKER_LISTEN", address(func(c *Config) *string { return &c.ZeroMQ.BrokerListen }, "off"), `Address of Zibrato's broker to which publishers connect, such as 127.0.0.1:5550.`, ""},
	{
		"BROKER_PUBLISH", address(func(c *Config) *string { return &c.ZeroMQ.BrokerPublish }, "off"),
		`Address of the broker to which subscribers connect, such as 127.0.0.1:5551. Each message is forwarded unchanged to those that have subscribed to its beginning.`, "",
	},
	{"BROKER_STORE", boolean(func(c *Config) *bool { return &c.ZeroMQ.BrokerStore }, true), `Store the messages that the broker receives.`, ""},
	{"SEND_QUEUE", number(func(c *Config) *int { return &c.ZeroMQ.SendQueue }, zeromq.DefaultSendQueue, 1, 100_000), `Number of messages that wait for a slow subscriber. Further ones are dropped and counted.`, ""},
	{"ZIBRATO_PREFIX", text(func(c *Config) *string { return &c.ZeroMQ.ZibratoPrefix }, zibrato.DefaultPrefix), `Beginning of Zibrato's names; source and name follow.`, ""},
	{"ZIBRATO_LEVELS", text(func(c *Config) *string { return &c.ZeroMQ.ZibratoLevels }, ""), `Beginnings of the levels to store, separated by commas. Empty: all.`, ""},
	{"ZIBRATO_FLUSH", duration(func(c *Config) *time.Duration { return &c.ZeroMQ.ZibratoFlush }, zibrato.DefaultFlush), `How often sums of counters are stored.`, ""},
}

// validate finds what no socket could be made of.
func (z ZeroMQConfig) validate() error {
	for key, endpoint := range map[string]string{"LISTEN": z.Listen, "BROKER_LISTEN": z.BrokerListen, "BROKER_PUBLISH": z.BrokerPublish} {
		if endpoint == "off" || endpoint == "" {
			continue
		}
		if _, err := Endpoint(endpoint); err != nil {
			return fmt.Errorf("[zeromq] %s: %w", key, err)
		}
	}
	for _, endpoint := range ini.List(z.Connect) {
		if _, err := Endpoint(endpoint); err != nil {
			return fmt.Errorf("[zeromq] CONNECT: %w", err)
		}
	}
	if z.ZibratoFlush < time.Second {
		return errors.New("[zeromq] ZIBRATO_FLUSH: want at least 1s")
	}
	return nil
}

// Endpoint makes an address of a ZeroMQ endpoint: tcp://host:port, where *
// is every interface; the transport may be left out.
func Endpoint(endpoint string) (string, error) {
	addr := strings.TrimPrefix(endpoint, "tcp://")
	host, port, err := net.SplitHostPort(addr)
	if err != nil || strings.Contains(addr, "/") {
		return "", fmt.Errorf("%q: want tcp://host:port", endpoint)
	}
	if host == "*" {
		host = ""
	}
	if port == "*" {
		port = "0"
	}
	return net.JoinHostPort(host, port), nil
}
