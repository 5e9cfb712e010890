package config

import (
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"carbon/receive/statsd"
)

// StatsdConfig is the [statsd] section: our keys, and statsd's own by their names.
type StatsdConfig struct {
	Listen string // UDP and TCP; off
	Admin  string // management port; off

	Options statsd.Options // statsd's, but for what follows

	DeleteIdleStats                                        bool   // all of the next that say nothing
	DeleteCounters, DeleteTimers, DeleteSets, DeleteGauges string // true, false, or empty
	HealthStatus                                           string // up or down, at first

	// Port and so on are what statsd's own files have; Listen and Admin win.
	Port, AdminPort       int // 0: not given
	Address, AdminAddress string
}

// statsdDefaults are statsd's own.
var statsdDefaults = statsd.NewOptions()

var statsdKeys = []key[Config]{
	{"LISTEN", address(func(c *Config) *string { return &c.Statsd.Listen }, "off"), `Address of the statsd port, UDP and TCP. By custom :8125.`, ""},
	{"ADMIN", address(func(c *Config) *string { return &c.Statsd.Admin }, "off"), `Address of the management port. By custom :8126.`, ""},
	{"port", port(func(c *Config) *int { return &c.Statsd.Port }, 0), `statsd's own way to say LISTEN; LISTEN wins.`, ""},
	{"address", text(func(c *Config) *string { return &c.Statsd.Address }, ""), `Interface of port.`, ""},
	{"mgmt_port", port(func(c *Config) *int { return &c.Statsd.AdminPort }, 0), `statsd's own way to say ADMIN; ADMIN wins.`, ""},
	{"mgmt_address", text(func(c *Config) *string { return &c.Statsd.AdminAddress }, ""), `Interface of mgmt_port.`, ""},
	{
		"flushInterval", milliseconds(func(c *Config) *time.Duration { return &c.Statsd.Options.FlushInterval }, statsdDefaults.FlushInterval, 10*time.Millisecond),
		`Milliseconds between two flushes.`, "",
	},
	{
		"percentThreshold", newSetting(func(c *Config) *[]float64 { return &c.Statsd.Options.PercentThreshold }, statsdDefaults.PercentThreshold,
			"percentages separated by commas", statsd.ParsePercentages, statsd.FormatPercentages),
		`Percentages for upper_90, mean_90 and the like of timers. A negative one takes the greatest values.`, "",
	},
	{
		"histogram", newSetting(func(c *Config) *[]statsd.Histogram { return &c.Statsd.Options.Histogram }, statsdDefaults.Histogram,
			"METRIC: LIMIT LIMIT ...", statsd.ParseHistograms, statsd.FormatHistograms),
		"Limits between which values of a timer are counted, one metric per line or separated by |. METRIC is a part of the timer's name, * stands for all names; the first match counts. The limit inf takes the rest.\n  histogram =\n      render: 0.01 0.1 1 10 inf\n      *: 50 100 200 inf", "",
	},
	{
		"calculatedTimerMetrics", newSetting(func(c *Config) *[]string { return &c.Statsd.Options.CalculatedTimerMetrics }, statsdDefaults.CalculatedTimerMetrics,
			"names separated by commas", func(v string) ([]string, error) { return statsd.ParseNames(v), nil },
			func(names []string) string { return strings.Join(names, ", ") }),
		`Figures of timers to report, such as count, median, upper_percent, histogram. Empty: all.`, "",
	},
	{"flush_counts", boolean(func(c *Config) *bool { return &c.Statsd.Options.FlushCounts }, statsdDefaults.FlushCounts), `Report the count of a counter besides its rate per second.`, ""},
	{
		"deleteIdleStats", boolean(func(c *Config) *bool { return &c.Statsd.DeleteIdleStats }, false),
		`Forget names that were not received in an interval. False: report them as 0, and gauges with their last value.`, "",
	},
	{"deleteCounters", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteCounters }), `The same for counters. Empty: as deleteIdleStats.`, ""},
	{"deleteTimers", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteTimers }), `The same for timers. Empty: as deleteIdleStats.`, ""},
	{"deleteSets", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteSets }), `The same for sets. Empty: as deleteIdleStats.`, ""},
	{"deleteGauges", optionalBool(func(c *Config) *string { return &c.Statsd.DeleteGauges }), `The same for gauges. Empty: as deleteIdleStats.`, ""},
	{"gaugesMaxTTL", number(func(c *Config) *int { return &c.Statsd.Options.GaugesMaxTTL }, statsdDefaults.GaugesMaxTTL, 1, math.MaxInt32), `Number of flushes after which a gauge is idle.`, ""},
	{
		"legacyNamespace", boolean(func(c *Config) *bool { return &c.Statsd.Options.LegacyNamespace }, statsdDefaults.LegacyNamespace),
		`Name series stats.NAME, stats.timers.NAME.upper and so on. False: stats.counters.NAME.rate and so on, with the prefixes below.`, "",
	},
	{"globalPrefix", text(func(c *Config) *string { return &c.Statsd.Options.GlobalPrefix }, statsdDefaults.GlobalPrefix), `First node of all names. An empty prefix is left out.`, ""},
	{"prefixCounter", text(func(c *Config) *string { return &c.Statsd.Options.PrefixCounter }, statsdDefaults.PrefixCounter), `Second node of counters.`, ""},
	{"prefixTimer", text(func(c *Config) *string { return &c.Statsd.Options.PrefixTimer }, statsdDefaults.PrefixTimer), `Second node of timers.`, ""},
	{"prefixGauge", text(func(c *Config) *string { return &c.Statsd.Options.PrefixGauge }, statsdDefaults.PrefixGauge), `Second node of gauges.`, ""},
	{"prefixSet", text(func(c *Config) *string { return &c.Statsd.Options.PrefixSet }, statsdDefaults.PrefixSet), `Second node of sets.`, ""},
	{"globalSuffix", text(func(c *Config) *string { return &c.Statsd.Options.GlobalSuffix }, statsdDefaults.GlobalSuffix), `Last node of all names.`, ""},
	{"prefixStats", text(func(c *Config) *string { return &c.Statsd.Options.PrefixStats }, statsdDefaults.PrefixStats), `Node of statsd's figures about itself.`, ""},
	{"keyNameSanitize", boolean(func(c *Config) *bool { return &c.Statsd.Options.KeyNameSanitize }, statsdDefaults.KeyNameSanitize), `Clean names on arrival. False: when they are reported.`, ""},
	{
		"HISTOGRAM_AS_TIMER", boolean(func(c *Config) *bool { return &c.Statsd.Options.HistogramAsTimer }, statsdDefaults.HistogramAsTimer),
		`Treat DogStatsD's histograms and distributions (h, d) as timers. False: as counters, as statsd does.`, "",
	},
	{"healthStatus", choice(func(c *Config) *string { return &c.Statsd.HealthStatus }, "up", "up", "down"), `First answer of the management port's health command.`, ""},
	{
		"MAX_MEMORY", number(func(c *Config) *int64 { return &c.Statsd.Options.MaxMemory }, statsdDefaults.MaxMemory, 1<<20, math.MaxInt64),
		`Approximate maximum memory of names, values of timers and members of sets in bytes. Beyond it new ones are refused and counted.`, "",
	},
}

// resolve fills in what follows from other settings. listen is the flag.
func (s *StatsdConfig) resolve(listen string) {
	if s.Listen == "off" && s.Port != 0 {
		s.Listen = net.JoinHostPort(s.Address, strconv.Itoa(s.Port))
	}
	if s.Admin == "off" && s.AdminPort != 0 {
		s.Admin = net.JoinHostPort(s.AdminAddress, strconv.Itoa(s.AdminPort))
	}
	s.Listen = first(listen, s.Listen, "off")
	s.Admin = first(s.Admin, "off")

	said := func(setting string) bool { return setting == "true" || setting == "" && s.DeleteIdleStats }
	o := &s.Options
	o.DeleteCounters, o.DeleteTimers = said(s.DeleteCounters), said(s.DeleteTimers)
	o.DeleteSets, o.DeleteGauges = said(s.DeleteSets), said(s.DeleteGauges)
	o.Down = s.HealthStatus == "down"
}
