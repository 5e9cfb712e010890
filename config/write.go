package config

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Write writes the effective configuration in the format of carbon.conf.
func (c *Config) Write(w io.Writer) error {
	return c.write(w, false)
}

// WriteMasked is Write but replaces passwords and tokens with ***.
func (c *Config) WriteMasked(w io.Writer) error {
	return c.write(w, true)
}

// write writes the configuration. masked hides passwords and tokens.
func (c *Config) write(w io.Writer, masked bool) error {
	out := bufio.NewWriter(w)
	builtIn := func(path string, exists bool) string {
		if path == "" || !exists {
			return "built in"
		}
		return path
	}
	fmt.Fprintf(out, "# carbon.conf: %s\n# storage-schemas.conf: %s\n# storage-aggregation.conf: %s\n# data: %s\n# whisper: %s\n# line: %s\n# http: %s\n",
		builtIn(c.File, true), builtIn(c.Schemas, c.schemasRequired), builtIn(c.Aggregation, c.aggregationRequired), c.Data, c.Whisper, c.Line, c.HTTP)
	for _, s := range sections {
		writeSection(out, s.name, s.keys, c, masked)
	}
	for i := range c.Listener {
		writeSection(out, "listener:"+c.Listener[i].Name, listenerKeys, &c.Listener[i], masked)
	}
	fmt.Fprintln(out, "\n[define]")
	for _, name := range slices.Sorted(maps.Keys(c.Define)) {
		writeValue(out, name, strings.ReplaceAll(c.Define[name], "\n", "\n  "))
	}
	for _, key := range slices.Sorted(maps.Keys(c.Hashes)) {
		fmt.Fprintf(out, "\n[hash:%s]\n", key)
		for _, node := range slices.Sorted(maps.Keys(c.Hashes[key])) {
			writeValue(out, node, c.Hashes[key][node])
		}
	}
	return out.Flush()
}

// writeSection writes the keys of a section with their values in c.
func writeSection[C any](w io.Writer, name string, keys []key[C], c *C, masked bool) {
	fmt.Fprintf(w, "\n[%s]\n", name)
	for _, k := range keys {
		value := k.setting.get(c)
		if masked && k.setting.secret && value != "" {
			value = "***"
		}
		writeValue(w, k.name, value)
	}
}

// writeValue writes NAME = VALUE. It doubles '%', which begins an interpolation.
func writeValue(w io.Writer, name, value string) {
	line := name + " = " + strings.ReplaceAll(value, "%", "%%")
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

// Setting is a key with its effective value.
type Setting struct{ Name, Value string }

// Section returns the keys of a section with their effective values.
func (c *Config) Section(name string) []Setting {
	s := findSection(name)
	settings := make([]Setting, len(s.keys))
	for i, k := range s.keys {
		settings[i] = Setting{k.name, k.setting.get(c)}
	}
	return settings
}
