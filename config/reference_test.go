package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write carbon.conf and docs/configuration.md")

// TestReference compares carbon.conf and docs/configuration.md with the rows of keys.
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

// exampleFile is the shipped carbon.conf: every key at its default.
func exampleFile() string {
	var b strings.Builder
	comment(&b, `The configuration of carbon, with every key at its default. A key that is left out has the value shown here. Keys that carbon has too keep carbon's names, so an existing carbon.conf is read unchanged. Names of keys compare without case and underscores. A duration is written 10ms, 5s or 2m; a bare number is seconds. " ;" begins a comment.`)
	b.WriteString("#\n")
	comment(&b, `The server reads --config FILE, else ./carbon.conf, else /etc/carbon/carbon.conf. The environment (CARBON_CACHE__MAX_CACHE_SIZE=1000000) wins over the file, and flags (--set cache.MAX_CACHE_SIZE=1000000) win over both. It looks for storage-schemas.conf, storage-aggregation.conf and graphTemplates.conf beside the file.`)
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

// comment writes text as comment lines of at most 80 characters. Lines of text that
// begin with a space are kept as they are.
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

// referencePage is docs/configuration.md.
func referencePage() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Generated from the rows of keys in config/: go test ./config -update -->

The server reads one file in carbon's format, carbon.conf: ` + "`--config FILE`, else `./carbon.conf`, else `/etc/carbon/carbon.conf`" + `. Without a file every key has its default. The order of precedence, later ones win:

1. defaults
2. carbon.conf
3. the environment: ` + "`CARBON_SECTION__KEY`, such as `CARBON_CACHE__MAX_CACHE_SIZE=1000000`" + `
4. flags: ` + "`--set SECTION.KEY=VALUE`" + `, and the flags that have a name of their own (` + "`carbon serve --help`" + `)

` + "`carbon check`" + ` reads the configuration as the server does and prints the result, or FILE:LINE and what is wrong.

Keys that carbon has too keep carbon's names, so an existing carbon.conf is read unchanged. Names compare without case and underscores. A duration is written 10ms, 5s or 2m; a bare number is seconds. " ;" begins a comment; %(KEY)s inserts the value of another key; write % as %%. [relay], [aggregator] and [cache:b] of carbon's own file start nothing yet.

The server reloads storage-schemas.conf, storage-aggregation.conf, whitelist.conf, blacklist.conf, graphTemplates.conf and the certificate when they change and at SIGHUP, and [auth] and the log level at SIGHUP. A broken file keeps the old values, and the log says FILE:LINE. All other keys need a restart.
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

// cell escapes what would end a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// TestKeys checks what the parser relies on: names are unique in their section, and
// every default is understood when it is written down.
func TestKeys(t *testing.T) {
	for _, s := range sections {
		seen := map[string]bool{}
		for _, k := range s.keys {
			if seen[fold(k.name)] {
				t.Errorf("[%s] %s is there twice", s.name, k.name)
			}
			seen[fold(k.name)] = true
			if _, is := unused[s.name][fold(k.name)]; is {
				t.Errorf("[%s] %s is a key, and listed as unused", s.name, k.name)
			}
			c := newConfig()
			if value := k.setting.get(c); k.setting.set(c, value) != nil || k.setting.get(c) != value {
				t.Errorf("[%s] %s: the default %q is not understood", s.name, k.name, value)
			}
			if !strings.HasSuffix(strings.Split(k.doc, "\n")[0], ".") {
				t.Errorf("[%s] %s: the first line of the documentation is no sentence", s.name, k.name)
			}
		}
	}
}
