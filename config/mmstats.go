package config

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"carbon/receive/mmstats"
)

// MmstatsConfig is the [mmstats] section.
type MmstatsConfig struct {
	Glob      string // empty: off
	Interval  time.Duration
	Prefix    string
	Aggregate string
	PerFile   bool
	Skip      []*regexp.Regexp
	Stale     string // pid or keep
}

func mmstatsDefaults() MmstatsConfig {
	return MmstatsConfig{
		Interval: 10 * time.Second, Prefix: "mmstats.", Aggregate: mmstats.Auto, Stale: "pid",
		Skip: []*regexp.Regexp{regexp.MustCompile(mmstats.DefaultSkip)},
	}
}

var mmstatsKeys = []configKey{
	parsed("mmstats", "GLOB", func(c *Config) *string { return &c.Mmstats.Glob }, parseGlob, strings.Clone),
	duration("mmstats", "INTERVAL", func(c *Config) *time.Duration { return &c.Mmstats.Interval }),
	text("mmstats", "PREFIX", func(c *Config) *string { return &c.Mmstats.Prefix }),
	choice("mmstats", "AGGREGATE", func(c *Config) *string { return &c.Mmstats.Aggregate }, mmstats.Auto, mmstats.Sum, mmstats.Average, mmstats.Min, mmstats.Max),
	boolean("mmstats", "PER_FILE", func(c *Config) *bool { return &c.Mmstats.PerFile }),
	parsed("mmstats", "SKIP", func(c *Config) *[]*regexp.Regexp { return &c.Mmstats.Skip }, parsePatterns, formatPatterns),
	choice("mmstats", "STALE", func(c *Config) *string { return &c.Mmstats.Stale }, "pid", "keep"),
}

// parseGlob checks a pattern of file names.
func parseGlob(pattern string) (string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return "", fmt.Errorf("%q: %w", pattern, err)
	}
	return pattern, nil
}

// parsePatterns reads regular expressions, one in each line.
func parsePatterns(text string) ([]*regexp.Regexp, error) {
	var patterns []*regexp.Regexp
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		pattern, err := regexp.Compile(line)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		patterns = append(patterns, pattern)
	}
	return patterns, nil
}

func formatPatterns(patterns []*regexp.Regexp) string {
	lines := make([]string, len(patterns))
	for i, p := range patterns {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n\t")
}
