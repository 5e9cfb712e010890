package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"carbon/disk"
	"carbon/storage/whisper"
)

// convert converts files between the plain and go-carbon's compressed format.
var convert = Command{
	Name:  "convert",
	Args:  "PATH NEW_PATH",
	About: "convert a file, or a tree, from or to go-carbon's compressed format",
	Details: `convert writes plain files or, with --compress, compressed ones. Files that
already have the wanted format are copied. A compressed file is read again and
compared with the original before it gets its name. The server creates plain
files.
`,
	Examples: `  carbon whisper convert compressed/load.wsp load.wsp
  carbon whisper convert /var/lib/graphite/whisper data/whisper
  carbon whisper convert --compress load.wsp compressed/load.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		compress := fs.Bool("compress", false, "write compressed files")
		return func(ctx context.Context, args []string) error {
			if err := checkArgs(args, 2, "PATH", "NEW_PATH"); err != nil {
				return err
			}
			from, to := args[0], args[1]
			if !isDir(env.FS, from) {
				return convertFile(env, from, to, *compress)
			}
			return walk(ctx, env, from, "converting", func(path string) error {
				return convertFile(env, filepath.Join(from, path), filepath.Join(to, path), *compress)
			})
		}
	},
}

func convertFile(env *Env, from, to string, compress bool) error {
	if _, err := env.FS.Lstat(to); err == nil {
		return fmt.Errorf("%s already exists", to)
	}
	f, err := whisper.OpenFile(env.FS, from, os.O_RDONLY)
	if err == nil {
		defer f.Close()
	} else if !errors.Is(err, whisper.ErrCompressed) {
		return err
	}
	if err := env.FS.MkdirAll(filepath.Dir(to)); err != nil {
		return err
	}
	now := env.Now().Unix()
	temp := to + tempSuffix
	if err := removeOld(env.FS, temp); err != nil {
		return err
	}
	switch compressed := f == nil; {
	case compressed == compress:
		return copyFile(env.FS, from, to)
	case compress:
		err = compressTo(env, f, temp, now)
	default:
		err = expandTo(env, from, temp)
	}
	if err == nil {
		err = keepAttributes(env.FS, from, temp, true)
	}
	if err == nil {
		err = env.FS.Rename(temp, to)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("convert %s: %w", from, err), removeOld(env.FS, temp))
	}
	return env.FS.SyncDir(filepath.Dir(to))
}

// expandTo writes the points of a compressed file to a plain one.
func expandTo(env *Env, from, to string) error {
	c, err := readCompressed(env.FS, from)
	if err != nil {
		return err
	}
	return writeNew(env.FS, to, c.layout, c.points)
}

// compressTo writes the points of a plain file to a compressed one, and checks that
// all of them can be read back.
func compressTo(env *Env, f *whisper.File, to string, now int64) error {
	if err := f.CompressTo(to); err != nil {
		return err
	}
	want, err := readContent(f, now)
	if err != nil {
		return err
	}
	got, err := readCompressed(env.FS, to)
	if err != nil {
		return err
	}
	for i := range want.points {
		if missing := len(newPoints(content{want.layout, got.points}, want, now)); missing > 0 {
			return fmt.Errorf("archive %d: %d points are missing from the compressed file", i, missing)
		}
	}
	return nil
}

// readCompressed returns the content of a compressed file at the current time of the
// machine: the library that reads it takes no other clock.
func readCompressed(fsys disk.FS, path string) (c content, err error) {
	layout, archives, err := whisper.ReadCompressed(fsys, path)
	c.layout = layout
	for _, s := range archives {
		c.points = append(c.points, pointsOf(s))
	}
	return c, err
}
