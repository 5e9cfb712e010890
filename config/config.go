package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"carbon/codec/ini"
	"carbon/receive/hostedgraphite"
	"carbon/render/target"
)

// Config is everything `carbon serve` can be told, by file, environment and flags.
// Paths and addresses are as given; newConfig holds the defaults.
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
	Carbon   CarbonConfig
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

// TLSConfig is the [tls] section: files in PEM, for the HTTP port and others. Both or
// none.
type TLSConfig struct {
	Certificate string // with those above it, if any
	Key         string
	Receivers   bool // the ports for lines, pickles and Protocol Buffers, too
}

// CacheConfig is the [cache] section: carbon's keys, with our defaults.
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
	WriteDelay               time.Duration // how long points gather; 0: not at all
	WritePoints              int           // how many points gather
}

// WALConfig is the [wal] section: the log of what is not stored yet.
type WALConfig struct {
	Enabled       bool
	FlushInterval time.Duration
	SyncInterval  time.Duration // 0: sync before a point counts as taken
	SegmentSize   int64         // bytes
	MaxSize       int64         // bytes
}

// StorageConfig is the [storage] section.
type StorageConfig struct {
	RescanInterval time.Duration // 0: never
	MaxOpenFiles   int           // 0: by what the process may open
}

// HTTPConfig is the [http] section.
type HTTPConfig struct {
	Listen    string
	URLPrefix string
	TimeZone  string // default of tz=

	CacheDuration time.Duration // 0: no answer is kept

	SinkTimestamp string // one of package hostedgraphite's
}

// LimitsConfig is the [limits] section.
type LimitsConfig struct {
	LineLength         int   // bytes without the newline
	BodySize           int64 // bytes
	TargetsPerRequest  int
	SeriesPerQuery     int
	PointsPerQuery     int64
	PointsAtOnce       int64
	EvaluationTime     time.Duration
	ConcurrentRequests int
	RecordsSize        int64 // bytes
}

func newConfig() *Config {
	return &Config{
		Data:      "data",
		LogLevel:  "info",
		LogFormat: "text",
		Cache: CacheConfig{
			LinePort:               2003,
			MaxCacheSize:           20_000_000,
			SparseCreate:           true,
			MaxReceiverConnections: 12_000,
			MetricPrefix:           "carbon",
			MetricInterval:         time.Minute,
			WriteStrategy:          "timesorted",
			WriteDelay:             30 * time.Minute,
			WritePoints:            500,
		},
		Carbon: carbonDefaults,
		Statsd: statsdDefaults(), Mmstats: mmstatsDefaults(),
		WAL: WALConfig{
			Enabled:       true,
			FlushInterval: 10 * time.Millisecond,
			SyncInterval:  time.Second,
			SegmentSize:   64 << 20,
			MaxSize:       1 << 30,
		},
		Storage: StorageConfig{RescanInterval: time.Hour},
		Web:     HTTPConfig{Listen: ":8080", TimeZone: "UTC", SinkTimestamp: hostedgraphite.Repair},
		Influx:  influxDefaults,
		ZeroMQ:  zeroMQDefaults,
		Redis:   redisDefaults,
		Limits: LimitsConfig{
			LineLength:         16384,
			BodySize:           16 << 20,
			TargetsPerRequest:  1000,
			SeriesPerQuery:     100_000,
			PointsPerQuery:     50_000_000,
			PointsAtOnce:       200_000_000,
			EvaluationTime:     time.Minute,
			ConcurrentRequests: 256,
			RecordsSize:        1 << 30,
		},
	}
}

// Flags are the settings that have a command-line flag of their own. Empty means
// not given.
type Flags struct {
	Config, Data, Schemas, Aggregation string
	Line, UDP, Pickle, Statsd, HTTP    string
	PortsFile, LogLevel, LogFormat     string
	Set                                []string // SECTION.KEY=VALUE
}

// Load reads the configuration as serve does: file, then environment,
// then flags, the later winning. environ is a list of NAME=VALUE.
func Load(f Flags, environ []string) (*Config, error) {
	c := newConfig()
	if err := c.readFile(f.Config); err != nil {
		return nil, err
	}
	if err := c.readEnviron(environ); err != nil {
		return nil, err
	}
	for _, s := range f.Set {
		if err := c.readSetFlag(s); err != nil {
			return nil, err
		}
	}
	c.resolve(f)
	return c, c.validate()
}

// readFile reads the file named, or the first of the usual places that exists.
func (c *Config) readFile(named string) error {
	places := []string{"carbon.conf", "/etc/carbon/carbon.conf"}
	if named != "" {
		places = []string{named}
	}
	for _, path := range places {
		file, err := os.Open(path)
		if named == "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		defer file.Close()
		parsed, err := ini.Parse(file, ini.Options{InlineComments: true, Interpolation: true})
		if err != nil {
			return atLine(path, err)
		}
		c.File = path
		return c.readSections(path, parsed)
	}
	return nil
}

// atLine puts the file's name before an error that knows its line.
func atLine(path string, err error) error {
	var e *ini.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s:%d: %s", path, e.Line, e.Reason)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func (c *Config) readSections(path string, file *ini.File) error {
	for _, section := range file.Sections {
		name := strings.ToLower(section.Name)
		if program, isCarbons := carbonProgram(name); isCarbons {
			if program != "cache" || name != "cache" {
				c.warn("%s:%d: [%s] starts nothing in this version", path, section.Line, section.Name)
				continue
			}
		} else if !knownSection(name) {
			return fmt.Errorf("%s:%d: unknown section [%s]", path, section.Line, section.Name)
		}
		for _, k := range section.Keys {
			if err := c.set(name, k.Written, k.Value, fmt.Sprintf("%s:%d", path, k.Line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// carbonProgram tells of a section such as [relay] or [cache:b] of a stock
// carbon.conf which of carbon's programs it is for.
func carbonProgram(section string) (program string, ok bool) {
	program, _, _ = strings.Cut(section, ":")
	switch program {
	case "cache", "relay", "aggregator", "aggregator-cache":
		return program, true
	}
	return "", false
}

// readEnviron takes the variables named CARBON_SECTION__KEY.
func (c *Config) readEnviron(environ []string) error {
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		rest, ours := strings.CutPrefix(name, "CARBON_")
		section, key, isKey := strings.Cut(rest, "__")
		if !ours || !isKey {
			continue
		}
		if err := c.set(strings.ToLower(section), key, value, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) readSetFlag(s string) error {
	path, value, ok := strings.Cut(s, "=")
	section, key, dotted := strings.Cut(path, ".")
	if !ok || !dotted {
		return fmt.Errorf("--set %s: want SECTION.KEY=VALUE", s)
	}
	return c.set(strings.ToLower(section), key, value, "--set "+path)
}

// set gives one key its value; where says to a person where it was written.
func (c *Config) set(section, name, value, where string) error {
	if section == "define" {
		return c.define(name, strings.TrimSpace(value), where)
	}
	if listener, is := strings.CutPrefix(section, "listener:"); is {
		if err := c.setListener(listener, name, strings.TrimSpace(value), where); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		return nil
	}
	if key, isHash := strings.CutPrefix(section, "hash:"); isHash {
		if c.Hashes == nil {
			c.Hashes = map[string]map[string]string{}
		}
		if c.Hashes[key] == nil {
			c.Hashes[key] = map[string]string{}
		}
		c.Hashes[key][name] = strings.TrimSpace(value)
		return nil
	}
	if k := findKey(section, name); k != nil {
		if err := k.set(c, strings.TrimSpace(value)); err != nil {
			return fmt.Errorf("%s: %s: %w", where, k.name, err)
		}
		return nil
	}
	if why, known := withoutEffect[section][fold(name)]; known {
		if why != "" {
			c.warn("%s: %s: %s", where, strings.ToUpper(name), why)
		}
		return nil
	}
	if !knownSection(section) {
		return fmt.Errorf("%s: unknown section [%s]", where, section)
	}
	return fmt.Errorf("%s: unknown key %s in [%s]", where, strings.ToUpper(name), section)
}

// define takes a function of the [define] section. Its keys are names that users
// write in targets, so case counts.
func (c *Config) define(name, template, where string) error {
	if _, err := target.ParseDefines(map[string]string{name: template}); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if c.Define == nil {
		c.Define = map[string]string{}
	}
	c.Define[name] = template
	return nil
}

func (c *Config) warn(format string, args ...any) {
	c.Warning = append(c.Warning, fmt.Sprintf(format, args...))
}

// resolve lays the flags over what was read and fills in what follows from other settings.
func (c *Config) resolve(f Flags) {
	beside := func(file string) string {
		if c.File == "" {
			return ""
		}
		path := filepath.Join(filepath.Dir(c.File), file)
		if _, err := os.Stat(path); err != nil {
			return ""
		}
		return path
	}
	c.Schemas = first(f.Schemas, beside("storage-schemas.conf"))
	c.Aggregation = first(f.Aggregation, beside("storage-aggregation.conf"))
	if c.File != "" {
		c.Templates = filepath.Join(filepath.Dir(c.File), "graphTemplates.conf")
	}

	switch {
	case f.Data != "":
		c.Data = f.Data
	case c.Cache.StorageDir != "":
		c.Data, c.Whisper = c.Cache.StorageDir, c.Cache.LocalDataDir
	case c.Cache.LocalDataDir != "":
		c.Whisper = c.Cache.LocalDataDir
		c.Data = filepath.Dir(filepath.Clean(c.Whisper))
	}
	if c.Whisper == "" {
		c.Whisper = filepath.Join(c.Data, "whisper")
	}

	c.Line = first(f.Line, ListenAddress(c.Cache.LineInterface, c.Cache.LinePort))
	c.UDP = first(f.UDP, "off")
	if f.UDP == "" && c.Carbon.UDP {
		c.UDP = ListenAddress(c.Carbon.UDPInterface, c.Carbon.UDPPort)
	}
	c.Pickle = first(f.Pickle, ListenAddress(c.Carbon.PickleInterface, c.Carbon.PicklePort))
	c.Statsd.resolve(f.Statsd)
	c.HTTP = first(f.HTTP, c.Web.Listen)
	c.PortsFile = f.PortsFile
	c.LogLevel = first(f.LogLevel, c.LogLevel)
	c.LogFormat = first(f.LogFormat, c.LogFormat)
}

// ListenAddress is the address of a listener by carbon's keys, where port 0 means none.
func ListenAddress(host string, port int) string {
	if port == 0 {
		return "off"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// first returns the first of the settings that is not empty.
func first(settings ...string) string {
	for _, s := range settings {
		if s != "" {
			return s
		}
	}
	return ""
}

func (c *Config) validate() error {
	if _, err := c.Influx.NameTemplate(); err != nil {
		return err
	}
	if _, err := c.Auth.Access(); err != nil {
		return err
	}
	if err := c.ZeroMQ.validate(); err != nil {
		return err
	}
	if _, err := time.LoadLocation(c.Web.TimeZone); err != nil {
		return fmt.Errorf("[http] TIME_ZONE: %w", err)
	}
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		return errors.New("[tls]: CERTIFICATE and KEY go together")
	}
	if err := c.validateListeners(); err != nil {
		return err
	}
	if _, err := logLevel(c.LogLevel); err != nil {
		return err
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return fmt.Errorf("--log-format %s: want text or json", c.LogFormat)
	}
	return nil
}
