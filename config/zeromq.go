package config

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
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

var zeroMQDefaults = ZeroMQConfig{
	Listen:        "off",
	Format:        "auto",
	Prefix:        "demo.",
	MaxMessage:    1 << 20,
	MaxInflated:   16 << 20,
	BrokerListen:  "off",
	BrokerPublish: "off",
	BrokerStore:   true,
	SendQueue:     1000,
	ZibratoPrefix: "zibrato.",
	ZibratoFlush:  10 * time.Second,
}

var zeroMQKeys = []configKey{
	text("zeromq", "LISTEN", func(c *Config) *string { return &c.ZeroMQ.Listen }),
	text("zeromq", "CONNECT", func(c *Config) *string { return &c.ZeroMQ.Connect }),
	text("zeromq", "SUBSCRIBE", func(c *Config) *string { return &c.ZeroMQ.Subscribe }),
	choice("zeromq", "FORMAT", func(c *Config) *string { return &c.ZeroMQ.Format }, "auto", "json", "lines", "zibrato"),
	text("zeromq", "PREFIX", func(c *Config) *string { return &c.ZeroMQ.Prefix }),
	number("zeromq", "MAX_MESSAGE", func(c *Config) *int { return &c.ZeroMQ.MaxMessage }, 1024, 1<<30),
	number("zeromq", "MAX_INFLATED", func(c *Config) *int { return &c.ZeroMQ.MaxInflated }, 1024, 1<<30),
	text("zeromq", "BROKER_LISTEN", func(c *Config) *string { return &c.ZeroMQ.BrokerListen }),
	text("zeromq", "BROKER_PUBLISH", func(c *Config) *string { return &c.ZeroMQ.BrokerPublish }),
	boolean("zeromq", "BROKER_STORE", func(c *Config) *bool { return &c.ZeroMQ.BrokerStore }),
	number("zeromq", "SEND_QUEUE", func(c *Config) *int { return &c.ZeroMQ.SendQueue }, 1, 100_000),
	text("zeromq", "ZIBRATO_PREFIX", func(c *Config) *string { return &c.ZeroMQ.ZibratoPrefix }),
	text("zeromq", "ZIBRATO_LEVELS", func(c *Config) *string { return &c.ZeroMQ.ZibratoLevels }),
	duration("zeromq", "ZIBRATO_FLUSH", func(c *Config) *time.Duration { return &c.ZeroMQ.ZibratoFlush }),
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
	for _, endpoint := range List(z.Connect) {
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

// List takes a list of words apart.
func List(s string) []string {
	var words []string
	for w := range strings.SplitSeq(s, ",") {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}
