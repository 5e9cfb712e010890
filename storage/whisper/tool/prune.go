package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"carbon/attime"
	"carbon/storage/whisper"
)

// prune removes the files of metrics that no longer receive points.
var prune = Command{
	Name:  "prune",
	Args:  "--older-than=AGE [WHISPER_DIR]",
	About: "remove metrics that received no points for a long time",
	Details: `prune removes a metric if its file was not modified for AGE and its newest
point, in any archive, is older than that. It prints each metric with the size
of its file in bytes, and removes directories that become empty. It does not
follow symbolic links.

The default directory is the tree of the server's configuration. A running
server notices the removal at its next rescan of the tree, and creates a new
file if a removed metric receives a point again. AGE must be longer than the
server keeps points in memory.
`,
	Examples: `  carbon whisper prune --older-than=90d --dry-run
  carbon whisper prune --older-than=90d data/whisper
  carbon whisper prune --older-than=1y --ignore-mtime --json data/whisper
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		p := &pruner{env: env}
		age := fs.String("older-than", "", "`AGE`: minimum age of the newest point: 90d, 26w, 1y, ...")
		fs.BoolVar(&p.dryRun, "dry-run", false, "print what would be removed; remove nothing")
		fs.BoolVar(&p.ignoreTime, "ignore-mtime", false, "read the points even of files modified recently, as all are after a tree was copied")
		fs.BoolVar(&p.json, "json", false, "print JSON")
		config := configFlags(fs)
		return func(ctx context.Context, args []string) error {
			if *age == "" {
				return badUsage("missing --older-than AGE")
			}
			if err := checkArgs(args, 1); err != nil {
				return err
			}
			seconds, err := attime.ParseOffset(*age)
			if err != nil {
				return badUsage("--older-than %s: %v", *age, err)
			}
			if seconds <= 0 {
				return badUsage("--older-than %s: want a positive age, as in 90d", *age)
			}
			root, log, err := treePaths(env, *config, args)
			if err != nil {
				return err
			}
			p.names, err = readMetricNames(env.FS, log)
			if err != nil {
				return err
			}
			p.before = env.Now().Unix() - seconds
			return p.run(ctx, root)
		}
	},
}

type pruner struct {
	env                      *Env
	names                    metricNames
	before                   int64 // unix seconds; files with a point at or after it are kept
	dryRun, ignoreTime, json bool

	removed list
	bytes   int64
}

func (p *pruner) run(ctx context.Context, root string) error {
	err := walk(ctx, p.env, root, "pruning", func(path string) error { return p.file(root, path) })
	if ctx.Err() != nil {
		return err
	}
	if p.json {
		writeJSON(p.env.Stdout, object{{"dryRun", p.dryRun}, {"bytes", p.bytes}, {"metrics", append(list{}, p.removed...)}}, ": ")
		return err
	}
	verb := "removed"
	if p.dryRun {
		verb = "would remove"
	}
	fmt.Fprintf(p.env.Stderr, "%s %d metrics, %s\n", verb, len(p.removed), byteFormat(float64(p.bytes)))
	return err
}

func (p *pruner) file(root, path string) error {
	full := filepath.Join(root, path)
	info, err := p.env.FS.Lstat(full)
	if err != nil || !p.ignoreTime && info.ModTime().Unix() >= p.before {
		return err
	}
	f, err := whisper.OpenFile(p.env.FS, full, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	if !p.dryRun {
		if _, err := f.Lock(); err != nil {
			return err
		}
	}
	newest, err := newestPoint(f)
	if err != nil || newest >= p.before {
		return err
	}
	if !p.dryRun {
		// A server may have written to the file since.
		again, err := p.env.FS.Lstat(full)
		if err != nil || !again.ModTime().Equal(info.ModTime()) {
			return err
		}
		if err := p.env.FS.Remove(full); err != nil {
			return err
		}
		if err := removeEmpty(p.env, root, filepath.Dir(path)); err != nil {
			return err
		}
	}
	name, ok := p.names.of(path)
	if !ok {
		name = path
	}
	p.bytes += info.Size()
	last := any("never")
	if newest > 0 {
		last = time.Unix(newest, 0).UTC().Format(time.RFC3339)
	}
	p.removed = append(p.removed, object{{"name", name}, {"path", full}, {"bytes", info.Size()}, {"newest", last}})
	if !p.json {
		fmt.Fprintf(p.env.Stdout, "%s %d\n", name, info.Size())
	}
	return nil
}

// newestPoint returns the time of the newest point in any archive, or 0 if there is none.
func newestPoint(f *whisper.File) (newest int64, err error) {
	err = f.Slots(context.Background(), func(_, _ int, t int64, _ float64) { newest = max(newest, t) })
	return newest, err
}

// removeEmpty removes the directory dir below root, and then each of its parents
// below root, as long as they are empty.
func removeEmpty(env *Env, root, dir string) error {
	for dir != "." && dir != "" && !strings.HasPrefix(dir, "..") {
		err := env.FS.Remove(filepath.Join(root, dir))
		switch {
		case errors.Is(err, syscall.ENOTEMPTY), errors.Is(err, syscall.EEXIST), errors.Is(err, os.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		dir = filepath.Dir(dir)
	}
	return nil
}
