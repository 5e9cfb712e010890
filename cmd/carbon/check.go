package main

import (
	"context"
	"flag"
	"fmt"

	"carbon/config"
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
	c, err := config.Load(*flags, p.environ)
	if err != nil {
		return err
	}
	warnings, err := c.CheckFiles()
	if err != nil {
		return err
	}
	for _, w := range append(c.Warning, warnings...) {
		fmt.Fprintln(p.stderr, "warning:", w)
	}
	return c.Write(p.stdout)
}
