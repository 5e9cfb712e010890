package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carbon/config"
)

var update = flag.Bool("update", false, "write docs/commands.md")

// TestMain makes the command available to scripts as "carbon".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"carbon": main})
}

// TestScripts runs the command lines of testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}

// TestReference compares docs/commands.md with the help of all commands.
func TestReference(t *testing.T) {
	const path = "../../docs/commands.md"
	var want strings.Builder
	want.WriteString("# Commands\n\nWhat `carbon COMMAND --help` prints, for each command. " +
		"`make docs` writes this page.\n")
	writeReference(&want, rootCommand(program{}))
	if *update {
		if err := os.WriteFile(path, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want.String() {
		t.Errorf("%s differs from the help of the commands (%v): run make docs", path, err)
	}
}

func writeReference(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n```\n", cmd.CommandPath())
	writeHelp(b, cmd)
	b.WriteString("```\n")
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			writeReference(b, c)
		}
	}
}

// TestFlags checks the usage text of every flag.
func TestFlags(t *testing.T) {
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			switch e := flagEntry(f); {
			case f.Annotations[groupAnnotation] == nil:
				t.Errorf("%s --%s is in no flagGroup", cmd.CommandPath(), f.Name)
			case strings.ContainsAny(e.text, "`\n") || strings.HasSuffix(e.term, " string"):
				t.Errorf("%s %s: %s: want usage to begin with the name of the value, as in `FILE`: ...", cmd.CommandPath(), e.term, e.text)
			}
		})
		for _, c := range cmd.Commands() {
			check(c)
		}
	}
	check(rootCommand(program{}))
}

// TestFlagDefaults compares the defaults in the help of serve with those of the configuration.
func TestFlagDefaults(t *testing.T) {
	c, err := config.Load(config.Flags{Config: os.DevNull}, nil)
	if err != nil {
		t.Fatal(err)
	}
	flags := serveCommand(program{}).Flags()
	for name, value := range map[string]string{
		"data": "./" + c.Data, "line": c.Line, "udp": c.UDP, "pickle": c.Pickle, "http": c.HTTP,
		"log-level": c.LogLevel, "log-format": c.LogFormat,
	} {
		if usage := flags.Lookup(name).Usage; !strings.Contains(usage, "(default "+value+")") {
			t.Errorf("--%s: %q does not name the default %s", name, usage, value)
		}
	}
}
