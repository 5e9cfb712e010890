package config

// CarbonConfig is carbon's ways in besides the line port, in the [cache] section.
type CarbonConfig struct {
	PickleInterface string
	PicklePort      int // 0: none
	PickleMaxLength int // bytes of a frame

	ProtobufInterface string
	ProtobufPort      int // 0: none

	QueryInterface string
	QueryPort      int // 0: none

	UseWhitelist  bool   // and the blacklist
	WhitelistsDir string // empty: where carbon.conf is

	AMQP             bool
	AMQPHost         string
	AMQPPort         int
	AMQPVHost        string
	AMQPUser         string
	AMQPPassword     string
	AMQPExchange     string
	AMQPNameInBody   bool
	AMQPBindPatterns string // with commas between them
	AMQPQueue        string // empty: one that ends with the connection
	AMQPTLS          bool

	UDP          bool
	UDPInterface string
	UDPPort      int
}

var carbonDefaults = CarbonConfig{
	PicklePort:      2004,
	PickleMaxLength: 1 << 20,
	UDPPort:         2003,

	AMQPHost:         "localhost",
	AMQPPort:         5672,
	AMQPVHost:        "/",
	AMQPUser:         "guest",
	AMQPPassword:     "guest",
	AMQPExchange:     "graphite",
	AMQPBindPatterns: "#",
}

var carbonKeys = []configKey{
	text("cache", "PICKLE_RECEIVER_INTERFACE", func(c *Config) *string { return &c.Carbon.PickleInterface }),
	number("cache", "PICKLE_RECEIVER_PORT", func(c *Config) *int { return &c.Carbon.PicklePort }, 0, 65535),
	number("cache", "PICKLE_RECEIVER_MAX_LENGTH", func(c *Config) *int { return &c.Carbon.PickleMaxLength }, 1024, 64<<20),
	text("cache", "PROTOBUF_RECEIVER_INTERFACE", func(c *Config) *string { return &c.Carbon.ProtobufInterface }),
	number("cache", "PROTOBUF_RECEIVER_PORT", func(c *Config) *int { return &c.Carbon.ProtobufPort }, 0, 65535),
	text("cache", "CACHE_QUERY_INTERFACE", func(c *Config) *string { return &c.Carbon.QueryInterface }),
	number("cache", "CACHE_QUERY_PORT", func(c *Config) *int { return &c.Carbon.QueryPort }, 0, 65535),
	boolean("cache", "USE_WHITELIST", func(c *Config) *bool { return &c.Carbon.UseWhitelist }),
	text("cache", "WHITELISTS_DIR", func(c *Config) *string { return &c.Carbon.WhitelistsDir }),
	boolean("cache", "ENABLE_AMQP", func(c *Config) *bool { return &c.Carbon.AMQP }),
	text("cache", "AMQP_HOST", func(c *Config) *string { return &c.Carbon.AMQPHost }),
	number("cache", "AMQP_PORT", func(c *Config) *int { return &c.Carbon.AMQPPort }, 1, 65535),
	text("cache", "AMQP_VHOST", func(c *Config) *string { return &c.Carbon.AMQPVHost }),
	text("cache", "AMQP_USER", func(c *Config) *string { return &c.Carbon.AMQPUser }),
	text("cache", "AMQP_PASSWORD", func(c *Config) *string { return &c.Carbon.AMQPPassword }),
	text("cache", "AMQP_EXCHANGE", func(c *Config) *string { return &c.Carbon.AMQPExchange }),
	boolean("cache", "AMQP_METRIC_NAME_IN_BODY", func(c *Config) *bool { return &c.Carbon.AMQPNameInBody }),
	text("cache", "BIND_PATTERNS", func(c *Config) *string { return &c.Carbon.AMQPBindPatterns }),
	text("cache", "AMQP_QUEUE", func(c *Config) *string { return &c.Carbon.AMQPQueue }),
	boolean("cache", "AMQP_TLS", func(c *Config) *bool { return &c.Carbon.AMQPTLS }),
	boolean("cache", "ENABLE_UDP_LISTENER", func(c *Config) *bool { return &c.Carbon.UDP }),
	text("cache", "UDP_RECEIVER_INTERFACE", func(c *Config) *string { return &c.Carbon.UDPInterface }),
	number("cache", "UDP_RECEIVER_PORT", func(c *Config) *int { return &c.Carbon.UDPPort }, 0, 65535),
}
