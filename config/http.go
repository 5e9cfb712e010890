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
	TimeZone      string        // of requests without tz=
	CacheDuration time.Duration // 0: answers are not cached
	SinkTimestamp string        // hostedgraphite.Repair, Client or Arrival
}

var httpKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.Web.Listen }, ":8080"), `Address of the HTTP listener.`, ""},
	{"URL_PREFIX", text(func(c *Config) *string { return &c.Web.URLPrefix }, ""), `Path below which everything is served, such as /graphite.`, ""},
	{
		"CACHE_DURATION", duration(func(c *Config) *time.Duration { return &c.Web.CacheDuration }, 0),
		`Maximum age of a cached answer of /render, unless the request sets cacheTimeout. 0: evaluate each request, so that it includes the latest points.`, "",
	},
	{"TIME_ZONE", text(func(c *Config) *string { return &c.Web.TimeZone }, "UTC"), `Time zone of requests without the parameter tz, such as Europe/Berlin.`, ""},
	{
		"SINK_TIMESTAMP", choice(func(c *Config) *string { return &c.Web.SinkTimestamp }, hostedgraphite.DefaultTimestamp, hostedgraphite.Repair, hostedgraphite.Client, hostedgraphite.Arrival),
		`Timestamps of lines posted to /api/v1/sink. client: as sent. arrival: the time at which the server receives them. repair: as sent, but the time of arrival if a client repeats the same timestamp in each report, as pyformance's HostedGraphiteReporter does.`, "",
	},
}

// TLSConfig is the [tls] section. Certificate and Key are both set or both empty.
type TLSConfig struct {
	Certificate string // PEM file with the chain
	Key         string // PEM file
	Receivers   bool   // the line, pickle and Protocol Buffers listeners use TLS too
}

var tlsKeys = []key[Config]{
	{
		"CERTIFICATE", text(func(c *Config) *string { return &c.TLS.Certificate }, ""),
		`PEM file of the certificate and its chain. If it is set, the HTTP listener accepts only TLS, 1.2 or newer. The server reloads certificate and key when the files change, and uses them for new connections.`, "",
	},
	{"KEY", text(func(c *Config) *string { return &c.TLS.Key }, ""), `PEM file of the private key of the certificate.`, ""},
	{"RECEIVERS", boolean(func(c *Config) *bool { return &c.TLS.Receivers }, false), `The plaintext, pickle and Protocol Buffers TCP listeners accept only TLS too.`, ""},
}

// LimitsConfig is the [limits] section.
type LimitsConfig struct {
	LineLength         int   // bytes, without the newline
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
	{"LINE_LENGTH", number(func(c *Config) *int { return &c.Limits.LineLength }, plaintext.DefaultMaxLine, 256, 1<<20), `Maximum length of a plaintext line in bytes, without its newline. Longer lines are refused.`, ""},
	{"BODY_SIZE", number(func(c *Config) *int64 { return &c.Limits.BodySize }, httpintake.DefaultMaxBody, 1, math.MaxInt64), `Maximum size of an HTTP request body in bytes, after decompression. Larger ones are answered with status 413.`, ""},
	{"TARGETS_PER_REQUEST", number(func(c *Config) *int { return &c.Limits.TargetsPerRequest }, render.DefaultLimits.Targets, 1, math.MaxInt32), `Maximum number of targets of one request. Beyond it the answer is status 413.`, ""},
	{"SERIES_PER_QUERY", number(func(c *Config) *int { return &c.Limits.SeriesPerQuery }, render.DefaultLimits.Series, 1, math.MaxInt32), `Maximum number of series that one request may read. Beyond it the answer is status 413.`, ""},
	{
		"POINTS_PER_QUERY", number(func(c *Config) *int64 { return &c.Limits.PointsPerQuery }, render.DefaultLimits.Points, 1, math.MaxInt64),
		`Maximum number of points that one request may read and compute. Beyond it the answer is status 413. Each series adds 32 points, each byte of a target 8 points, and a name longer than 256 bytes 1 point for every further 8 bytes.`, "",
	},
	{
		"POINTS_AT_ONCE", number(func(c *Config) *int64 { return &c.Limits.PointsAtOnce }, render.DefaultLimits.AtOnce, 1, math.MaxInt64),
		`Maximum number of points in memory for all requests together; a point takes 8 bytes. Beyond it the answer is status 503.`, "",
	},
	{"EVALUATION_TIME", duration(func(c *Config) *time.Duration { return &c.Limits.EvaluationTime }, render.DefaultLimits.Time), `Maximum time to evaluate one request. Beyond it the answer is status 504.`, ""},
	{"CONCURRENT_REQUESTS", number(func(c *Config) *int { return &c.Limits.ConcurrentRequests }, api.DefaultMaxRequests, 1, math.MaxInt32), `Maximum number of concurrent requests for data. Beyond it the answer is status 503.`, ""},
	{
		"RECORDS_SIZE", number(func(c *Config) *int64 { return &c.Limits.RecordsSize }, records.DefaultMaxSize, 1<<20, math.MaxInt64),
		`Maximum size of carbon.db in bytes. It stores events, dashboards with their earlier versions, saved graphs and short URLs. While it is full, requests that store one of these are answered with status 507.`, "",
	},
}

// InfluxConfig is the [influx] section.
type InfluxConfig struct {
	Listen   string // "host:port" or "off"
	Template string // of series names; empty: tagged series
}

var influxKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.Influx.Listen }, "off"), `Address of an additional listener for InfluxDB clients, such as :8086. It speaks HTTP without TLS.`, ""},
	{
		"TEMPLATE", text(func(c *Config) *string { return &c.Influx.Template }, ""),
		"Template of series names. Empty: MEASUREMENT.FIELD with the InfluxDB tags as tags. A template is a dotted name with the placeholders {measurement}, {field} (required) and {db}, and {TAG} or {TAG.} for the value of a tag. {TAG} replaces dots in the value with _, {TAG.} keeps them. A missing tag gives unknown.\n  TEMPLATE = inmanta.{component}.{key.}.{field}", "",
	},
}

// NameTemplate parses TEMPLATE. It returns nil if the key is empty.
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
