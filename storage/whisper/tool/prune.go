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

// prune removes metrics that nobody sends any more.
var prune = Command{
	Name:  "prune",
	Args:  "--older-than=AGE [WHISPER_DIR]",
	About: "remove metrics that got no points for a long time",
	Details: `A metric goes when the file was not changed for that long and its newest point, in
any archive, is as old. Each is printed with the bytes its file had; directories
that are empty then go, too. Without a directory the tree of the server's
configuration is meant. Links are not followed. A server beside forgets the
metrics when it next looks through its tree; what comes for one of them makes it
anew. AGE must be longer than the server keeps points in memory.
`,
	Examples: `  carbon whisper prune --older-than=90d --dry-run
  carbon whisper prune --older-than=90d data/whisper
  carbon whisper prune --older-than=1y --ignore-mtime --json data/whisper
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		p := &pruner{env: env}
		age := fs.String("older-than", "", "`AGE`: least age of the newest point: 90d, 26w, 1y, ...")
		fs.BoolVar(&p.dryRun, "dry-run", false, "print what would be removed; remove nothing")
		fs.BoolVar(&p.ignoreTime, "ignore-mtime", false, "read the points even of files modified recently, as all are after a tree was copied")
		fs.BoolVar(&p.json, "json", false, "print JSON")
		where := whereFlags(fs)
		return func(ctx context.Context, args []string) error {
			if *age == "" {
				return badUsage("want --older-than")
			}
			if len(args) > 1 {
				return badUsage("want one directory")
			}
			seconds, err := attime.ParseOffset(*age)
			if err != nil {
				return badUsage("--older-than: %v", err)
			}
			if seconds <= 0 {
				return badUsage("--older-than=%s: not an age", *age)
			}
			root, log, err := treeOf(env, *where, args)
			if err != nil {
				return err
			}
			p.names, err = readNames(env.FS, log)
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
	names                    names
	before                   int64 // unix seconds; what has a later point stays
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
	newest, err := newestOf(f)
	if err != nil || newest >= p.before {
		return err
	}
	if !p.dryRun {
		// A server may have written since.
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

// newestOf returns the time of the newest point in any archive, 0 if there is none.
func newestOf(f *whisper.File) (newest int64, err error) {
	err = f.Slots(context.Background(), func(_, _ int, t int64, _ float64) { newest = max(newest, t) })
	return newest, err
}

// removeEmpty removes a directory below root if nothing is in it, and those
// above it likewise.
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
