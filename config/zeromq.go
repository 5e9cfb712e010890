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

// ZeroMQConfig is the [zeromq] section: subscribers, and Zibrato's broker.
type ZeroMQConfig struct {
	Listen     string // address of the bound SUB socket, or "off"
	Connect    string // publishers to connect to, separated by commas
	Subscribe  string // topics to subscribe to at them, separated by commas; empty: everything
	Format     string // auto, json, lines or zibrato
	Prefix     string
	MaxMessage int // bytes

	MaxInflated int // bytes

	BrokerListen  string // "host:port" or "off"
	BrokerPublish string // "host:port" or "off"
	BrokerStore   bool
	SendQueue     int // messages per subscriber

	ZibratoPrefix string
	ZibratoLevels string // separated by commas; empty: all
	ZibratoFlush  time.Duration
}

var zeroMQKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.ZeroMQ.Listen }, "off"), `Address of a SUB socket to which publishers connect, such as 127.0.0.1:5555.`, ""},
	{"CONNECT", text(func(c *Config) *string { return &c.ZeroMQ.Connect }, ""), `Publishers to which the server connects, tcp://host:port, separated by commas.`, ""},
	{"SUBSCRIBE", text(func(c *Config) *string { return &c.ZeroMQ.Subscribe }, ""), `Topics to subscribe to at the publishers of CONNECT, separated by commas. Empty: everything.`, ""},
	{
		"FORMAT", choice(func(c *Config) *string { return &c.ZeroMQ.Format }, zeromq.DefaultFormat, zeromq.Auto, zeromq.JSON, zeromq.Lines, zeromq.Zibrato),
		`Format of messages. json: JSON as metrics_talk sends it, optionally compressed with zlib. lines: plaintext lines. zibrato: level|type|name|value|time|source. auto: the server detects the format of each message.`, "",
	},
	{"PREFIX", text(func(c *Config) *string { return &c.ZeroMQ.Prefix }, metricstalk.DefaultPrefix), `Prefix of names in JSON messages, including the dot.`, ""},
	{"MAX_MESSAGE", number(func(c *Config) *int { return &c.ZeroMQ.MaxMessage }, zeromq.DefaultMaxMessage, 1024, 1<<30), `Maximum size of a message in bytes. The server closes a connection that sends a larger one.`, ""},
	{"MAX_INFLATED", number(func(c *Config) *int { return &c.ZeroMQ.MaxInflated }, metricstalk.DefaultMaxInflated, 1024, 1<<30), `Maximum size of a message in bytes after decompression. Larger ones are refused.`, ""},
	{"BROKER_LISTEN", address(func(c *Config) *string { return &c.ZeroMQ.BrokerListen }, "off"), `Address of Zibrato's broker to which publishers connect, such as 127.0.0.1:5550.`, ""},
	{
		"BROKER_PUBLISH", address(func(c *Config) *string { return &c.ZeroMQ.BrokerPublish }, "off"),
		`Address of Zibrato's broker to which subscribers connect, such as 127.0.0.1:5551. The broker forwards each message unchanged to the subscribers of its topic.`, "",
	},
	{"BROKER_STORE", boolean(func(c *Config) *bool { return &c.ZeroMQ.BrokerStore }, true), `Store the messages that the broker receives. False: only forward them.`, ""},
	{"SEND_QUEUE", number(func(c *Config) *int { return &c.ZeroMQ.SendQueue }, zeromq.DefaultSendQueue, 1, 100_000), `Maximum number of messages queued for each subscriber of the broker. Further ones are dropped and counted.`, ""},
	{"ZIBRATO_PREFIX", text(func(c *Config) *string { return &c.ZeroMQ.ZibratoPrefix }, zibrato.DefaultPrefix), `Prefix of the names of Zibrato messages, including the dot. The source and the name follow.`, ""},
	{"ZIBRATO_LEVELS", text(func(c *Config) *string { return &c.ZeroMQ.ZibratoLevels }, ""), `Prefixes of the levels to store, separated by commas. Empty: all levels.`, ""},
	{"ZIBRATO_FLUSH", duration(func(c *Config) *time.Duration { return &c.ZeroMQ.ZibratoFlush }, zibrato.DefaultFlush), `Interval at which the sums of Zibrato counters are stored, at least 1s.`, ""},
}

// validate checks the addresses and ZIBRATO_FLUSH.
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

// Endpoint converts a ZeroMQ endpoint, tcp://host:port or host:port, to an address. A
// host * means all interfaces; a port * means any free port.
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
