// Command carbon receives, stores, finds and draws metrics: one binary in place
// of the Graphite stack.
//
// Each command is one file. It declares its flags in groups (flags.go), from which
// help, completion, man pages and docs/commands.md are made, and calls the package
// that does the work.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // fresh machines have no zone files

	"github.com/spf13/cobra"
)

// program is the environment that a command runs in.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string // NAME=VALUE
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		// A second signal ends the program at once, but not within a second of the
		// first: timeout(1) and others signal both the process and its group.
		time.Sleep(time.Second)
		stop()
	})
	p := program{os.Stdin, os.Stdout, os.Stderr, os.Environ()}
	os.Exit(run(ctx, p, os.Args[1:]))
}

// run runs the command that args name and returns the exit code: 2 for a wrong
// command line, 1 for any other error.
func run(ctx context.Context, p program, args []string) int {
	root := rootCommand(p)
	args, err := normalize(root, args, p.stderr)
	if err == nil {
		root.SetArgs(args)
		err = root.ExecuteContext(ctx)
	}
	var usage *usageError
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(p.stderr, "carbon:", err)
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// exitCode is an error that has already been reported, or needs no report.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// usageError is a wrong command line.
type usageError struct {
	cmd    *cobra.Command
	reason string
}

func badUsage(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{cmd, fmt.Sprintf(format, args...)}
}

func (e *usageError) Error() string {
	if e.cmd.HasParent() {
		return commandName(e.cmd) + ": " + e.reason
	}
	return e.reason
}
