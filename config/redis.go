package config

import (
	"math"

	"carbon/receive/metricstalk"
	"carbon/receive/redis"
)

// RedisConfig is the [redis] section: a worker that takes datapoints from Redis lists.
type RedisConfig struct {
	Address  string // host:port or "off"
	DB       int
	Username string
	Password string
	TLS      bool
	Incoming string // list of metrics_talk messages
	Outgoing string // list of plaintext lines
	Prefix   string
	Reliable bool

	MaxMessage  int // bytes
	MaxInflated int // bytes
}

var redisKeys = []key[Config]{
	{"ADDRESS", address(func(c *Config) *string { return &c.Redis.Address }, "off"), `Address of Redis, such as 127.0.0.1:6379.`, ""},
	{"DB", number(func(c *Config) *int { return &c.Redis.DB }, 0, 0, math.MaxInt32), `Number of the database.`, ""},
	{"USERNAME", text(func(c *Config) *string { return &c.Redis.Username }, ""), `User name, for Redis with access control lists.`, ""},
	{"PASSWORD", secret(func(c *Config) *string { return &c.Redis.Password }, ""), `Password. Empty: none.`, ""},
	{"TLS", boolean(func(c *Config) *bool { return &c.Redis.TLS }, false), `Connect with TLS. The server trusts the system's certificate authorities.`, ""},
	{"INCOMING", text(func(c *Config) *string { return &c.Redis.Incoming }, redis.DefaultIncoming), `Name of the list of messages, in JSON as metrics_talk sends it. Empty: none.`, ""},
	{"OUTGOING", text(func(c *Config) *string { return &c.Redis.Outgoing }, redis.DefaultOutgoing), `Name of the list of plaintext lines. Empty: none.`, ""},
	{"MAX_MESSAGE", number(func(c *Config) *int { return &c.Redis.MaxMessage }, redis.DefaultMaxMessage, 1024, 1<<30), `Maximum size of a list element in bytes. Larger ones are dropped.`, ""},
	{"MAX_INFLATED", number(func(c *Config) *int { return &c.Redis.MaxInflated }, metricstalk.DefaultMaxInflated, 1024, 1<<30), `Maximum size of a list element in bytes after decompression. Larger ones are refused.`, ""},
	{"PREFIX", text(func(c *Config) *string { return &c.Redis.Prefix }, metricstalk.DefaultPrefix), `Prefix of names in JSON messages, including the dot.`, ""},
	{
		"RELIABLE", boolean(func(c *Config) *bool { return &c.Redis.Reliable }, true),
		`Keep elements in a second Redis list until they are in the write-ahead log, so that none is lost if the server is killed. False: remove elements as they are read.`, "",
	},
}
