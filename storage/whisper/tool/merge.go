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

const pairsHelp = `
For two directories, the command pairs the files with the same path, and copies
files that the second directory lacks. Each file is replaced in one step when
the new one is complete; a crash leaves the old file or the new one.
`

// merge writes the points of one file over those of another.
var merge = Command{
	Name:  "merge",
	Args:  "FROM_PATH TO_PATH",
	About: "write all points of a file, or a tree, over those of another",
	Details: `Where both files have a point, that of FROM_PATH wins. Both files need the same
archives.
` + pairsHelp,
	Examples: `  carbon whisper merge old/load.wsp new/load.wsp
  carbon whisper merge --from=-1d old new
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		begin, end := &timeValue{now: env.Now}, &timeValue{now: env.Now}
		fs.Var(begin, "from", "`TIME`: beginning of the range (default the epoch)")
		fs.Var(end, "until", "`TIME`: end of the range (default now)")
		return func(ctx context.Context, args []string) error {
			if err := checkArgs(args, 2, "FROM_PATH", "TO_PATH"); err != nil {
				return err
			}
			now := env.Now().Unix()
			w := metric.Window{From: begin.orDefault(0), Until: end.orDefault(now)}
			if w.Until < w.From {
				return badUsage("--until is earlier than --from")
			}
			return combine(ctx, env, args, "merging", func(from, to *whisper.File) error { return mergeInto(from, to, w, now) })
		}
	},
}

// combine calls update for the files at two paths, or for each pair of files of two
// trees. update changes a copy of the second file, which then replaces that file.
func combine(ctx context.Context, env *Env, paths []string, activity string, update func(from, to *whisper.File) error) error {
	now := env.Now().Unix()
	if a, err := filepath.EvalSymlinks(paths[0]); err == nil {
		if b, err := filepath.EvalSymlinks(paths[1]); err == nil && a == b {
			return fmt.Errorf("%s and %s are the same file or directory", paths[0], paths[1])
		}
	}
	return forEachPair(ctx, env, paths[0], paths[1], activity, func(p pair) error {
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
			err = update(from, to)
			if err == nil {
				err = to.Sync()
			}
			return errors.Join(err, to.Close())
		}})
	})
}

// copyMissing copies a file to a tree that lacks it.
func copyMissing(env *Env, p pair) error {
	f, err := whisper.OpenFile(env.FS, p.a, os.O_RDONLY) // do not copy a corrupt file
	if err != nil {
		return err
	}
	f.Close()
	if err := env.FS.MkdirAll(filepath.Dir(p.b)); err != nil {
		return err
	}
	if _, err := env.FS.Lstat(p.b); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("copy to %s: it exists and is not a regular file", p.b)
	}
	if err := copyFile(env.FS, p.a, p.b); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "Copied: %s\n", p.b)
	return nil
}

// mergeInto writes the points of a window as whisper.merge of Python does: archive
// by archive, from fine to coarse, each with its rollups.
func mergeInto(from, to *whisper.File, w metric.Window, now int64) error {
	if !slices.Equal(from.Layout().Archives, to.Layout().Archives) {
		return archivesDiffer(from, to)
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
		if err := to.UpdateArchive(i, pointsOf(s)); err != nil {
			return err
		}
	}
	return nil
}

// pointsOf returns the points of a series that have a value.
func pointsOf(s metric.Series) (points []metric.Point) {
	for i, v := range s.Values {
		if !math.IsNaN(v) {
			points = append(points, metric.Point{Time: s.Start + int64(i)*s.Step, Value: v})
		}
	}
	return points
}
