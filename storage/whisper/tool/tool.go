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

// Command is one command for whisper files.
type Command struct {
	Name     string
	aliases  []string // other names of the Python tool
	Args     string   // the arguments, for the usage line
	About    string   // one line
	Details  string   // more about it; lines end with \n
	Examples string   // command lines, indented by two spaces
	setUp    func(env *Env, fs *pflag.FlagSet) Action
}

// Action runs a command with the arguments that are not flags.
type Action func(ctx context.Context, args []string) error

// Commands returns all commands, related ones together.
func Commands() []Command {
	return []Command{
		info, fetch, dump, create, update, diff,
		merge, fill, resize, setAggregation, setXFilesFactor,
		verify, conform, prune, convert,
	}
}

// Aliases returns the other names of the command: those of the Python tool, as pip and
// Debian install it.
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

// Prepare declares the flags of the command. The action that it returns runs the command
// after fs has been parsed. The action's error is a *UsageError, which the caller
// reports, or ErrFailed.
func (c *Command) Prepare(env Env, fs *pflag.FlagSet) Action {
	out := bufio.NewWriter(env.Stdout)
	env.Stdout = out
	act := c.setUp(&env, fs)
	return func(ctx context.Context, args []string) error {
		err := act(ctx, args)
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

// ErrFailed is an error that has been reported on Env.Stderr.
var ErrFailed = errors.New("failed")

// fail reports an error as the Python tools do.
func (env *Env) fail(format string, args ...any) error {
	fmt.Fprintf(env.Stderr, "[ERROR] "+format+"\n", args...)
	return ErrFailed
}

// UsageError is a wrong command line.
type UsageError struct{ reason string }

func (e *UsageError) Error() string { return e.reason }

func badUsage(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}
