package config

import "strings"

// carbonProgram returns which of carbon's programs a section such as [relay] or
// [cache:b] of a stock carbon.conf is for.
func carbonProgram(section string) (program string, ok bool) {
	program, _, _ = strings.Cut(section, ":")
	switch program {
	case "cache", "relay", "aggregator", "aggregator-cache":
		return program, true
	}
	return "", false
}

// unused holds, by section, the keys of other programs' files that have no effect
// here, with a hint for people; an empty hint gives no warning.
var unused = map[string]map[string]string{"cache": carbonUnused, "statsd": statsdUnused}

// carbonUnused are carbon's keys in [cache] that have no effect here, with a hint.
// Without a hint the server does so anyway, or has nothing of the kind.
var carbonUnused = foldKeys(map[string]string{
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

// statsdUnused are statsd's options that have no effect here, with a hint.
var statsdUnused = foldKeys(map[string]string{
	"backends": "aggregates are stored here", "graphite": "its keys stand in [statsd] itself", "graphiteHost": "aggregates are stored here",
	"graphitePort": "", "graphitePicklePort": "", "graphiteProtocol": "", "console": "", "repeater": "packets are not repeated", "repeaterProtocol": "",
	"server": "UDP and TCP are both served", "servers": "UDP and TCP are both served at LISTEN", "address_ipv6": "", "socket": "", "socket_mod": "",
	"debug": "see --log-level", "dumpMessages": "", "log": "logs go to stderr", "title": "", "keyFlush": "", "automaticConfigReload": "",
})

func foldKeys(m map[string]string) map[string]string {
	folded := make(map[string]string, len(m))
	for k, v := range m {
		folded[fold(k)] = v
	}
	return folded
}
