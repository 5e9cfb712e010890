// Package config reads carbon.conf, the environment and flags into a Config, and
// parses the other configuration files. Every key is one row of a table (see
// sections), from which carbon.conf and docs/configuration.md are generated.
package config

// Config holds every setting of `carbon serve`, from file, environment and flags.
// Paths and addresses are as written.
type Config struct {
	File        string // the carbon.conf that was read; empty: built in
	Schemas     string // storage-schemas.conf; empty: the built-in one
	Aggregation string // storage-aggregation.conf; empty: carbon's defaults
	Templates   string // graphTemplates.conf, which need not be there; empty: none

	Data    string // wal, tagged.log, carbon.db; and whisper/ unless Whisper says where
	Whisper string // the whisper tree; empty: Data/whisper

	Line, UDP, Pickle, HTTP string // listeners, "host:port" or "off"

	PortsFile string // written once all listeners are up; empty: none
	LogLevel  string
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
	Define   map[string]string            // the [define] section: templates of targets by function
	Listener []ListenerConfig             // the sections [listener:NAME]
	Hashes   map[string]map[string]string // the sections [hash:KEY]: names of nodes, by key in lower case
	Warning  []string                     // what was read but has no effect
}

// newConfig returns the defaults.
func newConfig() *Config {
	c := &Config{Data: "data", LogLevel: "info", LogFormat: "text"}
	for _, s := range sections {
		for _, k := range s.keys {
			k.setting.reset(c)
		}
	}
	return c
}

// Flags are the settings that have a command-line flag of their own. Empty means
// not given.
type Flags struct {
	Config, Data, Schemas, Aggregation string
	Line, UDP, Pickle, Statsd, HTTP    string
	PortsFile, LogLevel, LogFormat     string
	Set                                []string // SECTION.KEY=VALUE
}
