// Package tool is `carbon whisper`: the commands that look into whisper files and
// change them, one file or a whole tree, with or without a server beside.
//
// Where whisper's Python tools have a command, its name, arguments, options and
// output are theirs, to the byte; docs/whisper.md tells where more is done or
// something is done otherwise. A file is never rewritten in place: what is
// changed is built beside it, synced, and takes its name (replace.go).
package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"carbon/disk"
	"carbon/storage/schema"
)

// Env is what the commands need of their surroundings.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time // in the zone that people are shown times in
	FS             disk.FS
	Terminal       bool // Stderr is one: long walks show how far they are

	// Settings reads the server's configuration, for those commands that work
	// by it; where says which files, as the flags of the server do.
	Settings func(where Where) (Settings, error)
}

// Where names configuration files; empty fields mean where the server looks.
type Where struct{ Config, Data, Schemas, Aggregation string }

// Settings are what the server's configuration says of its files.
type Settings struct {
	Tree      string // the directory of whisper files
	TaggedLog string // the file with the names of tagged series
	Rules     *schema.Rules
	Warnings  []string
}

// command is one subcommand.
type command struct {
	name     string
	aliases  []string
	args     string // the arguments, for the usage line
	about    string // one line
	details  string // more about it; lines end with \n
	examples string // command lines, indented by two spaces
	setUp    func(env *Env, fs *pflag.FlagSet) action
}

// action does what a command line asks for, its options being set.
type action func(ctx context.Context, args []string) error

// commands are in the order that the usage text lists them.
func commands() []command {
	return []command{
		info, fetch, dump, create, update, diff,
		merge, fill, resize, setAggregation, setXFilesFactor,
		verify, conform, prune, convert,
	}
}

// errFailed is an error of which everything was said already.
var errFailed = errors.New("failed")

// fail says what went wrong in the very words of the Python tools.
func (env *Env) fail(format string, args ...any) error {
	fmt.Fprintf(env.Stderr, "[ERROR] "+format+"\n", args...)
	return errFailed
}

// usageError is a command line that cannot be understood.
type usageError struct{ reason string }

func (e *usageError) Error() string { return e.reason }

func badUsage(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// Run runs the command that args begin with and returns the exit code: 1 for
// what went wrong, 2 for a command line that says nothing sensible.
func Run(ctx context.Context, env Env, args []string) int {
	if len(args) == 0 {
		io.WriteString(env.Stderr, usage())
		return 2
	}
	if name := args[0]; name == "help" || name == "-h" || name == "-help" || name == "--help" {
		io.WriteString(env.Stdout, usage())
		return 0
	}
	c, ok := find(args[0])
	if !ok {
		fmt.Fprintf(env.Stderr, "carbon whisper: unknown command %q\n\n%s", args[0], usage())
		return 2
	}
	out := bufio.NewWriter(env.Stdout)
	env.Stdout = out
	err := c.run(ctx, &env, args[1:])
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	var bad *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &bad):
		fmt.Fprintf(env.Stderr, "carbon whisper %s: %v\nusage: carbon whisper %s\n", c.name, err, c.line())
		return 2
	case !errors.Is(err, errFailed):
		fmt.Fprintln(env.Stderr, "[ERROR]", err)
	}
	return 1
}

func (c *command) run(ctx context.Context, env *Env, args []string) error {
	fs := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	act := c.setUp(env, fs)
	rest, err := parse(fs, args)
	if errors.Is(err, pflag.ErrHelp) {
		c.help(env.Stdout, fs)
		return nil
	}
	if err != nil {
		return err
	}
	return act(ctx, rest)
}

// find returns the command of a name: ours, the Python tool's, or the Python
// tool's with all that Debian or pip put around it.
func find(name string) (c command, ok bool) {
	name = strings.TrimSuffix(name, ".py")
	bare := strings.TrimPrefix(name, "whisper-")
	for _, c := range commands() {
		if c.name == bare || slices.Contains(c.aliases, name) || slices.Contains(c.aliases, bare) {
			return c, true
		}
	}
	return command{}, false
}

func (c *command) line() string { return strings.TrimSpace(c.name + " [options] " + c.args) }

func (c *command) help(w io.Writer, fs *pflag.FlagSet) {
	fmt.Fprintf(w, "usage: carbon whisper %s\n\n%s\n", c.line(), c.about)
	if len(c.aliases) > 0 {
		fmt.Fprintf(w, "Also called %s.\n", strings.Join(c.aliases, ", "))
	}
	options(w, fs)
	if c.details != "" {
		fmt.Fprintf(w, "\n%s", c.details)
	}
	fmt.Fprintf(w, "\n%s", c.examples)
}

func usage() string {
	var b strings.Builder
	b.WriteString("usage: carbon whisper COMMAND [options] ARGUMENTS\n\n" +
		"Looks into whisper files and changes them, one file or a whole tree. Names,\n" +
		"options and output are those of the Python tools (whisper-info, ...).\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-18s %s\n", c.name, c.about)
	}
	b.WriteString(`
"carbon whisper COMMAND -h" explains a command. For example:

  carbon whisper info data/whisper/servers/web1/load.wsp
  carbon whisper fetch --from=-1h --pretty data/whisper/servers/web1/load.wsp
  carbon whisper verify data/whisper
  carbon whisper conform --dry-run
`)
	return b.String()
}
