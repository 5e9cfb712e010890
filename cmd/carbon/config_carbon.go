package main

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

	UDP          bool
	UDPInterface string
	UDPPort      int
}

var carbonDefaults = CarbonConfig{
	PicklePort:      2004,
	PickleMaxLength: 1 << 20,
	UDPPort:         2003,
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
	boolean("cache", "ENABLE_UDP_LISTENER", func(c *Config) *bool { return &c.Carbon.UDP }),
	text("cache", "UDP_RECEIVER_INTERFACE", func(c *Config) *string { return &c.Carbon.UDPInterface }),
	number("cache", "UDP_RECEIVER_PORT", func(c *Config) *int { return &c.Carbon.UDPPort }, 0, 65535),
}
