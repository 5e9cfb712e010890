package config

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Write writes the effective configuration as a file that can be read again.
func (c *Config) Write(w io.Writer) error {
	return c.write(w, func(k configKey) string { return k.get(c) })
}

// write writes the effective configuration with value(key) for the value of each key.
func (c *Config) write(w io.Writer, value func(configKey) string) error {
	out := bufio.NewWriter(w)
	builtIn := func(path string) string {
		if path == "" {
			return "built in"
		}
		return path
	}
	fmt.Fprintf(out, "# carbon.conf: %s\n# storage-schemas.conf: %s\n# storage-aggregation.conf: %s\n# data: %s\n# whisper: %s\n# line: %s\n# http: %s\n",
		builtIn(c.File), builtIn(c.Schemas), builtIn(c.Aggregation), c.Data, c.Whisper, c.Line, c.HTTP)
	section := ""
	for _, k := range keysBySection() {
		if k.section != section {
			section = k.section
			fmt.Fprintf(out, "\n[%s]\n", section)
		}
		fmt.Fprintf(out, "%s\n", strings.TrimRight(k.name+" = "+strings.ReplaceAll(value(k), "%", "%%"), " "))
	}
	fmt.Fprint(out, c.listenerSections())
	fmt.Fprintln(out, "\n[define]")
	for _, name := range slices.Sorted(maps.Keys(c.Define)) {
		template := strings.ReplaceAll(c.Define[name], "%", "%%")
		fmt.Fprintf(out, "%s = %s\n", name, strings.ReplaceAll(template, "\n", "\n  "))
	}
	for _, key := range slices.Sorted(maps.Keys(c.Hashes)) {
		fmt.Fprintf(out, "\n[hash:%s]\n", key)
		for _, node := range slices.Sorted(maps.Keys(c.Hashes[key])) {
			fmt.Fprintf(out, "%s = %s\n", node, strings.ReplaceAll(c.Hashes[key][node], "%", "%%"))
		}
	}
	return out.Flush()
}

// keysBySection are the keys of the configuration, those of a section one after the
// other.
func keysBySection() []configKey {
	place := make(map[string]int)
	for i, k := range configKeys {
		if _, known := place[k.section]; !known {
			place[k.section] = i
		}
	}
	return slices.SortedStableFunc(slices.Values(configKeys), func(a, b configKey) int { return place[a.section] - place[b.section] })
}

// WriteMasked is Write with secrets masked.
func (c *Config) WriteMasked(w io.Writer) error {
	return c.write(w, func(k configKey) string {
		value := k.get(c)
		if value != "" && isSecret(k.name) {
			return "***"
		}
		return value
	})
}

func isSecret(key string) bool {
	for _, word := range []string{"TOKEN", "PASSWORD", "SECRET"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// Setting is one key and its effective value.
type Setting struct{ Name, Value string }

// Section returns the keys of a section with their values.
func (c *Config) Section(name string) []Setting {
	var settings []Setting
	for _, k := range configKeys {
		if k.section == name {
			settings = append(settings, Setting{k.name, k.get(c)})
		}
	}
	return settings
}
