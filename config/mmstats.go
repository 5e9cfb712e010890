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
	{"INTERVAL", duration(func(c *Config) *time.Duration { return &c.Mmstats.Interval }, mmstats.DefaultInterval), `How often the files are read. 0: off.`, ""},
	{"PREFIX", text(func(c *Config) *string { return &c.Mmstats.Prefix }, mmstats.DefaultPrefix), `Beginning of the names.`, ""},
	{
		"AGGREGATE", choice(func(c *Config) *string { return &c.Mmstats.Aggregate }, mmstats.DefaultAggregate, mmstats.Auto, mmstats.Sum, mmstats.Average, mmstats.Min, mmstats.Max),
		`How the values of one label in several files become one. auto adds whole numbers and averages others.`, "",
	},
	{"PER_FILE", boolean(func(c *Config) *bool { return &c.Mmstats.PerFile }, false), `Give each file names of its own: PREFIX, the file's name, the label.`, ""},
	{
		"SKIP", newSetting(func(c *Config) *[]*regexp.Regexp { return &c.Mmstats.Skip }, []*regexp.Regexp{regexp.MustCompile(mmstats.DefaultSkip)},
			"regular expressions, one per line", parsePatterns, formatPatterns),
		`Labels to leave out.`, "",
	},
	{
		"STALE", choice(func(c *Config) *string { return &c.Mmstats.Stale }, "pid", "pid", "keep"),
		`pid: leave out files of processes that have ended. keep: read them, as needed where the programs run on other machines.`, "",
	},
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
