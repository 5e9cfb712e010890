// Command carbon receives, stores, finds and draws metrics: one binary in place
// of the Graphite stack.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	_ "time/tzdata" // fresh machines have no zone files
)

const usage = `carbon receives, stores, finds and draws metrics: one binary in place of the Graphite stack.

  carbon serve      run the server (also what bare "carbon" does)
  carbon check      read the configuration as serve does and print it
  carbon send       send points from arguments or standard input to a server
  carbon render     evaluate targets, and write a picture or data
  carbon find       list the metrics that match a pattern
  carbon whisper    look into whisper files and change them, one or a whole tree
  carbon version    print the version

"carbon COMMAND -h" lists the flags of a command. The first graph:

  carbon serve &
  printf 'a.b.c 42 %d\n' $(date +%s) | nc -q0 127.0.0.1 2003
  open http://127.0.0.1:8080/render?target=a.b.c&from=-5min
`

// program is what a command needs of its surroundings.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
}

var commands = map[string]func(ctx context.Context, p program, args []string) error{
	"serve":   serve,
	"check":   check,
	"send":    send,
	"render":  renderTargets,
	"find":    find,
	"whisper": whisperTool,
	"version": printVersion,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		// A second signal ends the program at once. One that comes right behind the
		// first is the same: timeout(1) and others send theirs to a group, too.
		time.Sleep(time.Second)
		stop()
	})
	p := program{os.Stdin, os.Stdout, os.Stderr, os.Environ()}
	os.Exit(run(ctx, p, os.Args[1:]))
}

// run runs the command that args name and returns the exit code: 1 for what
// went wrong, 2 for a command line that says nothing sensible.
func run(ctx context.Context, p program, args []string) int {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	} else if len(args) > 0 && isHelp(args[0]) {
		name = "help"
	}
	if name == "help" {
		io.WriteString(p.stdout, usage)
		return 0
	}
	command, ok := commands[name]
	if !ok {
		fmt.Fprintf(p.stderr, "carbon: unknown command %q\n\n", name)
		io.WriteString(p.stderr, usage)
		return 2
	}
	err := command(ctx, p, args)
	var badUsage *usageError
	var code exitCode
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &badUsage):
		fmt.Fprintln(p.stderr, "carbon:", err)
		return 2
	default:
		fmt.Fprintln(p.stderr, "carbon:", err)
		return 1
	}
}

func isHelp(arg string) bool {
	return arg == "-h" || arg == "-help" || arg == "--help"
}

// usageError is a command line that cannot be understood.
type usageError struct{ reason string }

func (e *usageError) Error() string { return e.reason }

// parseFlags parses args; it wants no arguments besides flags unless the caller looks for them.
func parseFlags(fs *flag.FlagSet, p program, args []string) error {
	fs.SetOutput(p.stderr)
	err := fs.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return &usageError{err.Error()}
	}
	return err
}

func noArguments(fs *flag.FlagSet) error {
	if fs.NArg() > 0 {
		return &usageError{fmt.Sprintf("%s takes no arguments, got %q", fs.Name(), fs.Args())}
	}
	return nil
}

// version is the product's own; which graphite-web it answers as is said by package api.
const version = "0.1.0"

func printVersion(_ context.Context, p program, _ []string) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " (" + s.Value + ")"
			}
		}
	}
	_, err := fmt.Fprintf(p.stdout, "carbon %s%s\n", version, revision)
	return err
}
