package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"carbon/cache"
)

// configKey is one key of carbon.conf. The table configKeys is the one place
// that knows them: parsing, the environment, --set and `carbon check` read it.
// The keys of a section stand together.
type configKey struct {
	section, name string
	set           func(c *Config, value string) error
	get           func(c *Config) string
}

var configKeys = slices.Concat(cacheKeys, carbonKeys, generalKeys, statsdKeys, mmstatsKeys, zeroMQKeys, redisKeys, postedKeys, authKeys)

var cacheKeys = []configKey{
	text("cache", "STORAGE_DIR", func(c *Config) *string { return &c.Cache.StorageDir }),
	text("cache", "LOCAL_DATA_DIR", func(c *Config) *string { return &c.Cache.LocalDataDir }),
	text("cache", "LINE_RECEIVER_INTERFACE", func(c *Config) *string { return &c.Cache.LineInterface }),
	number("cache", "LINE_RECEIVER_PORT", func(c *Config) *int { return &c.Cache.LinePort }, 0, 65535),
	unlimited("cache", "MAX_CACHE_SIZE", func(c *Config) *int64 { return &c.Cache.MaxCacheSize }),
	choice("cache", "CACHE_WRITE_STRATEGY", func(c *Config) *string { return &c.Cache.WriteStrategy }, cache.Strategies()...),
	rate("cache", "MAX_UPDATES_PER_SECOND", func(c *Config) *int { return &c.Cache.MaxUpdatesPerSecond }),
	rate("cache", "MAX_UPDATES_PER_SECOND_ON_SHUTDOWN", func(c *Config) *int { return &c.Cache.MaxUpdatesOnShutdown }),
	rate("cache", "MAX_CREATES_PER_MINUTE", func(c *Config) *int { return &c.Cache.MaxCreatesPerMinute }),
	duration("cache", "WRITE_DELAY", func(c *Config) *time.Duration { return &c.Cache.WriteDelay }),
	number("cache", "WRITE_POINTS", func(c *Config) *int { return &c.Cache.WritePoints }, 1, 1_000_000),
	number("cache", "MIN_TIMESTAMP_RESOLUTION", func(c *Config) *int64 { return &c.Cache.MinTimestampResolution }, 0, 86400),
	boolean("cache", "WHISPER_SPARSE_CREATE", func(c *Config) *bool { return &c.Cache.SparseCreate }),
	boolean("cache", "WHISPER_FALLOCATE_CREATE", func(c *Config) *bool { return &c.Cache.FallocateCreate }),
	boolean("cache", "WHISPER_LOCK_WRITES", func(c *Config) *bool { return &c.Cache.LockWrites }),
	boolean("cache", "WHISPER_AUTOFLUSH", func(c *Config) *bool { return &c.Cache.Autoflush }),
	unlimited("cache", "MAX_RECEIVER_CONNECTIONS", func(c *Config) *int { return &c.Cache.MaxReceiverConnections }),
	duration("cache", "METRIC_CLIENT_IDLE_TIMEOUT", func(c *Config) *time.Duration { return &c.Cache.ClientIdleTimeout }),
	text("cache", "CARBON_METRIC_PREFIX", func(c *Config) *string { return &c.Cache.MetricPrefix }),
	duration("cache", "CARBON_METRIC_INTERVAL", func(c *Config) *time.Duration { return &c.Cache.MetricInterval }),
}

var generalKeys = []configKey{
	boolean("wal", "ENABLED", func(c *Config) *bool { return &c.WAL.Enabled }),
	duration("wal", "FLUSH_INTERVAL", func(c *Config) *time.Duration { return &c.WAL.FlushInterval }),
	duration("wal", "SYNC_INTERVAL", func(c *Config) *time.Duration { return &c.WAL.SyncInterval }),
	number("wal", "SEGMENT_SIZE", func(c *Config) *int64 { return &c.WAL.SegmentSize }, 64<<10, 4<<30),
	number("wal", "MAX_SIZE", func(c *Config) *int64 { return &c.WAL.MaxSize }, 1<<20, math.MaxInt64),

	duration("storage", "RESCAN_INTERVAL", func(c *Config) *time.Duration { return &c.Storage.RescanInterval }),
	number("storage", "MAX_OPEN_FILES", func(c *Config) *int { return &c.Storage.MaxOpenFiles }, 0, math.MaxInt32),

	text("http", "LISTEN", func(c *Config) *string { return &c.Web.Listen }),
	text("http", "URL_PREFIX", func(c *Config) *string { return &c.Web.URLPrefix }),
	duration("http", "CACHE_DURATION", func(c *Config) *time.Duration { return &c.Web.CacheDuration }),
	text("http", "TIME_ZONE", func(c *Config) *string { return &c.Web.TimeZone }),

	text("tls", "CERTIFICATE", func(c *Config) *string { return &c.TLS.Certificate }),
	text("tls", "KEY", func(c *Config) *string { return &c.TLS.Key }),
	boolean("tls", "RECEIVERS", func(c *Config) *bool { return &c.TLS.Receivers }),

	number("limits", "LINE_LENGTH", func(c *Config) *int { return &c.Limits.LineLength }, 256, 1<<20),
	number("limits", "BODY_SIZE", func(c *Config) *int64 { return &c.Limits.BodySize }, 1, math.MaxInt64),
	number("limits", "TARGETS_PER_REQUEST", func(c *Config) *int { return &c.Limits.TargetsPerRequest }, 1, math.MaxInt32),
	number("limits", "SERIES_PER_QUERY", func(c *Config) *int { return &c.Limits.SeriesPerQuery }, 1, math.MaxInt32),
	number("limits", "POINTS_PER_QUERY", func(c *Config) *int64 { return &c.Limits.PointsPerQuery }, 1, math.MaxInt64),
	number("limits", "POINTS_AT_ONCE", func(c *Config) *int64 { return &c.Limits.PointsAtOnce }, 1, math.MaxInt64),
	duration("limits", "EVALUATION_TIME", func(c *Config) *time.Duration { return &c.Limits.EvaluationTime }),
	number("limits", "CONCURRENT_REQUESTS", func(c *Config) *int { return &c.Limits.ConcurrentRequests }, 1, math.MaxInt32),
	number("limits", "RECORDS_SIZE", func(c *Config) *int64 { return &c.Limits.RecordsSize }, 1<<20, math.MaxInt64),
}

// carbonOnly are keys of carbon's that a stock file may hold and that change
// nothing here, with what a person should know. Without a reason there is
// nothing to know: the server does it anyway, or has nothing of the kind.
var carbonOnly = foldKeys(map[string]string{
	"USER": "start the server as the user it should run as", "CONF_DIR": "", "LOG_DIR": "logs go to stderr", "PID_DIR": "",
	"DATABASE": "", "ENABLE_LOGROTATION": "", "USE_FLOW_CONTROL": "", "USE_INSECURE_UNPICKLER": "",
	"LOG_UPDATES": "", "LOG_CREATES": "", "LOG_CACHE_HITS": "", "LOG_CACHE_QUEUE_SORTS": "", "LOG_LISTENER_CONN_SUCCESS": "", "LOG_LISTENER_CONN_LOST": "",
	"MIN_TIMESTAMP_LAG": "see WRITE_DELAY", "WHISPER_FADVISE_RANDOM": "",
	"CERES_MAX_SLICE_GAP": "", "CERES_NODE_CACHING_BEHAVIOR": "", "CERES_SLICE_CACHING_BEHAVIOR": "", "CERES_LOCK_WRITES": "",
	"RELAY_CACHE_METRICS": "", "AMQP_VERBOSE": "", "AMQP_SPEC": "",
	"ENABLE_MANHOLE": "", "MANHOLE_INTERFACE": "", "MANHOLE_PORT": "", "MANHOLE_USER": "", "MANHOLE_PUBLIC_KEY": "", "MANHOLE_HOST_KEY_DIR": "",
	"GRAPHITE_URL": "tags are indexed here, nothing is posted", "ENABLE_TAGS": "", "SKIP_TAGS_FOR_NONTAGGED": "", "TAG_UPDATE_INTERVAL": "", "TAG_BATCH_SIZE": "",
	"TAG_QUEUE_SIZE": "", "TAG_HASH_FILENAMES": "new files always have hashed names; existing readable ones are served", "TAG_RELAY_NORMALIZED": "", "RAVEN_DSN": "",
	"TCP_KEEPALIVE": "", "TCP_KEEPIDLE": "", "TCP_KEEPINTVL": "", "TCP_KEEPCNT": "", "CACHE_METRIC_NAMES_MAX": "", "CACHE_METRIC_NAMES_TTL": "",
	"WRITE_BACK_FREQUENCY": "", "LOG_AGGREGATOR_MISSES": "", "AGGREGATION_RULES": "", "REWRITE_RULES": "", "RELAY_RULES": "",
	"MAX_DATAPOINTS_PER_MESSAGE": "", "MAX_AGGREGATION_INTERVALS": "", "FORWARD_ALL": "", "MAX_QUEUE_SIZE": "", "QUEUE_LOW_WATERMARK_PCT": "", "MAX_QUEUE_SIZE_HARD_PCT": "",
	"TIME_TO_DEFER_SENDING": "", "RELAY_METHOD": "", "DYNAMIC_ROUTER": "", "DYNAMIC_ROUTER_MAX_RETRIES": "", "ROUTER_HASH_TYPE": "", "REPLICATION_FACTOR": "",
	"DIVERSE_REPLICAS": "", "DESTINATIONS": "", "DESTINATION_PROTOCOL": "", "DESTINATION_TRANSPORT": "", "DESTINATION_SSL_CA": "", "DESTINATION_POOL_REPLICAS": "",
	"USE_RATIO_RESET": "", "MIN_RESET_STAT_FLOW": "", "MIN_RESET_RATIO": "", "MIN_RESET_INTERVAL": "",
})

// withoutEffect are, by section, the keys of other programs' files that change nothing
// here.
var withoutEffect = map[string]map[string]string{"cache": carbonOnly, "statsd": statsdOnly}

// fold brings a key to the form in which keys compare: without case and underscores.
func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func foldKeys(m map[string]string) map[string]string {
	folded := make(map[string]string, len(m))
	for k, v := range m {
		folded[fold(k)] = v
	}
	return folded
}

func findKey(section, name string) *configKey {
	for i := range configKeys {
		if k := &configKeys[i]; k.section == section && fold(k.name) == fold(name) {
			return k
		}
	}
	return nil
}

func knownSection(section string) bool {
	return section == "define" || strings.HasPrefix(section, "hash:") || strings.HasPrefix(section, "listener:") || slices.ContainsFunc(configKeys, func(k configKey) bool { return k.section == section })
}

func text(section, name string, field func(*Config) *string) configKey {
	return configKey{
		section, name,
		func(c *Config, v string) error { *field(c) = v; return nil },
		func(c *Config) string { return *field(c) },
	}
}

// choice is one of a few words.
func choice(section, name string, field func(*Config) *string, words ...string) configKey {
	k := text(section, name, field)
	k.set = func(c *Config, v string) error {
		v = strings.ToLower(v)
		if !slices.Contains(words, v) {
			return fmt.Errorf("%q: want one of %s", v, strings.Join(words, ", "))
		}
		*field(c) = v
		return nil
	}
	return k
}

func number[T int | int64](section, name string, field func(*Config) *T, low, high T) configKey {
	return configKey{
		section, name,
		func(c *Config, v string) error {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || n < int64(low) || n > int64(high) {
				return fmt.Errorf("%q: want a whole number from %d to %d", v, low, high)
			}
			*field(c) = T(n)
			return nil
		},
		func(c *Config) string { return strconv.FormatInt(int64(*field(c)), 10) },
	}
}

// unlimited is a whole number for which carbon's files may also say inf.
func unlimited[T int | int64](section, name string, field func(*Config) *T) configKey {
	const most = math.MaxInt32 // more points or connections than a machine holds
	k := number(section, name, field, 1, most)
	setNumber := k.set
	k.set = func(c *Config, v string) error {
		if strings.EqualFold(v, "inf") {
			*field(c) = most
			return nil
		}
		return setNumber(c, v)
	}
	return k
}

// rate is how often a second something may happen; inf and 0 mean no limit.
func rate(section, name string, field func(*Config) *int) configKey {
	k := number(section, name, field, 0, math.MaxInt32)
	setNumber := k.set
	k.set = func(c *Config, v string) error {
		if strings.EqualFold(v, "inf") {
			v = "0"
		}
		return setNumber(c, v)
	}
	k.get = func(c *Config) string {
		if *field(c) == 0 {
			return "inf"
		}
		return strconv.Itoa(*field(c))
	}
	return k
}

func boolean(section, name string, field func(*Config) *bool) configKey {
	return configKey{
		section, name,
		func(c *Config, v string) error {
			switch strings.ToLower(v) { // as Python's ConfigParser
			case "1", "yes", "true", "on":
				*field(c) = true
			case "0", "no", "false", "off":
				*field(c) = false
			default:
				return fmt.Errorf("%q: want True or False", v)
			}
			return nil
		},
		func(c *Config) string {
			if *field(c) {
				return "True"
			}
			return "False"
		},
	}
}

// duration is a time such as 10ms, 1s or 2m; a bare number is seconds; None and 0 mean never.
func duration(section, name string, field func(*Config) *time.Duration) configKey {
	return configKey{
		section, name,
		func(c *Config, v string) error {
			d, err := parseDuration(v)
			if err != nil {
				return err
			}
			*field(c) = d
			return nil
		},
		func(c *Config) string { return field(c).String() },
	}
}

func parseDuration(v string) (time.Duration, error) {
	if strings.EqualFold(v, "none") {
		return 0, nil
	}
	if seconds, err := strconv.ParseFloat(v, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q: want a time such as 10ms, 1s or 60", v)
	}
	return d, nil
}
