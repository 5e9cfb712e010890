// Package tool implements `carbon whisper`: commands that inspect and change
// whisper files, one file or a whole tree, while a server runs or not.
//
// A command that replaces one of whisper's Python tools has the names, arguments,
// flags and output of that tool, to the byte; docs/whisper.md lists the differences.
// All commands but update change a file by building a new one beside it, syncing
// it and renaming it over the old one (replace.go).
package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"carbon/disk"
	"carbon/storage/schema"
)

// Env holds the streams, clock, file system and configuration that commands use.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time // in the time zone for printed dates
	FS             disk.FS
	Terminal       bool // Stderr is a terminal: commands on trees show a progress bar

	// Settings reads the server's configuration from the given files, for the
	// commands that need it.
	Settings func(files ConfigFiles) (Settings, error)
}

// ConfigFiles holds the paths given with the flags --config, --data, --schemas and
// --aggregation. An empty path means the server's default.
type ConfigFiles struct{ Config, Data, Schemas, Aggregation string }

// Settings is the part of the server's configuration that concerns its files.
type Settings struct {
	Tree      string // directory of the whisper files
	TaggedLog string // file with the names of tagged series
	Rules     *schema.Rules
	Warnings  []string
}

// Command is a subcommand of `carbon whisper`.
type Command struct {
	Name     string
	aliases  []string // names of the Python tool that differ from Name, without "whisper-"
	Args     string   // arguments, for the usage line
	About    string   // summary in one line
	Details  string   // further paragraphs of the help; each line ends with \n
	Examples string   // command lines, indented by two spaces

	// setUp declares the flags in fs and returns the action.
	setUp func(env *Env, fs *pflag.FlagSet) Action
}

// Action runs a command; args are the arguments that are not flags.
type Action func(ctx context.Context, args []string) error

// Commands returns all commands, grouped by purpose.
func Commands() []Command {
	return []Command{
		info, fetch, dump, create, update, diff,
		merge, fill, resize, setAggregation, setXFilesFactor,
		verify, conform, prune, convert,
	}
}

// Aliases returns the names under which pip and Debian install the Python tool of
// the command.
func (c *Command) Aliases() []string {
	names := []string{c.Name + ".py"}
	for _, name := range append([]string{c.Name}, c.aliases...) {
		names = append(names, "whisper-"+name, "whisper-"+name+".py")
	}
	for _, name := range c.aliases {
		names = append(names, name, name+".py")
	}
	return names
}

// Prepare declares the flags of the command in fs and returns the action to run
// once fs has been parsed. The action returns nil, ErrFailed, or a *UsageError,
// which the caller has to report.
func (c *Command) Prepare(env Env, fs *pflag.FlagSet) Action {
	out := bufio.NewWriter(env.Stdout)
	env.Stdout = out
	run := c.setUp(&env, fs)
	return func(ctx context.Context, args []string) error {
		err := run(ctx, args)
		if flushErr := out.Flush(); err == nil {
			err = flushErr
		}
		var usage *UsageError
		if err == nil || errors.Is(err, ErrFailed) || errors.As(err, &usage) {
			return err
		}
		return env.fail("%v", err)
	}
}

// ErrFailed is returned for a failure that has been reported on Env.Stderr.
var ErrFailed = errors.New("failed")

// fail reports an error in the format of the Python tools and returns ErrFailed.
func (env *Env) fail(format string, args ...any) error {
	fmt.Fprintf(env.Stderr, "[ERROR] "+format+"\n", args...)
	return ErrFailed
}

// UsageError reports an invalid command line.
type UsageError struct{ reason string }

func (e *UsageError) Error() string { return e.reason }

func badUsage(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// checkArgs reports a missing or surplus argument. required holds the names of the
// required arguments; max is the largest number of arguments, or negative for any.
func checkArgs(args []string, max int, required ...string) error {
	if len(args) < len(required) {
		return badUsage("missing %s", required[len(args)])
	}
	if max >= 0 && len(args) > max {
		return badUsage("unexpected argument %q", args[max])
	}
	return nil
}
