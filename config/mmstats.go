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

var mmstatsKeys = []key[Config]{
	{
		"GLOB", newSetting(func(c *Config) *string { return &c.Mmstats.Glob }, "", "pattern of file names", parseGlob, strings.Clone),
		`Files to poll, such as /run/mmstats/*.mmstats. Empty: off.`, "",
	},
	{"INTERVAL", duration(func(c *Config) *time.Duration { return &c.Mmstats.Interval }, mmstats.DefaultInterval), `Interval at which the files are read. 0: off.`, ""},
	{"PREFIX", text(func(c *Config) *string { return &c.Mmstats.Prefix }, mmstats.DefaultPrefix), `Prefix of the series names, including the dot.`, ""},
	{
		"AGGREGATE", choice(func(c *Config) *string { return &c.Mmstats.Aggregate }, mmstats.DefaultAggregate, mmstats.Auto, mmstats.Sum, mmstats.Average, mmstats.Min, mmstats.Max),
		`How to combine the values of the same label in several files. auto: sum whole numbers, average others.`, "",
	},
	{"PER_FILE", boolean(func(c *Config) *bool { return &c.Mmstats.PerFile }, false), `Store the values of each file in separate series, named PREFIX, file name and label.`, ""},
	{
		"SKIP", newSetting(func(c *Config) *[]*regexp.Regexp { return &c.Mmstats.Skip }, []*regexp.Regexp{regexp.MustCompile(mmstats.DefaultSkip)},
			"regular expressions, one per line", parsePatterns, formatPatterns),
		`Labels to leave out.`, "",
	},
	{
		"STALE", choice(func(c *Config) *string { return &c.Mmstats.Stale }, "pid", "pid", "keep"),
		`pid: leave out files of processes that have ended. keep: read all files; needed if the programs run on other machines.`, "",
	},
}

// parseGlob checks a pattern of file names.
func parseGlob(pattern string) (string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return "", fmt.Errorf("%q: %w", pattern, err)
	}
	return pattern, nil
}

// parsePatterns parses regular expressions, one per line.
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
