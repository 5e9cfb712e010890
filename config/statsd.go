package config

import (
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"carbon/receive/statsd"
)

// StatsdConfig is the [statsd] section. It has keys of this server, and statsd's keys
// with statsd's names.
type StatsdConfig struct {
	Listen string // "host:port" of the UDP and TCP listeners, or "off"
	Admin  string // "host:port" of the management port, or "off"

	Options statsd.Options // resolve sets those that depend on the fields below

	DeleteIdleStats                                        bool   // default of the four below
	DeleteCounters, DeleteTimers, DeleteSets, DeleteGauges string // true, false, or empty
	HealthStatus                                           string // up or down, first answer to health

	// statsd's keys for addresses. Listen and Admin override them.
	Port, AdminPort       int // 0: not set
	Address, AdminAddress string
}

// statsdDefaults are the defaults of statsd.
var statsdDefaults = statsd.NewOptions()

var statsdKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.Statsd.Listen }, "off"), `Address of the statsd listeners, UDP and TCP, usually :8125.`, ""},
	{"ADMIN", address(func(c *Config) *string { return &c.Statsd.Admin }, "off"), `Address of the management port, usually :8126.`, ""},
	{"port", port(func(c *Config) *int { return &c.Statsd.Port }, 0), `Port of the statsd listeners, as in statsd's own configuration. Ignored if LISTEN is set.`, ""},
	{"address", text(func(c *Config) *string { return &c.Statsd.Address }, ""), `Address of the interface for port. Empty: all interfaces.`, ""},
	{"mgmt_port", port(func(c *Config) *int { return &c.Statsd.AdminPort }, 0), `Management port, as in statsd's own configuration. Ignored if ADMIN is set.`, ""},
	{"mgmt_address", text(func(c *Config) *string { return &c.Statsd.AdminAddress }, ""), `Address of the interface for mgmt_port. Empty: all interfaces.`, ""},
	{
		"flushInterval", milliseconds(func(c *Config) *time.Duration { return &c.Statsd.Options.FlushInterval }, statsdDefaults.FlushInterval, 10*time.Millisecond),
		`Interval in milliseconds at which the aggregates are stored (flush).`, "",
	},
	{
		"percentThreshold", newSetting(func(c *Config) *[]float64 { return &c.Statsd.Options.PercentThreshold }, statsdDefaults.PercentThreshold,
			"percentages separated by commas", statsd.ParsePercentages, statsd.FormatPercentages),
		`Percentages for which timers report count_90, mean_90, upper_90 and so on, computed from the smallest 90 % of the values. A negative percentage uses the greatest values.`, "",
	},
	{
		"histogram", newSetting(func(c *Config) *[]statsd.Histogram { return &c.Statsd.Options.Histogram }, statsdDefaults.Histogram,
			"METRIC: LIMITS", statsd.ParseHistograms, statsd.FormatHistograms),
		"Histograms of timers: upper limits of the bins in which the server counts values, one METRIC per line or separated by |. METRIC is a part of the name of the timer, or * for all names. The first line that matches applies. The limit inf counts all greater values.\n  histogram =\n      render: 0.01 0.1 1 10 inf\n      *: 50 100 200 inf", "",
	},
	{
		"calculatedTimerMetrics", newSetting(func(c *Config) *[]string { return &c.Statsd.Options.CalculatedTimerMetrics }, statsdDefaults.CalculatedTimerMetrics,
			"names separated by commas", func(v string) ([]string, error) { return statsd.ParseNames(v), nil },
			func(names []string) string { return strings.Join(names, ", ") }),
		`Statistics of timers to store, such as count, median, upper_percent or histogram. Empty: all.`, "",
	},
	{"flush_counts", boolean(func(c *Config) *bool { return &c.Statsd.Options.FlushCounts }, statsdDefaults.FlushCounts), `Store the count of each counter in addition to its rate per second.`, ""},
	{
		"deleteIdleStats", boolean(func(c *Config) *bool { return &c.Statsd.DeleteIdleStats }, false),
		`Forget names that received no value in a flush interval. False: store 0 for them, and for gauges the last value.`, "",
	},
	{"deleteCounters", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteCounters }), `deleteIdleStats for counters. Empty: as deleteIdleStats.`, ""},
	{"deleteTimers", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteTimers }), `deleteIdleStats for timers. Empty: as deleteIdleStats.`, ""},
	{"deleteSets", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteSets }), `deleteIdleStats for sets. Empty: as deleteIdleStats.`, ""},
	{"deleteGauges", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteGauges }), `deleteIdleStats for gauges. Empty: as deleteIdleStats.`, ""},
	{"gaugesMaxTTL", number(func(c *Config) *int { return &c.Statsd.Options.GaugesMaxTTL }, statsdDefaults.GaugesMaxTTL, 1, math.MaxInt32), `Number of flushes without a value after which deleteGauges forgets a gauge.`, ""},
	{
		"legacyNamespace", boolean(func(c *Config) *bool { return &c.Statsd.Options.LegacyNamespace }, statsdDefaults.LegacyNamespace),
		`Name series stats.NAME, stats_counts.NAME, stats.timers.NAME.upper and so on. False: stats.counters.NAME.rate, stats.counters.NAME.count, stats.timers.NAME.upper and so on, with the prefixes that the keys below set.`, "",
	},
	{"globalPrefix", text(func(c *Config) *string { return &c.Statsd.Options.GlobalPrefix }, statsdDefaults.GlobalPrefix), `First node of all series without legacyNamespace. Empty: no such node.`, ""},
	{"prefixCounter", text(func(c *Config) *string { return &c.Statsd.Options.PrefixCounter }, statsdDefaults.PrefixCounter), `Second node of counters without legacyNamespace. Empty: no such node.`, ""},
	{"prefixTimer", text(func(c *Config) *string { return &c.Statsd.Options.PrefixTimer }, statsdDefaults.PrefixTimer), `Second node of timers without legacyNamespace. Empty: no such node.`, ""},
	{"prefixGauge", text(func(c *Config) *string { return &c.Statsd.Options.PrefixGauge }, statsdDefaults.PrefixGauge), `Second node of gauges without legacyNamespace. Empty: no such node.`, ""},
	{"prefixSet", text(func(c *Config) *string { return &c.Statsd.Options.PrefixSet }, statsdDefaults.PrefixSet), `Second node of sets without legacyNamespace. Empty: no such node.`, ""},
	{"globalSuffix", text(func(c *Config) *string { return &c.Statsd.Options.GlobalSuffix }, statsdDefaults.GlobalSuffix), `Last node of all series. Empty: no such node.`, ""},
	{"prefixStats", text(func(c *Config) *string { return &c.Statsd.Options.PrefixStats }, statsdDefaults.PrefixStats), `Second node of the series about the statsd receiver itself.`, ""},
	{"keyNameSanitize", boolean(func(c *Config) *bool { return &c.Statsd.Options.KeyNameSanitize }, statsdDefaults.KeyNameSanitize), `Replace or remove special characters in names when the server receives them. False: when it stores the aggregates.`, ""},
	{
		"HISTOGRAM_AS_TIMER", boolean(func(c *Config) *bool { return &c.Statsd.Options.HistogramAsTimer }, statsdDefaults.HistogramAsTimer),
		`Treat histograms and distributions of DogStatsD (types h and d) as timers. False: as counters, as statsd does.`, "",
	},
	{"healthStatus", choice(func(c *Config) *string { return &c.Statsd.HealthStatus }, "up", "up", "down"), `Initial answer to the health command of the management port.`, ""},
	{
		"MAX_MEMORY", number(func(c *Config) *int64 { return &c.Statsd.Options.MaxMemory }, statsdDefaults.MaxMemory, 1<<20, math.MaxInt64),
		`Approximate maximum memory in bytes for names, timer values and set members. Beyond it the server refuses new ones and counts them.`, "",
	},
}

// resolve sets the addresses and options that depend on several keys. listen is the
// value of --statsd.
func (s *StatsdConfig) resolve(listen string) {
	if s.Listen == "off" && s.Port != 0 {
		s.Listen = net.JoinHostPort(s.Address, strconv.Itoa(s.Port))
	}
	if s.Admin == "off" && s.AdminPort != 0 {
		s.Admin = net.JoinHostPort(s.AdminAddress, strconv.Itoa(s.AdminPort))
	}
	s.Listen = first(listen, s.Listen, "off")
	s.Admin = first(s.Admin, "off")

	enabled := func(setting string) bool { return setting == "true" || setting == "" && s.DeleteIdleStats }
	o := &s.Options
	o.DeleteCounters, o.DeleteTimers = enabled(s.DeleteCounters), enabled(s.DeleteTimers)
	o.DeleteSets, o.DeleteGauges = enabled(s.DeleteSets), enabled(s.DeleteGauges)
	o.Down = s.HealthStatus == "down"
}
