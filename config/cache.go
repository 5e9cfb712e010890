package config

import (
	"time"

	"carbon/cache"
	"carbon/ingest"
	"carbon/receive"
	"carbon/receive/amqp"
	"carbon/receive/frame"
)

// CacheConfig is the [cache] section: directories, receivers, cache and whisper files.
type CacheConfig struct {
	StorageDir, LocalDataDir string
	LineInterface            string
	LinePort                 int
	MaxCacheSize             int64 // points
	WriteStrategy            string
	MaxUpdatesPerSecond      int   // 0: no limit
	MaxUpdatesOnShutdown     int   // a second; 0: no limit
	MaxCreatesPerMinute      int   // 0: no limit
	MinTimestampResolution   int64 // seconds; 0: as sent
	SparseCreate             bool
	FallocateCreate          bool
	LockWrites               bool
	Autoflush                bool
	MaxReceiverConnections   int
	ClientIdleTimeout        time.Duration // 0: never
	MetricPrefix             string
	MetricInterval           time.Duration // 0: off
	WriteDelay               time.Duration // 0: points are written at once
	WritePoints              int

	PickleInterface string
	PicklePort      int // 0: off
	PickleMaxLength int // bytes of a frame

	ProtobufInterface string
	ProtobufPort      int // 0: off

	QueryInterface string
	QueryPort      int // 0: off

	UseWhitelist  bool   // and the blacklist
	WhitelistsDir string // empty: the directory of carbon.conf

	AMQP             bool
	AMQPHost         string
	AMQPPort         int
	AMQPVHost        string
	AMQPUser         string
	AMQPPassword     string
	AMQPExchange     string
	AMQPNameInBody   bool
	AMQPBindPatterns string // separated by commas
	AMQPQueue        string // empty: one that ends with the connection
	AMQPTLS          bool

	UDP          bool
	UDPInterface string
	UDPPort      int
}

var cacheKeys = []key[Config]{
	{
		"STORAGE_DIR", text(func(c *Config) *string { return &c.Cache.StorageDir }, ""),
		`Directory for everything that is kept. --data DIR replaces it. Empty: the parent of LOCAL_DATA_DIR, else ./data.`, "",
	},
	{
		"LOCAL_DATA_DIR", text(func(c *Config) *string { return &c.Cache.LocalDataDir }, ""),
		`Directory of the whisper tree. --data DIR replaces it by DIR/whisper. Empty: STORAGE_DIR/whisper.`, "",
	},
	{
		"LINE_RECEIVER_INTERFACE", text(func(c *Config) *string { return &c.Cache.LineInterface }, ""),
		`Address of the plaintext TCP listener. Empty: all interfaces.`, "",
	},
	{
		"LINE_RECEIVER_PORT", port(func(c *Config) *int { return &c.Cache.LinePort }, 2003),
		`Port of the plaintext TCP listener.`, "",
	},
	{
		"ENABLE_UDP_LISTENER", boolean(func(c *Config) *bool { return &c.Cache.UDP }, false),
		`Listen for plaintext lines in UDP datagrams. The server counts datagrams that it has to drop.`, "",
	},
	{"UDP_RECEIVER_INTERFACE", text(func(c *Config) *string { return &c.Cache.UDPInterface }, ""), `Address of the UDP listener. Empty: all interfaces.`, ""},
	{"UDP_RECEIVER_PORT", port(func(c *Config) *int { return &c.Cache.UDPPort }, 2003), `Port of the UDP listener.`, ""},
	{"PICKLE_RECEIVER_INTERFACE", text(func(c *Config) *string { return &c.Cache.PickleInterface }, ""), `Address of the pickle TCP listener. Empty: all interfaces.`, ""},
	{"PICKLE_RECEIVER_PORT", port(func(c *Config) *int { return &c.Cache.PicklePort }, 2004), `Port of the pickle TCP listener.`, ""},
	{
		"PICKLE_RECEIVER_MAX_LENGTH", number(func(c *Config) *int { return &c.Cache.PickleMaxLength }, frame.DefaultMaxLength, 1024, 64<<20),
		`Maximum pickle frame in bytes. A longer frame closes the connection.`, "",
	},
	{"PROTOBUF_RECEIVER_INTERFACE", text(func(c *Config) *string { return &c.Cache.ProtobufInterface }, ""), `Address of the Protocol Buffers TCP listener. Empty: all interfaces.`, ""},
	{
		"PROTOBUF_RECEIVER_PORT", port(func(c *Config) *int { return &c.Cache.ProtobufPort }, 0),
		`Port of the Protocol Buffers TCP listener, by custom 2005.`, "",
	},
	{"CACHE_QUERY_INTERFACE", text(func(c *Config) *string { return &c.Cache.QueryInterface }, ""), `Address of the cache query (carbonlink) listener. Empty: all interfaces.`, ""},
	{
		"CACHE_QUERY_PORT", port(func(c *Config) *int { return &c.Cache.QueryPort }, 0),
		`Port of the cache query (carbonlink) listener, by custom 7002. A graphite-web that reads the whisper files beside this server asks it for points that are not stored yet (its CARBONLINK_HOSTS).`, "listens on 7002 by default",
	},
	{
		"USE_WHITELIST", boolean(func(c *Config) *bool { return &c.Cache.UseWhitelist }, false),
		`Refuse names that a line of blacklist.conf matches and, if whitelist.conf has any line, names that no line of it matches. Lines are regular expressions, searched anywhere in the name. The server's own series always pass.`, "",
	},
	{"WHITELISTS_DIR", text(func(c *Config) *string { return &c.Cache.WhitelistsDir }, ""), `Directory of both lists. Empty: that of carbon.conf.`, ""},
	{
		"ENABLE_AMQP", boolean(func(c *Config) *bool { return &c.Cache.AMQP }, false),
		`Consume plaintext lines from an AMQP broker, such as RabbitMQ.`, "",
	},
	{"AMQP_HOST", text(func(c *Config) *string { return &c.Cache.AMQPHost }, amqp.DefaultHost), `Host of the broker.`, ""},
	{"AMQP_PORT", number(func(c *Config) *int { return &c.Cache.AMQPPort }, amqp.DefaultPort, 1, 65535), `Port of the broker.`, ""},
	{"AMQP_VHOST", text(func(c *Config) *string { return &c.Cache.AMQPVHost }, amqp.DefaultVHost), `Virtual host of the broker.`, ""},
	{"AMQP_USER", text(func(c *Config) *string { return &c.Cache.AMQPUser }, amqp.DefaultUser), `User at the broker.`, ""},
	{"AMQP_PASSWORD", secret(func(c *Config) *string { return &c.Cache.AMQPPassword }, amqp.DefaultPassword), `Password at the broker.`, ""},
	{"AMQP_EXCHANGE", text(func(c *Config) *string { return &c.Cache.AMQPExchange }, amqp.DefaultExchange), `Durable topic exchange to bind to.`, ""},
	{
		"AMQP_METRIC_NAME_IN_BODY", boolean(func(c *Config) *bool { return &c.Cache.AMQPNameInBody }, false),
		`Take the metric's name from the message body. False: the routing key is the name.`, "",
	},
	{"BIND_PATTERNS", text(func(c *Config) *string { return &c.Cache.AMQPBindPatterns }, amqp.DefaultBind), `Patterns of routing keys to bind to, separated by commas.`, ""},
	{
		"AMQP_QUEUE", text(func(c *Config) *string { return &c.Cache.AMQPQueue }, ""),
		`Name of a durable queue. The broker keeps messages in it while the server is away. Empty: a queue that ends with the connection.`, "",
	},
	{"AMQP_TLS", boolean(func(c *Config) *bool { return &c.Cache.AMQPTLS }, false), `Connect to the broker with TLS.`, ""},
	{
		"MAX_RECEIVER_CONNECTIONS", capacity(func(c *Config) *int { return &c.Cache.MaxReceiverConnections }, receive.DefaultMaxConnections),
		`Maximum number of connections of each listener. Further clients wait to be accepted.`, "no limit by default",
	},
	{
		"METRIC_CLIENT_IDLE_TIMEOUT", duration(func(c *Config) *time.Duration { return &c.Cache.ClientIdleTimeout }, 0),
		`Close connections that have sent nothing for this long. 0 or None: never.`, "",
	},
	{
		"MAX_CACHE_SIZE", capacity(func(c *Config) *int64 { return &c.Cache.MaxCacheSize }, cache.DefaultMaxPoints),
		`Maximum number of points in memory that are not stored yet. While the cache is full, the server stops reading from TCP and senders wait (back-pressure); it drops nothing.`, "no limit by default; a full cache drops points unless USE_FLOW_CONTROL",
	},
	{
		"MAX_UPDATES_PER_SECOND", rate(func(c *Config) *int { return &c.Cache.MaxUpdatesPerSecond }, 0),
		`Maximum number of whisper updates per second. Points beyond it wait in the cache and in the write-ahead log.`, "500 in its example file",
	},
	{
		"MAX_UPDATES_PER_SECOND_ON_SHUTDOWN", rate(func(c *Config) *int { return &c.Cache.MaxUpdatesOnShutdown }, 0),
		`The same limit while the server shuts down.`, "",
	},
	{
		"MAX_CREATES_PER_MINUTE", rate(func(c *Config) *int { return &c.Cache.MaxCreatesPerMinute }, 0),
		`Maximum number of whisper files created per minute. Points of further new metrics wait in the cache; many of them can fill it.`, "50 in its example file; drops points of further new metrics",
	},
	{
		"WRITE_DELAY", duration(func(c *Config) *time.Duration { return &c.Cache.WriteDelay }, ingest.DefaultWriteDelay),
		`How long points of a series gather before they are written. One update of a whisper file with thirty points costs little more than one with a single point, and queries see waiting points. Points are written earlier when a series has WRITE_POINTS of them, or when the cache or the write-ahead log fill up. If other programs read the files, wait less; 0: write at once.`, "",
	},
	{
		"WRITE_POINTS", number(func(c *Config) *int { return &c.Cache.WritePoints }, ingest.DefaultWritePoints, 1, 1_000_000),
		`Number of waiting points at which a series is written before WRITE_DELAY has passed.`, "",
	},
	{
		"CACHE_WRITE_STRATEGY", choice(func(c *Config) *string { return &c.Cache.WriteStrategy }, "timesorted", cache.Strategies()...),
		`Which of the series that are due is written first. timesorted: the one that has waited longest; sorted, max, bucketmax: the one with the most points; naive: in the order of arrival; random. When the write-ahead log fills up, it is always timesorted.`, "sorted by default",
	},
	{
		"MIN_TIMESTAMP_RESOLUTION", number(func(c *Config) *int64 { return &c.Cache.MinTimestampResolution }, 0, 0, 86400),
		`Round timestamps down to multiples of this many seconds. 0: keep them.`, "",
	},
	{
		"WHISPER_SPARSE_CREATE", boolean(func(c *Config) *bool { return &c.Cache.SparseCreate }, true),
		`Create sparse whisper files, which take disk space as they fill.`, "False by default",
	},
	{
		"WHISPER_FALLOCATE_CREATE", boolean(func(c *Config) *bool { return &c.Cache.FallocateCreate }, false),
		`Reserve the disk space of new whisper files by fallocate. It wins over WHISPER_SPARSE_CREATE.`, "True in its example file",
	},
	{
		"WHISPER_LOCK_WRITES", boolean(func(c *Config) *bool { return &c.Cache.LockWrites }, false),
		`Hold a file's advisory lock (flock) while updating it, for other programs that lock too.`, "",
	},
	{
		"WHISPER_AUTOFLUSH", boolean(func(c *Config) *bool { return &c.Cache.Autoflush }, false),
		`Sync each update to disk. The write-ahead log makes this unnecessary.`, "",
	},
	{
		"CARBON_METRIC_PREFIX", text(func(c *Config) *string { return &c.Cache.MetricPrefix }, "carbon"),
		`First node of the server's own series, PREFIX.agents.HOST-a and so on.`, "",
	},
	{
		"CARBON_METRIC_INTERVAL", duration(func(c *Config) *time.Duration { return &c.Cache.MetricInterval }, time.Minute),
		`Interval of the server's own series. 0: off.`, "",
	},
}
