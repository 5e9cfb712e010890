package config

import (
	"fmt"
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

func statsdDefaults() StatsdConfig {
	return StatsdConfig{Listen: "off", Admin: "off", HealthStatus: "up", Options: statsd.NewOptions()}
}

var statsdKeys = []configKey{
	text("statsd", "LISTEN", func(c *Config) *string { return &c.Statsd.Listen }),
	text("statsd", "ADMIN", func(c *Config) *string { return &c.Statsd.Admin }),
	number("statsd", "MAX_MEMORY", func(c *Config) *int64 { return &c.Statsd.Options.MaxMemory }, 1<<20, math.MaxInt64),
	boolean("statsd", "HISTOGRAM_AS_TIMER", func(c *Config) *bool { return &c.Statsd.Options.HistogramAsTimer }),

	milliseconds("statsd", "flushInterval", func(c *Config) *time.Duration { return &c.Statsd.Options.FlushInterval }, 10),
	parsed("statsd", "percentThreshold", func(c *Config) *[]float64 { return &c.Statsd.Options.PercentThreshold }, statsd.ParsePercentages, statsd.FormatPercentages),
	parsed("statsd", "histogram", func(c *Config) *[]statsd.Histogram { return &c.Statsd.Options.Histogram }, statsd.ParseHistograms, statsd.FormatHistograms),
	parsed("statsd", "calculatedTimerMetrics", func(c *Config) *[]string { return &c.Statsd.Options.CalculatedTimerMetrics },
		func(v string) ([]string, error) { return statsd.ParseNames(v), nil },
		func(names []string) string { return strings.Join(names, ", ") }),
	boolean("statsd", "keyNameSanitize", func(c *Config) *bool { return &c.Statsd.Options.KeyNameSanitize }),
	boolean("statsd", "flush_counts", func(c *Config) *bool { return &c.Statsd.Options.FlushCounts }),

	boolean("statsd", "deleteIdleStats", func(c *Config) *bool { return &c.Statsd.DeleteIdleStats }),
	perhaps("statsd", "deleteCounters", func(c *Config) *string { return &c.Statsd.DeleteCounters }),
	perhaps("statsd", "deleteTimers", func(c *Config) *string { return &c.Statsd.DeleteTimers }),
	perhaps("statsd", "deleteSets", func(c *Config) *string { return &c.Statsd.DeleteSets }),
	perhaps("statsd", "deleteGauges", func(c *Config) *string { return &c.Statsd.DeleteGauges }),
	number("statsd", "gaugesMaxTTL", func(c *Config) *int { return &c.Statsd.Options.GaugesMaxTTL }, 1, math.MaxInt32),

	boolean("statsd", "legacyNamespace", func(c *Config) *bool { return &c.Statsd.Options.LegacyNamespace }),
	text("statsd", "prefixStats", func(c *Config) *string { return &c.Statsd.Options.PrefixStats }),
	text("statsd", "globalPrefix", func(c *Config) *string { return &c.Statsd.Options.GlobalPrefix }),
	text("statsd", "prefixCounter", func(c *Config) *string { return &c.Statsd.Options.PrefixCounter }),
	text("statsd", "prefixTimer", func(c *Config) *string { return &c.Statsd.Options.PrefixTimer }),
	text("statsd", "prefixGauge", func(c *Config) *string { return &c.Statsd.Options.PrefixGauge }),
	text("statsd", "prefixSet", func(c *Config) *string { return &c.Statsd.Options.PrefixSet }),
	text("statsd", "globalSuffix", func(c *Config) *string { return &c.Statsd.Options.GlobalSuffix }),

	choice("statsd", "healthStatus", func(c *Config) *string { return &c.Statsd.HealthStatus }, "up", "down"),
	number("statsd", "port", func(c *Config) *int { return &c.Statsd.Port }, 0, 65535),
	text("statsd", "address", func(c *Config) *string { return &c.Statsd.Address }),
	number("statsd", "mgmt_port", func(c *Config) *int { return &c.Statsd.AdminPort }, 0, 65535),
	text("statsd", "mgmt_address", func(c *Config) *string { return &c.Statsd.AdminAddress }),
}

// statsdOnly are options of statsd's that change nothing here.
var statsdOnly = foldKeys(map[string]string{
	"backends": "aggregates are stored here", "graphite": "its keys stand in [statsd] itself", "graphiteHost": "aggregates are stored here",
	"graphitePort": "", "graphitePicklePort": "", "graphiteProtocol": "", "console": "", "repeater": "packets are not repeated", "repeaterProtocol": "",
	"server": "UDP and TCP are both served", "servers": "UDP and TCP are both served at LISTEN", "address_ipv6": "", "socket": "", "socket_mod": "",
	"debug": "see --log-level", "dumpMessages": "", "log": "logs go to stderr", "title": "", "keyFlush": "", "automaticConfigReload": "",
})

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

// milliseconds is a time as statsd's keys have it: a bare number is milliseconds.
func milliseconds(section, name string, field func(*Config) *time.Duration, low int64) configKey {
	return configKey{
		section, name,
		func(c *Config, v string) error {
			d, err := time.ParseDuration(v)
			if n, whole := strconv.ParseInt(v, 10, 64); whole == nil && n < math.MaxInt64/int64(time.Millisecond) {
				d, err = time.Duration(n)*time.Millisecond, nil
			}
			if err != nil || d < time.Duration(low)*time.Millisecond {
				return fmt.Errorf("%q: want milliseconds, %d or more", v, low)
			}
			*field(c) = d
			return nil
		},
		func(c *Config) string { return strconv.FormatInt(field(c).Milliseconds(), 10) },
	}
}

// parsed is a key with a syntax of its own.
func parsed[T any](section, name string, field func(*Config) *T, parse func(string) (T, error), format func(T) string) configKey {
	return configKey{
		section, name,
		func(c *Config, v string) (err error) {
			value, err := parse(v)
			if err == nil {
				*field(c) = value
			}
			return err
		},
		func(c *Config) string { return format(*field(c)) },
	}
}

// perhaps is true, false, or empty where another key decides.
func perhaps(section, name string, field func(*Config) *string) configKey {
	return configKey{
		section, name,
		func(c *Config, v string) error {
			switch strings.ToLower(v) {
			case "":
				*field(c) = ""
			case "1", "yes", "true", "on":
				*field(c) = "true"
			case "0", "no", "false", "off":
				*field(c) = "false"
			default:
				return fmt.Errorf("%q: want True, False or nothing", v)
			}
			return nil
		},
		func(c *Config) string { return *field(c) },
	}
}
