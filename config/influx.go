package config

import (
	"fmt"
	"strings"

	"carbon/receive/hostedgraphite"
	"carbon/receive/influx"
)

// InfluxConfig is the [influx] section.
type InfluxConfig struct {
	Listen   string // a port of its own, "host:port" or "off"
	Template string // of names; empty: tags are tags
}

var influxDefaults = InfluxConfig{Listen: "off"}

var postedKeys = []configKey{
	choice("http", "SINK_TIMESTAMP", func(c *Config) *string { return &c.Web.SinkTimestamp }, hostedgraphite.Repair, hostedgraphite.Client, hostedgraphite.Arrival),

	text("influx", "LISTEN", func(c *Config) *string { return &c.Influx.Listen }),
	text("influx", "TEMPLATE", func(c *Config) *string { return &c.Influx.Template }),
}

// NameTemplate is that of the names of series, or nil.
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
