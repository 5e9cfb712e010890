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

// resize changes the archives of a file.
var resize = Command{
	Name:  "resize",
	Args:  "PATH PRECISION:RETENTION ...",
	About: "change the archives of a file; keep the points that fit",
	Details: retentionsHelp + `
Without --aggregate, resize writes the points of the old archives to the new
file as if they arrived now, coarse archives first. If several points fall into
one slot, the last one wins. With --aggregate, resize rolls them up.

The new file replaces the old one in one step when it is complete, and gets its
permissions and owner. A copy of the old file is kept as PATH.bak unless
--nobackup is given. To apply the storage rules to a whole tree, use conform.
`,
	Examples: `  carbon whisper resize load.wsp 1m:30d 1h:5y
  carbon whisper resize load.wsp 1m:30d 1h:5y --aggregate --nobackup
  carbon whisper resize load.wsp --newfile=b.wsp 5m:30d --aggregationMethod=max
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		var r resizer
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
			if err := checkArgs(args, -1, "PATH", "PRECISION:RETENTION"); err != nil {
				return err
			}
			return r.run(env, args[0], args[1:])
		}
	},
}

type resizer struct {
	xFilesFactor             float64 // NaN: that of the old file
	method, newFile          string
	noBackup, aggregate      bool
	fallocate, quiet, silent bool
	uid, gid                 int
}

// printStep prints a line that --quiet suppresses.
func (r *resizer) printStep(env *Env, format string, args ...any) {
	if !r.quiet {
		r.print(env, format, args...)
	}
}

// print prints a line that only --silent suppresses.
func (r *resizer) print(env *Env, format string, args ...any) {
	if !r.silent {
		fmt.Fprintf(env.Stdout, format+"\n", args...)
	}
}

func (r *resizer) run(env *Env, path string, defs []string) error {
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
	if layout, err = parseLayout(defs, r.method, r.xFilesFactor); err != nil {
		return err
	}
	now := env.Now().Unix()
	r.print(env, "Old file: %s %s", path, sizes(env.FS, path))
	r.printStep(env, "Retrieving all data from the archives")
	if r.newFile != "" {
		return r.toNewFile(env, path, layout, now)
	}
	temp, backup := path+tempSuffix, path+".bak"
	if _, err := env.FS.Lstat(temp); err == nil {
		r.printStep(env, "Removing previous temporary database file: %s", temp)
	}
	r.printStep(env, "Creating new whisper database: %s", temp)
	firstBuild := true
	change := replacement{keepTime: true, build: func(old *whisper.File, before content, temp string) error {
		w := io.Discard
		if firstBuild {
			w = r.stepWriter(env)
		}
		firstBuild = false
		return r.migrate(w, env.FS, old, before, temp, layout, now)
	}}
	if !r.noBackup {
		change.backup = backup
	}
	if err := replace(env, path, now, change); err != nil {
		return err
	}
	r.printStep(env, "Renaming old database to: %s", backup)
	r.printStep(env, "Renaming new database to: %s", path)
	if r.uid > 0 && r.gid > 0 {
		if err := os.Chown(path, r.uid, r.gid); err != nil {
			return err
		}
	}
	r.print(env, "New file: %s %s", path, sizes(env.FS, path))
	if r.noBackup {
		r.printStep(env, "Unlinking backup: %s", backup)
	}
	return nil
}

// stepWriter returns the writer for lines that --quiet suppresses.
func (r *resizer) stepWriter(env *Env) io.Writer {
	if r.quiet {
		return io.Discard
	}
	return env.Stdout
}

// toNewFile writes the resized file to --newfile.
func (r *resizer) toNewFile(env *Env, path string, layout metric.Layout, now int64) error {
	r.printStep(env, "Creating new whisper database: %s", r.newFile)
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
	if err := r.migrate(r.stepWriter(env), env.FS, old, before, temp, layout, now); err != nil {
		return err
	}
	return env.FS.Rename(temp, r.newFile)
}

// migrate creates the new file. Without --aggregate it writes the old points as
// whisper-resize does: archive by archive, from coarse to fine, as if they arrived
// now.
func (r *resizer) migrate(w io.Writer, fsys disk.FS, old *whisper.File, before content, path string, layout metric.Layout, now int64) error {
	allocation := whisper.Sparse
	if r.fallocate {
		allocation = whisper.Fallocate
	}
	points := make([][]metric.Point, len(layout.Archives))
	step := "Migrating data without aggregation..."
	if r.aggregate {
		step = "Migrating data with aggregation..."
		points = resample(before, layout, now)
	}
	f, err := whisper.CreateFile(fsys, path, layout, allocation)
	if err != nil {
		return err
	}
	defer f.Close()
	name := path
	if r.newFile != "" {
		name = r.newFile
	}
	fmt.Fprintf(w, "Created: %s %s\n%s\n", name, sizes(fsys, path), step)
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
		if err := f.Update(pointsOf(s), now); err != nil {
			return err
		}
	}
	return f.Sync()
}

// sizes describes the size of a file and the disk space that it occupies.
func sizes(fsys disk.FS, path string) string {
	info, err := fsys.Stat(path)
	if err != nil {
		return "(unknown size)"
	}
	blocks := blockCount(info)
	return fmt.Sprintf("(%d bytes, %d blocks*512=%d bytes on disk)", info.Size(), blocks, blocks*512)
}
