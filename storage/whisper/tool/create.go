package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"carbon/metric"
	"carbon/storage/schema"
	"carbon/storage/whisper"
)

const retentionsHelp = `Each PRECISION:RETENTION is one archive:

  60:1440   60 seconds per point, 1440 points: one day
  15m:8     15 minutes per point, 8 points: two hours
  1h:7d     1 hour per point, 7 days
  12h:2y    12 hours per point, 2 years
`

// create creates an empty file.
var create = Command{
	Name:    "create",
	Args:    "PATH PRECISION:RETENTION ...",
	About:   "create an empty file, or estimate its size",
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
			if err := checkArgs(args, -1, "PATH", "PRECISION:RETENTION"); err != nil {
				return err
			}
			layout, err := parseLayout(args[1:], method, *x)
			if err != nil {
				return err
			}
			allocation := whisper.Full
			switch {
			case *fallocate:
				allocation = whisper.Fallocate
			case *sparse:
				allocation = whisper.Sparse
			}
			return createFile(env, args[0], layout, allocation, *overwrite)
		}
	},
}

// parseLayout returns the layout with the retentions defs, sorted by step.
func parseLayout(defs []string, method string, xFilesFactor float64) (metric.Layout, error) {
	archives, err := parseRetentions(defs)
	if err != nil {
		return metric.Layout{}, err
	}
	slices.SortStableFunc(archives, func(a, b metric.Archive) int { return cmp.Compare(a.Step, b.Step) })
	layout := metric.Layout{Archives: archives, Aggregation: method, XFilesFactor: xFilesFactor}
	return layout, cmp.Or(schema.Validate(archives), checkMethod(method), checkXFilesFactor(xFilesFactor))
}

func createFile(env *Env, path string, layout metric.Layout, allocation whisper.Allocation, overwrite bool) error {
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
	f, err := whisper.CreateFile(env.FS, target, layout, allocation)
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

// estimate prints the size of a file with the given retentions.
func estimate(env *Env, args []string, asJSON bool) error {
	if err := checkArgs(args, -1, "PRECISION:RETENTION"); err != nil {
		return err
	}
	archives, err := parseRetentions(args)
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
