package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage/whisper"
)

// setAggregation changes the aggregation method of a file.
var setAggregation = Command{
	Name: "set-aggregation", aliases: []string{"set-aggregation-method"},
	Args:  "PATH METHOD [XFILESFACTOR]",
	About: "change the aggregation method of a file, for future rollups",
	Details: `METHOD is one of ` + strings.Join(methods(), ", ") + `.
Existing rollups keep their values.
`,
	Examples: `  carbon whisper set-aggregation hits.wsp sum
  carbon whisper set-aggregation hits.wsp sum 0
`,
	setUp: func(env *Env, _ *pflag.FlagSet) Action {
		return func(_ context.Context, args []string) error {
			if err := checkArgs(args, 3, "PATH", "METHOD"); err != nil {
				return err
			}
			path, method, x := args[0], args[1], math.NaN()
			if err := checkMethod(method); err != nil {
				return err
			}
			if len(args) == 3 {
				var err error
				if x, err = parseXFilesFactor(args[2]); err != nil {
					return err
				}
			}
			old, err := setHeader(env, path, method, x)
			if err == nil {
				fmt.Fprintf(env.Stdout, "Updated aggregation method: %s (%s -> %s)\n", path, old.Aggregation, method)
			}
			return err
		}
	},
}

// setXFilesFactor changes the xFilesFactor of a file.
var setXFilesFactor = Command{
	Name:  "set-xfilesfactor",
	Args:  "PATH XFILESFACTOR",
	About: "change the fraction of known points that a rollup needs",
	Details: `XFILESFACTOR is a number between 0 and 1. Existing rollups keep their values.
`,
	Examples: `  carbon whisper set-xfilesfactor load.wsp 0.1
`,
	setUp: func(env *Env, _ *pflag.FlagSet) Action {
		return func(_ context.Context, args []string) error {
			if err := checkArgs(args, 2, "PATH", "XFILESFACTOR"); err != nil {
				return err
			}
			x, err := parseXFilesFactor(args[1])
			if err != nil {
				return err
			}
			old, err := setHeader(env, args[0], "", x)
			if err == nil {
				fmt.Fprintf(env.Stdout, "Updated xFilesFactor: %s (%s -> %s)\n", args[0], repr(old.XFilesFactor), repr(x))
			}
			return err
		}
	},
}

// setHeader changes the aggregation method of a file, unless method is empty, and
// its xFilesFactor, unless x is NaN. It returns the old layout. The rest of the file
// keeps every byte.
func setHeader(env *Env, path, method string, x float64) (old metric.Layout, err error) {
	err = replace(env, path, env.Now().Unix(), replacement{keepTime: true, build: func(f *whisper.File, _ content, temp string) error {
		old = f.Layout()
		if err := copyTo(env.FS, path, temp); err != nil {
			return err
		}
		copied, err := whisper.OpenFile(env.FS, temp, os.O_RDWR)
		if err != nil {
			return err
		}
		xFilesFactor := x
		if math.IsNaN(x) {
			xFilesFactor = old.XFilesFactor
		}
		err = copied.SetAggregation(cmp.Or(method, old.Aggregation), xFilesFactor)
		if err == nil {
			err = copied.Sync()
		}
		return errors.Join(err, copied.Close())
	}})
	return old, err
}

// parseXFilesFactor parses a number between 0 and 1.
func parseXFilesFactor(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("invalid xFilesFactor %s: want a number between 0 and 1", s)
	}
	return x, checkXFilesFactor(x)
}

func checkXFilesFactor(x float64) error {
	if !(x >= 0 && x <= 1) {
		return fmt.Errorf("invalid xFilesFactor %s: want a number between 0 and 1", repr(x))
	}
	return nil
}

// methods returns the aggregation methods in the order of their numbers in files.
func methods() []string {
	var names []string
	for id := uint32(1); ; id++ {
		name, ok := aggregate.MethodName(id)
		if !ok {
			return names
		}
		names = append(names, name)
	}
}

func checkMethod(name string) error {
	if _, ok := aggregate.MethodID(name); !ok {
		return fmt.Errorf("unknown aggregation method %q: want one of %s", name, strings.Join(methods(), ", "))
	}
	return nil
}
