package config

import (
	"math"

	"carbon/receive/metricstalk"
	"carbon/receive/redis"
)

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

	MaxMessage  int // bytes
	MaxInflated int // bytes
}

var redisKeys = []key[Config]{
	{"ADDRESS", address(func(c *Config) *string { return &c.Redis.Address }, "off"), `Address of Redis, such as 127.0.0.1:6379.`, ""},
	{"DB", number(func(c *Config) *int { return &c.Redis.DB }, 0, 0, math.MaxInt32), `Number of the database.`, ""},
	{"USERNAME", text(func(c *Config) *string { return &c.Redis.Username }, ""), `User, for Redis with ACLs.`, ""},
	{"PASSWORD", secret(func(c *Config) *string { return &c.Redis.Password }, ""), `Password. Empty: none.`, ""},
	{"TLS", boolean(func(c *Config) *bool { return &c.Redis.TLS }, false), `Connect with TLS, and trust the system's certificates.`, ""},
	{"INCOMING", text(func(c *Config) *string { return &c.Redis.Incoming }, redis.DefaultIncoming), `List of messages as in [zeromq]. Empty: none.`, ""},
	{"OUTGOING", text(func(c *Config) *string { return &c.Redis.Outgoing }, redis.DefaultOutgoing), `List of plaintext lines. Empty: none.`, ""},
	{"MAX_MESSAGE", number(func(c *Config) *int { return &c.Redis.MaxMessage }, redis.DefaultMaxMessage, 1024, 1<<30), `Maximum element in bytes. Longer ones are dropped.`, ""},
	{"MAX_INFLATED", number(func(c *Config) *int { return &c.Redis.MaxInflated }, metricstalk.DefaultMaxInflated, 1024, 1<<30), `Maximum element in bytes after decompression.`, ""},
	{"PREFIX", text(func(c *Config) *string { return &c.Redis.Prefix }, metricstalk.DefaultPrefix), `Beginning of the names in JSON messages.`, ""},
	{
		"RELIABLE", boolean(func(c *Config) *bool { return &c.Redis.Reliable }, true),
		`Move each element to a list of this server's own until it is in the write-ahead log. Nothing is lost then when the server or Redis is killed.`, "",
	},
}
