package config

import "strings"

// carbonProgram returns the program of carbon that a section such as [relay] or
// [cache:b] configures. ok is false if it is not a section of carbon.
func carbonProgram(section string) (program string, ok bool) {
	program, _, _ = strings.Cut(section, ":")
	switch program {
	case "cache", "relay", "aggregator", "aggregator-cache":
		return program, true
	}
	return "", false
}

// unused holds, by section, the keys of carbon and statsd that have no effect here,
// with a hint for the warning. An empty hint means no warning.
var unused = map[string]map[string]string{"cache": carbonUnused, "statsd": statsdUnused}

// carbonUnused are carbon's keys in [cache] that have no effect here, with hints. A
// key has no hint if the server always behaves so, or if the key has no meaning here.
var carbonUnused = foldKeys(map[string]string{
	"USER": "start the server as the user it should run as", "CONF_DIR": "", "LOG_DIR": "logs go to stderr", "PID_DIR": "",
	"DATABASE": "", "ENABLE_LOGROTATION": "", "USE_FLOW_CONTROL": "", "USE_INSECURE_UNPICKLER": "",
	"LOG_UPDATES": "", "LOG_CREATES": "", "LOG_CACHE_HITS": "", "LOG_CACHE_QUEUE_SORTS": "", "LOG_LISTENER_CONN_SUCCESS": "", "LOG_LISTENER_CONN_LOST": "",
	"MIN_TIMESTAMP_LAG": "use WRITE_DELAY", "WHISPER_FADVISE_RANDOM": "",
	"CERES_MAX_SLICE_GAP": "", "CERES_NODE_CACHING_BEHAVIOR": "", "CERES_SLICE_CACHING_BEHAVIOR": "", "CERES_LOCK_WRITES": "",
	"RELAY_CACHE_METRICS": "", "AMQP_VERBOSE": "", "AMQP_SPEC": "",
	"ENABLE_MANHOLE": "", "MANHOLE_INTERFACE": "", "MANHOLE_PORT": "", "MANHOLE_USER": "", "MANHOLE_PUBLIC_KEY": "", "MANHOLE_HOST_KEY_DIR": "",
	"GRAPHITE_URL": "this server indexes tags itself", "ENABLE_TAGS": "", "SKIP_TAGS_FOR_NONTAGGED": "", "TAG_UPDATE_INTERVAL": "", "TAG_BATCH_SIZE": "",
	"TAG_QUEUE_SIZE": "", "TAG_HASH_FILENAMES": "new files always have hashed names; existing files with readable names are used", "TAG_RELAY_NORMALIZED": "", "RAVEN_DSN": "",
	"TCP_KEEPALIVE": "", "TCP_KEEPIDLE": "", "TCP_KEEPINTVL": "", "TCP_KEEPCNT": "", "CACHE_METRIC_NAMES_MAX": "", "CACHE_METRIC_NAMES_TTL": "",
	"WRITE_BACK_FREQUENCY": "", "LOG_AGGREGATOR_MISSES": "", "AGGREGATION_RULES": "", "REWRITE_RULES": "", "RELAY_RULES": "",
	"MAX_DATAPOINTS_PER_MESSAGE": "", "MAX_AGGREGATION_INTERVALS": "", "FORWARD_ALL": "", "MAX_QUEUE_SIZE": "", "QUEUE_LOW_WATERMARK_PCT": "", "MAX_QUEUE_SIZE_HARD_PCT": "",
	"TIME_TO_DEFER_SENDING": "", "RELAY_METHOD": "", "DYNAMIC_ROUTER": "", "DYNAMIC_ROUTER_MAX_RETRIES": "", "ROUTER_HASH_TYPE": "", "REPLICATION_FACTOR": "",
	"DIVERSE_REPLICAS": "", "DESTINATIONS": "", "DESTINATION_PROTOCOL": "", "DESTINATION_TRANSPORT": "", "DESTINATION_SSL_CA": "", "DESTINATION_POOL_REPLICAS": "",
	"USE_RATIO_RESET": "", "MIN_RESET_STAT_FLOW": "", "MIN_RESET_RATIO": "", "MIN_RESET_INTERVAL": "",
})

// statsdUnused are statsd's keys that have no effect here, with hints.
var statsdUnused = foldKeys(map[string]string{
	"backends": "this server stores the aggregates itself", "graphite": "put its keys in [statsd] itself", "graphiteHost": "this server stores the aggregates itself",
	"graphitePort": "", "graphitePicklePort": "", "graphiteProtocol": "", "console": "", "repeater": "packets are not forwarded", "repeaterProtocol": "",
	"server": "the server listens on both UDP and TCP", "servers": "the server listens on both UDP and TCP at LISTEN", "address_ipv6": "", "socket": "", "socket_mod": "",
	"debug": "use --log-level debug", "dumpMessages": "", "log": "logs go to stderr", "title": "", "keyFlush": "", "automaticConfigReload": "",
})

// foldKeys returns m with keys as fold returns them.
func foldKeys(m map[string]string) map[string]string {
	folded := make(map[string]string, len(m))
	for k, v := range m {
		folded[fold(k)] = v
	}
	return folded
}
