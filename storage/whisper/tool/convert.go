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

// convert reads and writes go-carbon's compressed files.
var convert = Command{
	Name:  "convert",
	Args:  "PATH NEW_PATH",
	About: "convert a file or a tree from, or to, go-carbon's compressed format",
	Details: `A compressed file becomes a plain one, and with --compress a plain file a
compressed one; files that are so already are copied. The result is read again
and compared before it takes its name. The server makes plain files.
`,
	Examples: `  carbon whisper convert compressed/load.wsp load.wsp
  carbon whisper convert /var/lib/graphite/whisper data/whisper
  carbon whisper convert --compress load.wsp compressed/load.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		compress := fs.Bool("compress", false, "write compressed files")
		return func(ctx context.Context, args []string) error {
			if len(args) != 2 {
				return badUsage("want a path and that of the result")
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
		return fmt.Errorf("%s exists already", to)
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

// expandTo makes a plain file of a compressed one.
func expandTo(env *Env, from, to string) error {
	c, err := readCompressed(env.FS, from)
	if err != nil {
		return err
	}
	return writeNew(env.FS, to, c.layout, c.points)
}

// compressTo makes a compressed file of a plain one, and compares them.
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
		if missing := len(newIn(content{want.layout, got.points}, want, now)); missing > 0 {
			return fmt.Errorf("archive %d: %d points were lost", i, missing)
		}
	}
	return nil
}

// readCompressed reads a compressed file. Its clock is the machine's.
func readCompressed(fsys disk.FS, path string) (c content, err error) {
	layout, archives, err := whisper.ReadCompressed(fsys, path)
	c.layout = layout
	for _, s := range archives {
		c.points = append(c.points, known(s))
	}
	return c, err
}
