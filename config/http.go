package config

import (
	"fmt"
	"math"
	"strings"
	"time"

	"carbon/api"
	"carbon/receive/hostedgraphite"
	"carbon/receive/httpintake"
	"carbon/receive/influx"
	"carbon/receive/plaintext"
	"carbon/records"
	"carbon/render"
)

// HTTPConfig is the [http] section.
type HTTPConfig struct {
	Listen        string
	URLPrefix     string
	TimeZone      string        // default of tz=
	CacheDuration time.Duration // 0: no answer is kept
	SinkTimestamp string        // one of package hostedgraphite's
}

var httpKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.Web.Listen }, ":8080"), `Address of the HTTP listener.`, ""},
	{"URL_PREFIX", text(func(c *Config) *string { return &c.Web.URLPrefix }, ""), `Serve everything below this path, such as /graphite.`, ""},
	{
		"CACHE_DURATION", duration(func(c *Config) *time.Duration { return &c.Web.CacheDuration }, 0),
		`Maximum age of an answer of /render where the request does not set cacheTimeout. 0: always evaluate, so that points just sent are seen at once.`, "",
	},
	{"TIME_ZONE", text(func(c *Config) *string { return &c.Web.TimeZone }, "UTC"), `Time zone of requests without tz=, as in Europe/Berlin.`, ""},
	{
		"SINK_TIMESTAMP", choice(func(c *Config) *string { return &c.Web.SinkTimestamp }, hostedgraphite.DefaultTimestamp, hostedgraphite.Repair, hostedgraphite.Client, hostedgraphite.Arrival),
		`Times of lines posted to /api/v1/sink. client: as sent; arrival: the time of arrival; repair: as sent, unless the client's clock stands still, as that of pyformance's HostedGraphiteReporter does.`, "",
	},
}

// TLSConfig is the [tls] section: PEM files. Both are set or neither.
type TLSConfig struct {
	Certificate string // with its chain
	Key         string
	Receivers   bool // the line, pickle and Protocol Buffers ports use TLS too
}

var tlsKeys = []key[Config]{
	{
		"CERTIFICATE", text(func(c *Config) *string { return &c.TLS.Certificate }, ""),
		`Certificate with its chain, in PEM. With it the HTTP port speaks TLS only. The server reloads certificate and key when the files change; new connections get the new one.`, "",
	},
	{"KEY", text(func(c *Config) *string { return &c.TLS.Key }, ""), `Key of the certificate, in PEM.`, ""},
	{"RECEIVERS", boolean(func(c *Config) *bool { return &c.TLS.Receivers }, false), `The line, pickle and Protocol Buffers ports speak TLS only, too.`, ""},
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

var limitsKeys = []key[Config]{
	{"LINE_LENGTH", number(func(c *Config) *int { return &c.Limits.LineLength }, plaintext.DefaultMaxLine, 256, 1<<20), `Maximum plaintext line in bytes, without its newline. Longer lines are refused.`, ""},
	{"BODY_SIZE", number(func(c *Config) *int64 { return &c.Limits.BodySize }, httpintake.DefaultMaxBody, 1, math.MaxInt64), `Maximum HTTP request body in bytes, after decompression.`, ""},
	{"TARGETS_PER_REQUEST", number(func(c *Config) *int { return &c.Limits.TargetsPerRequest }, render.DefaultLimits.Targets, 1, math.MaxInt32), `Maximum number of targets of one request. Beyond it the server answers 413.`, ""},
	{"SERIES_PER_QUERY", number(func(c *Config) *int { return &c.Limits.SeriesPerQuery }, render.DefaultLimits.Series, 1, math.MaxInt32), `Maximum number of series that one request may read. Beyond it the server answers 413.`, ""},
	{
		"POINTS_PER_QUERY", number(func(c *Config) *int64 { return &c.Limits.PointsPerQuery }, render.DefaultLimits.Points, 1, math.MaxInt64),
		`Maximum number of points that one request may read. Beyond it the server answers 413. A series counts as 32 points more, a byte of a target as 8 points, and 8 bytes of a name beyond its first 256 as one point.`, "",
	},
	{
		"POINTS_AT_ONCE", number(func(c *Config) *int64 { return &c.Limits.PointsAtOnce }, render.DefaultLimits.AtOnce, 1, math.MaxInt64),
		`Maximum number of points in memory for all requests together, eight bytes each. Beyond it the server answers 503.`, "",
	},
	{"EVALUATION_TIME", duration(func(c *Config) *time.Duration { return &c.Limits.EvaluationTime }, render.DefaultLimits.Time), `Maximum time for answering one request. Beyond it the server answers 504.`, ""},
	{"CONCURRENT_REQUESTS", number(func(c *Config) *int { return &c.Limits.ConcurrentRequests }, api.DefaultMaxRequests, 1, math.MaxInt32), `Maximum number of requests for data at once. Beyond it the server answers 503.`, ""},
	{
		"RECORDS_SIZE", number(func(c *Config) *int64 { return &c.Limits.RecordsSize }, records.DefaultMaxSize, 1<<20, math.MaxInt64),
		`Maximum size of carbon.db in bytes: events, dashboards with their versions, saved graphs, short URLs. When it is full, the server answers 507 until something is deleted.`, "",
	},
}

// InfluxConfig is the [influx] section.
type InfluxConfig struct {
	Listen   string // "host:port" or "off"
	Template string // of names; empty: tags stay tags
}

var influxKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.Influx.Listen }, "off"), `Address of one more port for InfluxDB clients, such as :8086. It speaks plain HTTP.`, ""},
	{
		"TEMPLATE", text(func(c *Config) *string { return &c.Influx.Template }, ""),
		"Names of series. Empty: MEASUREMENT.FIELD with the tags as tags. Else a dotted name with {measurement}, {field}, {db}, and for the value of a tag {TAG}, whose dots become _, or {TAG.}, whose dots stay.\n  TEMPLATE = inmanta.{component}.{key.}.{field}", "",
	},
}

// NameTemplate returns the template of the names of series; nil: there is none.
func (c InfluxConfig) NameTemplate() (*influx.Template, error) {
	if strings.TrimSpace(c.Template) == "" {
		return nil, nil
	}
	t, err := influx.ParseTemplate(strings.TrimSpace(c.Template))
	if err != nil {
		return nil, fmt.Errorf("[influx] TEMPLATE: %w", err)
	}
	return t, nil
}
