package tool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"carbon/metric"
	"carbon/storage/whisper"
)

const pairsHelp = `Of two directories the files are paired by their names; what the second has
not is copied to it. The second file is replaced by a new one when all is done;
a crash leaves it as it was.
`

// merge lays the points of one file over another's.
var merge = Command{
	Name:  "merge",
	Args:  "FROM_PATH TO_PATH",
	About: "write all points of a file, or a tree, over those of another",
	Details: `Where both have a point that of FROM_PATH counts. Both need the same archives.
` + pairsHelp,
	Examples: `  carbon whisper merge old/load.wsp new/load.wsp
  carbon whisper merge --from=-1d old new
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		begin, end := &timeValue{now: env.Now}, &timeValue{now: env.Now}
		fs.Var(begin, "from", "`TIME`: beginning of the range (default the epoch)")
		fs.Var(end, "until", "`TIME`: end of the range (default now)")
		return func(ctx context.Context, args []string) error {
			if len(args) != 2 {
				return badUsage("want two paths")
			}
			now := env.Now().Unix()
			w := metric.Window{From: begin.or(0), Until: end.or(now)}
			if w.Until < w.From {
				return badUsage("--until is before --from")
			}
			return combine(ctx, env, args, "merging", func(from, to *whisper.File) error { return mergeInto(from, to, w, now) })
		}
	},
}

// combine changes the second of two files, or of each two of two trees, with
// what the first holds.
func combine(ctx context.Context, env *Env, paths []string, doing string, into func(from, to *whisper.File) error) error {
	now := env.Now().Unix()
	if a, err := filepath.EvalSymlinks(paths[0]); err == nil {
		if b, err := filepath.EvalSymlinks(paths[1]); err == nil && a == b {
			return fmt.Errorf("%s and %s are the same", paths[0], paths[1])
		}
	}
	return pairs(ctx, env, paths[0], paths[1], doing, func(p pair) error {
		switch {
		case !p.inA:
			return nil
		case !p.inB:
			return copyMissing(env, p)
		}
		from, err := whisper.OpenFile(env.FS, p.a, os.O_RDONLY)
		if err != nil {
			return err
		}
		defer from.Close()
		return replace(env, p.b, now, replacement{build: func(old *whisper.File, _ content, temp string) error {
			if err := copyTo(env.FS, p.b, temp); err != nil {
				return err
			}
			to, err := whisper.OpenFile(env.FS, temp, os.O_RDWR)
			if err != nil {
				return err
			}
			err = into(from, to)
			if err == nil {
				err = to.Sync()
			}
			return errors.Join(err, to.Close())
		}})
	})
}

// copyMissing copies a file to a tree that has none of its name.
func copyMissing(env *Env, p pair) error {
	f, err := whisper.OpenFile(env.FS, p.a, os.O_RDONLY) // what is broken is not spread
	if err != nil {
		return err
	}
	f.Close()
	if err := env.FS.MkdirAll(filepath.Dir(p.b)); err != nil {
		return err
	}
	if _, err := env.FS.Lstat(p.b); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is in the way", p.b)
	}
	if err := copyFile(env.FS, p.a, p.b); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "Copied: %s\n", p.b)
	return nil
}

// mergeInto does what whisper.merge does: of each archive, from fine to coarse,
// the points of the window are written and rolled up.
func mergeInto(from, to *whisper.File, w metric.Window, now int64) error {
	if !slices.Equal(from.Layout().Archives, to.Layout().Archives) {
		return unalike(from, to)
	}
	for i, a := range from.Layout().Archives {
		reach := now - a.Retention()
		if w.Until < reach {
			continue
		}
		s, err := from.FetchArchive(i, metric.Window{From: max(w.From, reach), Until: w.Until})
		if err != nil {
			return err
		}
		if err := to.UpdateArchive(i, known(s)); err != nil {
			return err
		}
	}
	return nil
}

// known are the points of a series.
func known(s metric.Series) (points []metric.Point) {
	for i, v := range s.Values {
		if !math.IsNaN(v) {
			points = append(points, metric.Point{Time: s.Start + int64(i)*s.Step, Value: v})
		}
	}
	return points
}
