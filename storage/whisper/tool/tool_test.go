package tool

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"carbon/disk"
	"carbon/storage/schema"
)

// now is when all tests take place.
const now = 1700000000

// runTool runs a command line as if typed after "carbon whisper".
func runTool(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runOn(t, disk.OS{}, stdin, args...)
}

func runOn(t *testing.T, fsys disk.FS, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), Env{
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs,
		Now: func() time.Time { return time.Unix(now, 0).UTC() },
		FS:  fsys,
		Settings: func(Where) (Settings, error) {
			schemas, err := schema.ParseSchemas(strings.NewReader("[all]\npattern = .*\nretentions = 60:200,300:300\n"))
			return Settings{Tree: "/", TaggedLog: "/tagged.log", Rules: &schema.Rules{Schemas: schemas}}, err
		},
	}, args)
	return out.String(), errs.String(), code
}
