package tool

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage/schema"
	"carbon/storage/whisper"
)

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

const retentionsHelp = `Each PRECISION:RETENTION is one archive:

  60:1440   60 seconds per point, 1440 points: one day
  15m:8     15 minutes per point, 8 points: two hours
  1h:7d     1 hour per point, 7 days
  12h:2y    12 hours per point, 2 years
`

// create makes an empty file.
var create = Command{
	Name:    "create",
	Args:    "PATH PRECISION:RETENTION ...",
	About:   "make an empty file, or --estimate its size",
	Details: retentionsHelp,
	Examples: `  carbon whisper create load.wsp 10s:6h 1m:30d 1h:5y
  carbon whisper create --estimate 10s:6h,1m:30d,1h:5y
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		x := fs.Float64("xFilesFactor", schema.DefaultXFilesFactor, "`FRACTION`: fraction of points that must be known for a rollup, 0 to 1")
		var method string
		methodFlag(fs, &method, schema.DefaultAggregation, "")
		overwrite := fs.Bool("overwrite", false, "replace an existing file")
		estimating := fs.Bool("estimate", false, "print the size of the file instead of creating it")
		asJSON := fs.Bool("json", false, "with --estimate: print JSON")
		sparse := fs.Bool("sparse", false, "create a sparse file, which takes disk space as points arrive")
		fallocate := fs.Bool("fallocate", false, "reserve all disk space with fallocate")
		return func(_ context.Context, args []string) error {
			if *estimating {
				return estimate(env, args, *asJSON)
			}
			if len(args) < 2 {
				return badUsage("want a path and retentions")
			}
			layout, err := layoutOf(args[1:], method, *x)
			if err != nil {
				return err
			}
			how := whisper.Full
			switch {
			case *fallocate:
				how = whisper.Fallocate
			case *sparse:
				how = whisper.Sparse
			}
			return createAt(env, args[0], layout, how, *overwrite)
		}
	},
}

// layoutOf is a layout as a command line gives it.
func layoutOf(defs []string, method string, xFilesFactor float64) (metric.Layout, error) {
	archives, err := retentions(defs)
	if err != nil {
		return metric.Layout{}, err
	}
	slices.SortStableFunc(archives, func(a, b metric.Archive) int { return cmp.Compare(a.Step, b.Step) })
	layout := metric.Layout{Archives: archives, Aggregation: method, XFilesFactor: xFilesFactor}
	return layout, cmp.Or(schema.Validate(archives), checkMethod(method), checkXFilesFactor(xFilesFactor))
}

func createAt(env *Env, path string, layout metric.Layout, how whisper.Allocation, overwrite bool) error {
	_, err := env.FS.Lstat(path)
	exists := err == nil
	if exists && !overwrite {
		return env.fail("File %s already exists!", path)
	}
	target := path
	if exists {
		fmt.Fprintf(env.Stdout, "Overwriting existing file: %s\n", path)
		target = path + tempSuffix
		if err := removeOld(env.FS, target); err != nil {
			return err
		}
	}
	f, err := whisper.CreateFile(env.FS, target, layout, how)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, env.FS.Remove(target))
	}
	if exists {
		if err := env.FS.Rename(target, path); err != nil {
			return errors.Join(err, env.FS.Remove(target))
		}
	}
	fmt.Fprintf(env.Stdout, "Created: %s (%d bytes)\n", path, whisper.FileSize(layout.Archives))
	return nil
}

// estimate prints how large files of some archives are.
func estimate(env *Env, args []string, asJSON bool) error {
	if len(args) == 0 {
		return badUsage("want retentions")
	}
	archives, err := retentions(args)
	if err != nil {
		return err
	}
	size := whisper.FileSize(archives)
	onDisk := (size + 4095) / 4096 * 4096
	if asJSON {
		each := list{}
		for _, a := range archives {
			each = append(each, object{{"secondsPerPoint", a.Step}, {"points", a.Points}, {"retention", a.Retention()}})
		}
		writeJSON(env.Stdout, object{{"archives", each}, {"size", size}, {"diskSize", onDisk}}, ": ")
		return nil
	}
	for i, a := range archives {
		fmt.Fprintf(env.Stdout, "Archive %d: %d points of %ds precision\n", i, a.Points, a.Step)
	}
	fmt.Fprintf(env.Stdout, "\nEstimated Whisper DB Size: %s (%d bytes on disk with 4k blocks)\n\n", byteFormat(float64(size)), onDisk)
	for _, thousands := range []int64{1, 5, 10, 50, 100, 500} {
		fmt.Fprintf(env.Stdout, "Estimated storage requirement for %dk metrics: %s\n", thousands, byteFormat(float64(thousands*1000*onDisk)))
	}
	return nil
}

// update stores points.
var update = Command{
	Name:  "update",
	Args:  "PATH [TIMESTAMP:VALUE ...]",
	About: "store points, from arguments or standard input",
	Details: `A timestamp N means now. Without points as arguments they are read from standard
input, one per line. Points older than the file reaches back are left out; one
point alone that is too old, or in the future, is an error.
`,
	Examples: `  carbon whisper update load.wsp N:42
  carbon whisper update load.wsp 1700000000:1 1700000060:2
  carbon whisper dump --raw old.wsp | grep -v '^0:' | carbon whisper update new.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		return func(_ context.Context, args []string) error {
			if len(args) < 1 {
				return badUsage("want a path")
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

func readPoints(env *Env, args []string, now int64) (points []metric.Point, err error) {
	for _, arg := range args {
		p, err := point(arg, now)
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
		p, err := point(in.Text(), now)
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

func xFilesFactor(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("invalid xFilesFactor %s, not a float", s)
	}
	return x, checkXFilesFactor(x)
}

// removeOld removes what an earlier run left under a temporary name.
func removeOld(fsys interface{ Remove(string) error }, path string) error {
	if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func checkXFilesFactor(x float64) error {
	if !(x >= 0 && x <= 1) {
		return fmt.Errorf("invalid xFilesFactor %s, not between 0 and 1", repr(x))
	}
	return nil
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
