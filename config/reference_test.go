package config

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write carbon.conf and docs/configuration.md")

// TestReference checks that carbon.conf and docs/configuration.md are up to date.
func TestReference(t *testing.T) {
	for path, want := range map[string]string{"../carbon.conf": exampleFile(), "../docs/configuration.md": referencePage()} {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(content) != want {
			t.Errorf("%s differs from the rows of keys: run go test ./config -update", path)
		}
	}
}

// exampleFile returns the content of the shipped carbon.conf.
func exampleFile() string {
	var b strings.Builder
	comment(&b, `The configuration of carbon, with every key at its default. Keys that are left out have the values shown here. Keys of Graphite's carbon have the same names here, so that you can use an existing carbon.conf unchanged. Names of keys ignore case and underscores. Durations are written as 10ms, 5s or 2m; a number without a unit means seconds. A ; after a space begins a comment. %(KEY)s inserts the value of another key; write % as %%.`)
	b.WriteString("#\n")
	comment(&b, `The server reads the file given by --config, else ./carbon.conf, else /etc/carbon/carbon.conf. Environment variables (CARBON_CACHE__MAX_CACHE_SIZE=1000000) override the file, and flags (--set cache.MAX_CACHE_SIZE=1000000) override both. The server looks for storage-schemas.conf, storage-aggregation.conf and graphTemplates.conf in the directory of this file.`)
	defaults := newConfig()
	for _, s := range sections {
		b.WriteString("\n")
		comment(&b, s.doc)
		fmt.Fprintf(&b, "[%s]\n", s.name)
		for i, k := range s.keys {
			if i > 0 {
				b.WriteString("\n")
			}
			comment(&b, k.doc)
			if !slices.Contains([]string{"text", "True or False", "duration"}, k.setting.values) {
				comment(&b, "Values: "+k.setting.values+".")
			}
			if k.carbon != "" {
				comment(&b, "Carbon: "+k.carbon+".")
			}
			writeValue(&b, k.name, k.setting.get(defaults))
		}
	}
	for _, s := range freeSections {
		b.WriteString("\n")
		comment(&b, s.doc)
		if s.prefix == "listener:" {
			for _, k := range listenerKeys {
				comment(&b, k.name+": "+k.doc)
			}
		}
		if s.prefix == "define" { // a section that a site fills
			b.WriteString("[define]\n")
		} else {
			fmt.Fprintf(&b, "# [%s]\n", s.written)
		}
		for line := range strings.Lines(s.example) {
			b.WriteString("# " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	return b.String()
}

// comment writes text as comment lines of at most 80 characters. It does not wrap
// lines that begin with a space.
func comment(b *strings.Builder, text string) {
	for paragraph := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(paragraph, " ") {
			b.WriteString("# " + paragraph + "\n")
			continue
		}
		line := "#"
		for _, word := range strings.Fields(paragraph) {
			if len(line)+1+len(word) > 80 {
				b.WriteString(line + "\n")
				line = "#"
			}
			line += " " + word
		}
		b.WriteString(line + "\n")
	}
}

// referencePage returns the content of docs/configuration.md.
func referencePage() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Generated from the rows of keys in config/: go test ./config -update -->

The server reads one configuration file, carbon.conf, in the format of Graphite's carbon: the file given by ` + "`--config`, else `./carbon.conf`, else `/etc/carbon/carbon.conf`" + `. Without a file, every key has its default. Settings come from these sources; later ones override earlier ones:

1. defaults
2. carbon.conf
3. environment variables ` + "`CARBON_SECTION__KEY`, such as `CARBON_CACHE__MAX_CACHE_SIZE=1000000`" + `
4. flags: ` + "`--set SECTION.KEY=VALUE`, and specific ones such as `--data` and `--http` (see `carbon serve --help`)" + `

` + "`carbon check`" + ` reads the configuration as the server does. It prints the effective configuration, or each error with FILE:LINE.

Keys of Graphite's carbon have the same names here, so that you can use an existing carbon.conf unchanged. A note *Carbon: ...* says where carbon's default or behavior differs. The sections [relay], [aggregator] and [cache:b] of carbon have no effect yet; the server warns about them.

Names of keys ignore case and underscores. Durations are written as 10ms, 5s or 2m; a number without a unit means seconds. A ; after a space begins a comment. %(KEY)s inserts the value of another key; write % as %%.

The server reloads storage-schemas.conf, storage-aggregation.conf, whitelist.conf, blacklist.conf, graphTemplates.conf, and the certificate with its key when the files change and at SIGHUP. At SIGHUP it also reloads [auth] and the log level. If a file has an error, the server logs it with FILE:LINE and keeps the current values. Other settings need a restart.
`)
	defaults := newConfig()
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## [%s]\n\n%s\n\n", s.name, s.doc)
		writeTable(&b, s.keys, defaults)
	}
	for _, s := range freeSections {
		fmt.Fprintf(&b, "\n## [%s]\n\n%s\n\n", s.written, s.doc)
		if s.prefix == "listener:" {
			listener := &ListenerConfig{}
			for _, k := range listenerKeys {
				k.setting.reset(listener)
			}
			writeTable(&b, listenerKeys, listener)
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "```ini\n[%s]\n%s\n```\n", s.written, s.example)
	}
	return b.String()
}

func writeTable[C any](b *strings.Builder, keys []key[C], defaults *C) {
	b.WriteString("| key | default | values | meaning |\n|---|---|---|---|\n")
	for _, k := range keys {
		doc := k.doc
		if k.carbon != "" {
			doc += " *Carbon: " + k.carbon + ".*"
		}
		value := k.setting.get(defaults)
		if value != "" {
			value = "`" + value + "`"
		}
		doc = strings.ReplaceAll(doc, "\n  ", "<br>")
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", k.name, cell(value), cell(k.setting.values), cell(doc))
	}
}

// cell escapes | for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// TestKeys checks that names are unique in their section, that every default can be
// formatted and parsed again, and that documentation consists of sentences.
func TestKeys(t *testing.T) {
	for _, s := range sections {
		seen := map[string]bool{}
		for _, k := range s.keys {
			if seen[fold(k.name)] {
				t.Errorf("[%s] %s: duplicate key", s.name, k.name)
			}
			seen[fold(k.name)] = true
			if _, listed := unused[s.name][fold(k.name)]; listed {
				t.Errorf("[%s] %s is a key but is listed as unused", s.name, k.name)
			}
			c := newConfig()
			if value := k.setting.get(c); k.setting.set(c, value) != nil || k.setting.get(c) != value {
				t.Errorf("[%s] %s: the default %q cannot be parsed", s.name, k.name, value)
			}
			if !strings.HasSuffix(strings.Split(k.doc, "\n")[0], ".") {
				t.Errorf("[%s] %s: the first line of the documentation does not end with a full stop", s.name, k.name)
			}
		}
	}
}
