package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// statsdConfig loads a configuration with the given lines in [statsd].
func statsdConfig(t *testing.T, lines ...string) (*Config, error) {
	t.Helper()
	return Load(Flags{Config: write(t, "[statsd]\n"+strings.Join(lines, "\n")+"\n")}, nil)
}

func TestStatsdKeys(t *testing.T) {
	c, err := statsdConfig(t,
		"flushInterval = 2500", "PERCENT_THRESHOLD = [50, 99.9, -25]", "flush_counts = false", "deleteIdleStats = true", "DELETEGAUGES = false",
		"histogram =", "    render: 0.01 1 inf", "    *: 5 10", "calculatedTimerMetrics = ['count', 'mean_percent']", "port = 9125", "mgmt_port = 9126",
		"mgmt_address = 127.0.0.1", "graphiteHost = g.example", "healthStatus = down", "legacy_namespace = no", "globalPrefix =",
	)
	if err != nil {
		t.Fatal(err)
	}
	s, o := c.Statsd, c.Statsd.Options
	if s.Listen != ":9125" || s.Admin != "127.0.0.1:9126" || !o.Down || o.FlushInterval != 2500*time.Millisecond || o.FlushCounts || o.LegacyNamespace || o.GlobalPrefix != "" {
		t.Errorf("%+v", s)
	}
	if !o.DeleteCounters || !o.DeleteTimers || !o.DeleteSets || o.DeleteGauges {
		t.Errorf("idle: %+v", o)
	}
	if !slices.Equal(o.PercentThreshold, []float64{50, 99.9, -25}) || len(o.Histogram) != 2 || !slices.Equal(o.CalculatedTimerMetrics, []string{"count", "mean_percent"}) {
		t.Errorf("lists: %+v", o)
	}
	if len(c.Warning) != 1 || !strings.Contains(c.Warning[0], "GRAPHITEHOST") {
		t.Errorf("warnings %q", c.Warning)
	}
}

func TestStatsdAddress(t *testing.T) {
	f := func(flag, want string, lines ...string) {
		t.Helper()
		c, err := Load(Flags{Config: write(t, "[statsd]\n"+strings.Join(lines, "\n")+"\n"), Statsd: flag}, nil)
		if err != nil || c.Statsd.Listen != want {
			t.Errorf("%q %q: %v, %v", flag, lines, c.Statsd.Listen, err)
		}
	}
	f("", "off")
	f(":1", ":1", "LISTEN = :2", "port = 3")
	f("", ":2", "LISTEN = :2", "port = 3")
	f("off", "off", "LISTEN = :2")
	f("", "off", "LISTEN =")
}

func TestStatsdErrors(t *testing.T) {
	for _, line := range []string{
		"flushInterval = 0", "flushInterval = x", "percentThreshold = 101", "histogram = a", "deleteSets = maybe", "gaugesMaxTTL = 0", "healthStatus = ill", "unknownKey = 1",
	} {
		if _, err := statsdConfig(t, line); err == nil {
			t.Errorf("%q: no error", line)
		}
	}
}
