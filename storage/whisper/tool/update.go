package tool

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"carbon/metric"
)

// update stores points in a file.
var update = Command{
	Name:  "update",
	Args:  "PATH [TIMESTAMP:VALUE ...]",
	About: "store points, from arguments or standard input",
	Details: `The timestamp N means now. If no points are given as arguments, update reads
them from standard input, one per line. Points older than the file's retention
are ignored, but a single point that is too old, or in the future, is an error.
update writes to the file in place, as a server does.
`,
	Examples: `  carbon whisper update load.wsp N:42
  carbon whisper update load.wsp 1700000000:1 1700000060:2
  carbon whisper dump -r old.wsp | grep -v '^0:' | carbon whisper update new.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		return func(_ context.Context, args []string) error {
			if err := checkArgs(args, -1, "PATH"); err != nil {
				return err
			}
			now := env.Now().Unix()
			points, err := readPoints(env, args[1:], now)
			if err != nil {
				return err
			}
			return updateFile(env, args[0], points, now)
		}
	},
}

// readPoints returns the points given as arguments or, if there are none, those on
// standard input.
func readPoints(env *Env, args []string, now int64) (points []metric.Point, err error) {
	for _, arg := range args {
		p, err := parsePoint(arg, now)
		if err != nil {
			return nil, err
		}
		points = append(points, p)
	}
	if len(args) > 0 {
		return points, nil
	}
	in := bufio.NewScanner(env.Stdin)
	for line := 1; in.Scan(); line++ {
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		p, err := parsePoint(in.Text(), now)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		points = append(points, p)
	}
	return points, in.Err()
}

func updateFile(env *Env, path string, points []metric.Point, now int64) error {
	f, err := openLocked(env.FS, path)
	if err != nil {
		return err
	}
	defer f.Close()
	archives := f.Layout().Archives
	if len(points) == 1 {
		if age := now - points[0].Time; age < 0 || age >= archives[len(archives)-1].Retention() {
			return env.fail("Timestamp not covered by any archives in this database.")
		}
	}
	return f.Update(points, now)
}
