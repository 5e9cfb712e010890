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
	WriteDelay               time.Duration // 0: store points at once
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
	AMQPQueue        string // empty: a queue that the broker deletes with the connection
	AMQPTLS          bool

	UDP          bool
	UDPInterface string
	UDPPort      int
}

var cacheKeys = []key[Config]{
	{
		"STORAGE_DIR", text(func(c *Config) *string { return &c.Cache.StorageDir }, ""),
		`Data directory: the write-ahead log, carbon.db and, unless LOCAL_DATA_DIR is set, the whisper tree. --data DIR overrides it. Empty: the parent of LOCAL_DATA_DIR, or ./data if that is empty too.`, "",
	},
	{
		"LOCAL_DATA_DIR", text(func(c *Config) *string { return &c.Cache.LocalDataDir }, ""),
		`Directory of the whisper tree. --data DIR overrides it with DIR/whisper. Empty: STORAGE_DIR/whisper.`, "",
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
		`Accept plaintext lines in UDP datagrams. The server drops datagrams that it cannot accept, and counts them.`, "",
	},
	{"UDP_RECEIVER_INTERFACE", text(func(c *Config) *string { return &c.Cache.UDPInterface }, ""), `Address of the UDP listener. Empty: all interfaces.`, ""},
	{"UDP_RECEIVER_PORT", port(func(c *Config) *int { return &c.Cache.UDPPort }, 2003), `Port of the UDP listener, used if ENABLE_UDP_LISTENER is True.`, ""},
	{"PICKLE_RECEIVER_INTERFACE", text(func(c *Config) *string { return &c.Cache.PickleInterface }, ""), `Address of the pickle TCP listener. Empty: all interfaces.`, ""},
	{"PICKLE_RECEIVER_PORT", port(func(c *Config) *int { return &c.Cache.PicklePort }, 2004), `Port of the pickle TCP listener.`, ""},
	{
		"PICKLE_RECEIVER_MAX_LENGTH", number(func(c *Config) *int { return &c.Cache.PickleMaxLength }, frame.DefaultMaxLength, 1024, 64<<20),
		`Maximum pickle frame in bytes. The server closes a connection that sends a longer one.`, "",
	},
	{"PROTOBUF_RECEIVER_INTERFACE", text(func(c *Config) *string { return &c.Cache.ProtobufInterface }, ""), `Address of the Protocol Buffers TCP listener. Empty: all interfaces.`, ""},
	{
		"PROTOBUF_RECEIVER_PORT", port(func(c *Config) *int { return &c.Cache.ProtobufPort }, 0),
		`Port of the Protocol Buffers TCP listener, usually 2005.`, "",
	},
	{"CACHE_QUERY_INTERFACE", text(func(c *Config) *string { return &c.Cache.QueryInterface }, ""), `Address of the cache query (carbonlink) listener. Empty: all interfaces.`, ""},
	{
		"CACHE_QUERY_PORT", port(func(c *Config) *int { return &c.Cache.QueryPort }, 0),
		`Port of the cache query (carbonlink) listener, usually 7002. A graphite-web that reads the whisper files itself asks this port for points that are not stored yet: name it in CARBONLINK_HOSTS of graphite-web.`, "7002 by default",
	},
	{
		"USE_WHITELIST", boolean(func(c *Config) *bool { return &c.Cache.UseWhitelist }, false),
		`Refuse names that match a line of blacklist.conf and, unless whitelist.conf is missing or empty, names that match no line of whitelist.conf. Lines are regular expressions and match anywhere in a name. The server's own series are always accepted.`, "",
	},
	{"WHITELISTS_DIR", text(func(c *Config) *string { return &c.Cache.WhitelistsDir }, ""), `Directory of blacklist.conf and whitelist.conf. Empty: the directory of carbon.conf.`, ""},
	{
		"ENABLE_AMQP", boolean(func(c *Config) *bool { return &c.Cache.AMQP }, false),
		`Consume plaintext lines from an AMQP broker, such as RabbitMQ.`, "",
	},
	{"AMQP_HOST", text(func(c *Config) *string { return &c.Cache.AMQPHost }, amqp.DefaultHost), `Host of the broker.`, ""},
	{"AMQP_PORT", number(func(c *Config) *int { return &c.Cache.AMQPPort }, amqp.DefaultPort, 1, 65535), `Port of the broker.`, ""},
	{"AMQP_VHOST", text(func(c *Config) *string { return &c.Cache.AMQPVHost }, amqp.DefaultVHost), `Virtual host of the broker.`, ""},
	{"AMQP_USER", text(func(c *Config) *string { return &c.Cache.AMQPUser }, amqp.DefaultUser), `User at the broker.`, ""},
	{"AMQP_PASSWORD", secret(func(c *Config) *string { return &c.Cache.AMQPPassword }, amqp.DefaultPassword), `Password at the broker.`, ""},
	{"AMQP_EXCHANGE", text(func(c *Config) *string { return &c.Cache.AMQPExchange }, amqp.DefaultExchange), `Durable topic exchange to which the queue is bound.`, ""},
	{
		"AMQP_METRIC_NAME_IN_BODY", boolean(func(c *Config) *bool { return &c.Cache.AMQPNameInBody }, false),
		`Lines in messages begin with the metric name. False: the routing key is the metric name.`, "",
	},
	{"BIND_PATTERNS", text(func(c *Config) *string { return &c.Cache.AMQPBindPatterns }, amqp.DefaultBind), `Routing key patterns with which the queue is bound, separated by commas.`, ""},
	{
		"AMQP_QUEUE", text(func(c *Config) *string { return &c.Cache.AMQPQueue }, ""),
		`Name of a durable queue, in which the broker keeps messages while the server is down. Empty: a temporary queue, which the broker deletes when the connection ends.`, "",
	},
	{"AMQP_TLS", boolean(func(c *Config) *bool { return &c.Cache.AMQPTLS }, false), `Connect to the broker with TLS.`, ""},
	{
		"MAX_RECEIVER_CONNECTIONS", capacity(func(c *Config) *int { return &c.Cache.MaxReceiverConnections }, receive.DefaultMaxConnections),
		`Maximum number of open connections of each listener. Further clients wait until the server accepts them.`, "no limit by default",
	},
	{
		"METRIC_CLIENT_IDLE_TIMEOUT", duration(func(c *Config) *time.Duration { return &c.Cache.ClientIdleTimeout }, 0),
		`Close connections on which the client has sent nothing for this long. 0 or None: never.`, "",
	},
	{
		"MAX_CACHE_SIZE", capacity(func(c *Config) *int64 { return &c.Cache.MaxCacheSize }, cache.DefaultMaxPoints),
		`Maximum number of pending points, which are accepted and not stored yet. While the cache is full, the server stops reading from TCP connections and senders wait (back-pressure); datagrams are dropped.`, "no limit by default; with USE_FLOW_CONTROL = False a full cache drops points",
	},
	{
		"MAX_UPDATES_PER_SECOND", rate(func(c *Config) *int { return &c.Cache.MaxUpdatesPerSecond }, 0),
		`Maximum number of updates of whisper files per second. Further points wait in the cache and in the write-ahead log.`, "500 by default",
	},
	{
		"MAX_UPDATES_PER_SECOND_ON_SHUTDOWN", rate(func(c *Config) *int { return &c.Cache.MaxUpdatesOnShutdown }, 0),
		`MAX_UPDATES_PER_SECOND while the server shuts down.`, "as MAX_UPDATES_PER_SECOND by default",
	},
	{
		"MAX_CREATES_PER_MINUTE", rate(func(c *Config) *int { return &c.Cache.MaxCreatesPerMinute }, 0),
		`Maximum number of whisper files created per minute. Points of further new metrics wait in the cache and can fill it.`, "50 in its example file; points of further new metrics are dropped",
	},
	{
		"WRITE_DELAY", duration(func(c *Config) *time.Duration { return &c.Cache.WriteDelay }, ingest.DefaultWriteDelay),
		`How long a point may wait in the cache for more points of its series, which are then stored in one update. An update with thirty points costs little more than one with a single point, and queries include pending points. Points are stored earlier if their series has WRITE_POINTS of them, or if the cache or the write-ahead log is more than half full. Set a shorter delay if other programs read the whisper files. 0: store points at once.`, "",
	},
	{
		"WRITE_POINTS", number(func(c *Config) *int { return &c.Cache.WritePoints }, ingest.DefaultWritePoints, 1, 1_000_000),
		`Number of pending points at which a series is stored before WRITE_DELAY has passed.`, "",
	},
	{
		"CACHE_WRITE_STRATEGY", choice(func(c *Config) *string { return &c.Cache.WriteStrategy }, "timesorted", cache.Strategies()...),
		`Which series is stored first. timesorted and naive: the series whose oldest pending point has waited longest. sorted, max and bucketmax: the series with the most pending points. random: any. While the cache or the write-ahead log is more than half full, the server always uses timesorted.`, "sorted by default",
	},
	{
		"MIN_TIMESTAMP_RESOLUTION", number(func(c *Config) *int64 { return &c.Cache.MinTimestampResolution }, 0, 0, 86400),
		`Round timestamps down to multiples of this number of seconds. 0: do not round.`, "1 in its example file",
	},
	{
		"WHISPER_SPARSE_CREATE", boolean(func(c *Config) *bool { return &c.Cache.SparseCreate }, true),
		`Create sparse whisper files, whose disk space is allocated as they fill. WHISPER_FALLOCATE_CREATE overrides it.`, "False by default",
	},
	{
		"WHISPER_FALLOCATE_CREATE", boolean(func(c *Config) *bool { return &c.Cache.FallocateCreate }, false),
		`Allocate the disk space of new whisper files at once, with fallocate. Without it and WHISPER_SPARSE_CREATE, new files are filled with zeros.`, "True in its example file",
	},
	{
		"WHISPER_LOCK_WRITES", boolean(func(c *Config) *bool { return &c.Cache.LockWrites }, false),
		`Lock a whisper file (flock) while updating it. Needed if other programs that also lock write to the files.`, "",
	},
	{
		"WHISPER_AUTOFLUSH", boolean(func(c *Config) *bool { return &c.Cache.Autoflush }, false),
		`Sync each update of a whisper file to disk. Not needed with the write-ahead log.`, "",
	},
	{
		"CARBON_METRIC_PREFIX", text(func(c *Config) *string { return &c.Cache.MetricPrefix }, "carbon"),
		`First node of the server's own series, such as PREFIX.agents.HOST-a.metricsReceived.`, "",
	},
	{
		"CARBON_METRIC_INTERVAL", duration(func(c *Config) *time.Duration { return &c.Cache.MetricInterval }, time.Minute),
		`Interval at which the server records its own series. 0: off.`, "",
	},
}
