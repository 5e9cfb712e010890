package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check reads every configuration file as serve would, prints the effective
// configuration, and fails with FILE:LINE where something is wrong.
func check(_ context.Context, p program, args []string) error {
	fs := flag.NewFlagSet("carbon check", flag.ContinueOnError)
	flags := configFlags(fs)
	if err := parseFlags(fs, p, args); err != nil {
		return err
	}
	if err := noArguments(fs); err != nil {
		return err
	}
	c, err := loadConfig(*flags, p.environ)
	if err != nil {
		return err
	}
	_, warnings, err := loadRules(c.Schemas, c.Aggregation)
	if err != nil {
		return err
	}
	for _, w := range append(c.Warning, warnings...) {
		fmt.Fprintln(p.stderr, "warning:", w)
	}
	builtIn := func(path string) string {
		if path == "" {
			return "built in"
		}
		return path
	}
	fmt.Fprintf(p.stdout, "# carbon.conf: %s\n# storage-schemas.conf: %s\n# storage-aggregation.conf: %s\n# data: %s\n# whisper: %s\n# line: %s\n# http: %s\n",
		builtIn(c.File), builtIn(c.Schemas), builtIn(c.Aggregation), c.Data, c.Whisper, c.Line, c.HTTP)
	section := ""
	for _, k := range configKeys {
		if k.section != section {
			section = k.section
			fmt.Fprintf(p.stdout, "\n[%s]\n", section)
		}
		fmt.Fprintf(p.stdout, "%s\n", strings.TrimRight(k.name+" = "+k.get(c), " "))
	}
	fmt.Fprintln(p.stdout, "\n[define]")
	for _, name := range slices.Sorted(maps.Keys(c.Define)) {
		template := strings.ReplaceAll(c.Define[name], "%", "%%")
		fmt.Fprintf(p.stdout, "%s = %s\n", name, strings.ReplaceAll(template, "\n", "\n  "))
	}
	for _, key := range slices.Sorted(maps.Keys(c.Hashes)) {
		fmt.Fprintf(p.stdout, "\n[hash:%s]\n", key)
		for _, node := range slices.Sorted(maps.Keys(c.Hashes[key])) {
			fmt.Fprintf(p.stdout, "%s = %s\n", node, strings.ReplaceAll(c.Hashes[key][node], "%", "%%"))
		}
	}
	return nil
}
