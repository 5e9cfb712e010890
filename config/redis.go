package config

import "math"

// RedisConfig is the [redis] section: lists that metrics are taken from.
type RedisConfig struct {
	Address  string // host:port or "off"
	DB       int
	Username string
	Password string
	TLS      bool
	Incoming string // the list of messages
	Outgoing string // the list of lines
	Prefix   string
	Reliable bool
}

var redisDefaults = RedisConfig{
	Address:  "off",
	Incoming: "incoming",
	Outgoing: "outgoing",
	Prefix:   "demo.",
	Reliable: true,
}

var redisKeys = []configKey{
	text("redis", "ADDRESS", func(c *Config) *string { return &c.Redis.Address }),
	number("redis", "DB", func(c *Config) *int { return &c.Redis.DB }, 0, math.MaxInt32),
	text("redis", "USERNAME", func(c *Config) *string { return &c.Redis.Username }),
	text("redis", "PASSWORD", func(c *Config) *string { return &c.Redis.Password }),
	boolean("redis", "TLS", func(c *Config) *bool { return &c.Redis.TLS }),
	text("redis", "INCOMING", func(c *Config) *string { return &c.Redis.Incoming }),
	text("redis", "OUTGOING", func(c *Config) *string { return &c.Redis.Outgoing }),
	text("redis", "PREFIX", func(c *Config) *string { return &c.Redis.Prefix }),
	boolean("redis", "RELIABLE", func(c *Config) *bool { return &c.Redis.Reliable }),
}
