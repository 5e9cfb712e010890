package tool

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/spf13/pflag"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/whisper"
)

// resize gives a file other archives.
var resize = Command{
	Name:  "resize",
	Args:  "PATH PRECISION:RETENTION ...",
	About: "give a file other archives; its points stay as far as they fit",
	Details: retentionsHelp + `
Without --aggregate the points of the old archives, coarse ones first, are written
to the new file like any others: of several that fall into one slot the last
counts. With --aggregate they are rolled up.

The new file takes the old one's name, permissions and owner in one step, when it
is complete. A copy of the old one stays as PATH.bak unless --nobackup is given.
To do the same to a whole tree as its configuration says, see conform.
`,
	Examples: `  carbon whisper resize load.wsp 1m:30d 1h:5y
  carbon whisper resize load.wsp 1m:30d 1h:5y --aggregate --nobackup
  carbon whisper resize load.wsp --newfile=smaller.wsp 5m:30d --aggregationMethod=max
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		var r resizing
		fs.Float64Var(&r.xFilesFactor, "xFilesFactor", math.NaN(), "`FRACTION`: fraction of points that must be known for a rollup, 0 to 1 (default unchanged)")
		methodFlag(fs, &r.method, "", " (default unchanged)")
		fs.StringVar(&r.newFile, "newfile", "", "`PATH`: write the new file to PATH and keep the old one")
		fs.BoolVar(&r.noBackup, "nobackup", false, "keep no PATH.bak")
		fs.BoolVar(&r.aggregate, "aggregate", false, "roll up points to fit the new archives")
		fs.BoolVar(&r.fallocate, "fallocate", false, "reserve all disk space with fallocate")
		fs.BoolVar(&r.quiet, "quiet", false, "print only the sizes")
		fs.BoolVar(&r.silent, "silent", false, "print nothing")
		fs.IntVar(&r.uid, "chown-uid", -1, "`UID`: owner of the new file, as a number; needs --chown-gid (default unchanged)")
		fs.IntVar(&r.gid, "chown-gid", -1, "`GID`: group of the new file, as a number; needs --chown-uid (default unchanged)")
		fs.Bool("sparse", true, "no effect: a new file is sparse; accepted because whisper-resize has it")
		fs.Bool("force", false, "no effect, as in whisper-resize")
		return func(_ context.Context, args []string) error {
			if len(args) < 2 {
				return badUsage("want a path and retentions")
			}
			return r.run(env, args[0], args[1:])
		}
	},
}

type resizing struct {
	xFilesFactor             float64 // NaN: as before
	method, newFile          string
	noBackup, aggregate      bool
	fallocate, quiet, silent bool
	uid, gid                 int
}

// say prints what is being done, tell what came of it.
func (r *resizing) say(env *Env, format string, args ...any) {
	if !r.quiet {
		r.tell(env, format, args...)
	}
}

func (r *resizing) tell(env *Env, format string, args ...any) {
	if !r.silent {
		fmt.Fprintf(env.Stdout, format+"\n", args...)
	}
}

func (r *resizing) run(env *Env, path string, defs []string) error {
	if r.silent {
		r.quiet = true
	}
	f, err := whisper.OpenFile(env.FS, path, os.O_RDONLY)
	if err != nil {
		return err
	}
	layout := f.Layout()
	f.Close()
	if r.method == "" {
		r.method = layout.Aggregation
	}
	if math.IsNaN(r.xFilesFactor) {
		r.xFilesFactor = layout.XFilesFactor
	}
	if layout, err = layoutOf(defs, r.method, r.xFilesFactor); err != nil {
		return err
	}
	now := env.Now().Unix()
	r.tell(env, "Old file: %s %s", path, sizes(env.FS, path))
	r.say(env, "Retrieving all data from the archives")
	if r.newFile != "" {
		return r.toNewFile(env, path, layout, now)
	}
	temp, backup := path+tempSuffix, path+".bak"
	if _, err := env.FS.Lstat(temp); err == nil {
		r.say(env, "Removing previous temporary database file: %s", temp)
	}
	r.say(env, "Creating new whisper database: %s", temp)
	told := false
	change := replacement{keepTime: true, build: func(old *whisper.File, before content, temp string) error {
		if told { // the old file has changed meanwhile
			return r.migrate(io.Discard, env.FS, old, before, temp, layout, now)
		}
		told = true
		return r.migrate(r.progressTo(env), env.FS, old, before, temp, layout, now)
	}}
	if !r.noBackup {
		change.backup = backup
	}
	if err := replace(env, path, now, change); err != nil {
		return err
	}
	r.say(env, "Renaming old database to: %s", backup)
	r.say(env, "Renaming new database to: %s", path)
	if r.uid > 0 && r.gid > 0 {
		if err := os.Chown(path, r.uid, r.gid); err != nil {
			return err
		}
	}
	r.tell(env, "New file: %s %s", path, sizes(env.FS, path))
	if r.noBackup {
		r.say(env, "Unlinking backup: %s", backup)
	}
	return nil
}

func (r *resizing) progressTo(env *Env) io.Writer {
	if r.quiet {
		return io.Discard
	}
	return env.Stdout
}

func (r *resizing) toNewFile(env *Env, path string, layout metric.Layout, now int64) error {
	r.say(env, "Creating new whisper database: %s", r.newFile)
	if _, err := env.FS.Lstat(r.newFile); err == nil {
		return env.fail("File %s already exists!", r.newFile)
	}
	old, err := whisper.OpenFile(env.FS, path, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer old.Close()
	before, err := readContent(old, now)
	if err != nil {
		return err
	}
	temp := r.newFile + tempSuffix
	if err := removeOld(env.FS, temp); err != nil {
		return err
	}
	if err := r.migrate(r.progressTo(env), env.FS, old, before, temp, layout, now); err != nil {
		return err
	}
	return env.FS.Rename(temp, r.newFile)
}

// migrate makes the new file. Where the old points are not rolled up they are
// written as whisper-resize does: one archive after the other, coarse to fine, as
// if they came in now.
func (r *resizing) migrate(w io.Writer, fsys disk.FS, old *whisper.File, before content, path string, layout metric.Layout, now int64) error {
	how := whisper.Sparse
	if r.fallocate {
		how = whisper.Fallocate
	}
	points := make([][]metric.Point, len(layout.Archives))
	doing := "Migrating data without aggregation..."
	if r.aggregate {
		doing = "Migrating data with aggregation..."
		points = resample(before, layout, now)
	}
	f, err := whisper.CreateFile(fsys, path, layout, how)
	if err != nil {
		return err
	}
	defer f.Close()
	name := path
	if r.newFile != "" {
		name = r.newFile
	}
	fmt.Fprintf(w, "Created: %s %s\n%s\n", name, sizes(fsys, path), doing)
	if r.aggregate {
		for i := range points {
			if err := f.WriteArchive(i, points[i]); err != nil {
				return err
			}
		}
		return f.Sync()
	}
	for i := len(old.Layout().Archives) - 1; i >= 0; i-- {
		a := old.Layout().Archives[i]
		s, _, err := old.Fetch(metric.Window{From: now - a.Retention() + a.Step, Until: now}, now)
		if err != nil {
			return err
		}
		if err := f.Update(known(s), now); err != nil {
			return err
		}
	}
	return f.Sync()
}

// sizes says how large a file is, and how much of the disk it takes.
func sizes(fsys disk.FS, path string) string {
	info, err := fsys.Stat(path)
	if err != nil {
		return "(unknown size)"
	}
	blocks := blocksOf(info)
	return fmt.Sprintf("(%d bytes, %d blocks*512=%d bytes on disk)", info.Size(), blocks, blocks*512)
}
