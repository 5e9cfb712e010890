package tool

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"carbon/disk"
	"carbon/storage/schema"
)

// now is the time at which all tests run.
const now = 1700000000

// runTool runs a command line as if typed after "carbon whisper", and returns its exit code.
func runTool(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runOn(t, disk.OS{}, stdin, args...)
}

// runOn is like runTool on the given file system.
func runOn(t *testing.T, fsys disk.FS, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runIn(t, Env{
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs,
		Now: func() time.Time { return time.Unix(now, 0).UTC() },
		FS:  fsys,
		Settings: func(ConfigFiles) (Settings, error) {
			schemas, err := schema.ParseSchemas(strings.NewReader("[all]\npattern = .*\nretentions = 60:200,300:300\n"))
			return Settings{Tree: "/", TaggedLog: "/tagged.log", Rules: &schema.Rules{Schemas: schemas}}, err
		},
	}, args)
	return out.String(), errs.String(), code
}

// runIn runs a command line with the given environment and returns its exit code.
func runIn(t *testing.T, env Env, args []string) (code int) {
	t.Helper()
	i := slices.IndexFunc(Commands(), func(c Command) bool { return c.Name == args[0] || slices.Contains(c.Aliases(), args[0]) })
	if i < 0 {
		t.Fatalf("no command %q", args[0])
	}
	fs := pflag.NewFlagSet(args[0], pflag.ContinueOnError)
	run := Commands()[i].Prepare(env, fs)
	err := fs.Parse(args[1:])
	if err == nil {
		err = run(t.Context(), fs.Args())
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrFailed):
		return 1
	}
	fmt.Fprintln(env.Stderr, err)
	return 2
}
