// Package config reads carbon.conf, the environment and flags into a Config, and
// parses the other configuration files. Every key is one row of a table (see
// sections), from which carbon.conf and docs/configuration.md are generated.
package config

// Config holds all settings of `carbon serve`. Paths and addresses are as written.
type Config struct {
	File        string // path of carbon.conf; empty: no file, only defaults
	Schemas     string // path of storage-schemas.conf; empty: the built-in file
	Aggregation string // path of storage-aggregation.conf; empty: carbon's defaults

	// A file beside carbon.conf that did not exist at the start may appear later;
	// until then it stands for the built-in file. Others must exist.
	schemasRequired, aggregationRequired bool
	Templates                            string // path of graphTemplates.conf, which need not exist; empty: none

	Data    string // data directory: wal, tagged.log, carbon.db, usually the whisper tree
	Whisper string // directory of the whisper tree

	Line, UDP, Pickle, HTTP string // addresses of listeners, "host:port" or "off"

	PortsFile string // written when all listeners are open; empty: none
	LogLevel  string // debug, info, warn or error
	LogFormat string // text or json

	Cache    CacheConfig
	Statsd   StatsdConfig
	Mmstats  MmstatsConfig
	WAL      WALConfig
	Storage  StorageConfig
	Web      HTTPConfig
	Influx   InfluxConfig
	Auth     AuthConfig
	TLS      TLSConfig
	ZeroMQ   ZeroMQConfig
	Redis    RedisConfig
	Limits   LimitsConfig
	Define   map[string]string            // the [define] section: templates by function name
	Listener []ListenerConfig             // the sections [listener:NAME]
	Hashes   map[string]map[string]string // the sections [hash:KEY]: KEY in lower case, node, name
	Warning  []string                     // keys and sections without effect
}

// newConfig returns a Config with all keys at their defaults.
func newConfig() *Config {
	c := &Config{Data: "data"}
	for _, s := range sections {
		for _, k := range s.keys {
			k.setting.reset(c)
		}
	}
	return c
}

// Flags holds the values of command-line flags. Empty means not given.
type Flags struct {
	Config, Data, Schemas, Aggregation string
	Line, UDP, Pickle, Statsd, HTTP    string
	PortsFile, LogLevel, LogFormat     string
	Set                                []string // SECTION.KEY=VALUE
}
