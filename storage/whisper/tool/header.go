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

// setAggregation changes how a file rolls points up.
var setAggregation = Command{
	Name: "set-aggregation", aliases: []string{"set-aggregation-method"},
	Args:  "PATH " + strings.Join(methods(), "|") + " [XFILESFACTOR]",
	About: "change how a file rolls up points that come from now on",
	Examples: `  carbon whisper set-aggregation hits.wsp sum
  carbon whisper set-aggregation hits.wsp sum 0
`,
	setUp: func(env *Env, _ *pflag.FlagSet) Action {
		return func(_ context.Context, args []string) error {
			if len(args) < 2 || len(args) > 3 {
				return badUsage("want a path and a method, and perhaps an xFilesFactor")
			}
			path, method, x := args[0], args[1], math.NaN()
			if err := checkMethod(method); err != nil {
				return err
			}
			if len(args) == 3 {
				var err error
				if x, err = xFilesFactor(args[2]); err != nil {
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

// setXFilesFactor changes how many points a rollup needs.
var setXFilesFactor = Command{
	Name:  "set-xfilesfactor",
	Args:  "PATH XFILESFACTOR",
	About: "change how many known points a rollup needs",
	Examples: `  carbon whisper set-xfilesfactor load.wsp 0.1
`,
	setUp: func(env *Env, _ *pflag.FlagSet) Action {
		return func(_ context.Context, args []string) error {
			if len(args) != 2 {
				return badUsage("want a path and an xFilesFactor")
			}
			x, err := xFilesFactor(args[1])
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

// setHeader changes the aggregation method of a file, unless it is empty, and its
// xFilesFactor, unless it is NaN, and returns its layout before. All else stays
// byte for byte.
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

func xFilesFactor(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("invalid xFilesFactor %s, not a float", s)
	}
	return x, checkXFilesFactor(x)
}

func checkXFilesFactor(x float64) error {
	if !(x >= 0 && x <= 1) {
		return fmt.Errorf("invalid xFilesFactor %s, not between 0 and 1", repr(x))
	}
	return nil
}

// methods are the aggregation methods in the order of their numbers.
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
		return fmt.Errorf("unrecognized aggregation method: %s", name)
	}
	return nil
}
