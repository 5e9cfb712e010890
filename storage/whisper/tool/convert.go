package tool

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"carbon/metric"
	"carbon/schema"

	gowhisper "github.com/go-graphite/go-whisper"
)

// convert reads and writes go-carbon's compressed files.
var convert = command{
	name:  "convert",
	args:  "PATH NEW_PATH",
	about: "convert a file or a tree from, or to, go-carbon's compressed format",
	details: `A compressed file becomes a plain one, and with --compress a plain file a
compressed one; files that are so already are copied. The result is read again
and compared before it takes its name. The server itself uses plain files only.

  carbon whisper convert compressed/load.wsp load.wsp
  carbon whisper convert /var/lib/graphite/whisper data/whisper
  carbon whisper convert --compress load.wsp compressed/load.wsp
`,
	setUp: func(env *Env, fs *flag.FlagSet) action {
		compress := fs.Bool("compress", false, "make compressed files")
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
	f, err := openFile(env.FS, from, os.O_RDONLY)
	if err == nil {
		defer f.close()
	} else if !isCompressed(err) {
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
		err = expandTo(env, from, temp, now)
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
func expandTo(env *Env, from, to string, now int64) error {
	c, err := readCompressed(from, now)
	if err != nil {
		return err
	}
	return writeNew(env.FS, to, c.layout, allocation{sparse: true}, c.points)
}

// compressTo makes a compressed file of a plain one, and compares them.
func compressTo(env *Env, f *file, to string, now int64) (err error) {
	if _, ok := compressedMethods[f.layout.Aggregation]; !ok {
		return fmt.Errorf("aggregation method %s means something else in compressed files", f.layout.Aggregation)
	}
	defer recovered(&err)
	w, err := gowhisper.OpenWithOptions(f.path, &gowhisper.Options{OpenFileFlag: new(os.O_RDONLY)})
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.CompressTo(to); err != nil {
		return err
	}
	want, err := f.content(now)
	if err != nil {
		return err
	}
	got, err := readCompressed(to, now)
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

// compressedMethods are the methods that both formats have.
var compressedMethods = map[string]gowhisper.AggregationMethod{
	"average": gowhisper.Average,
	"sum":     gowhisper.Sum,
	"last":    gowhisper.Last,
	"max":     gowhisper.Max,
	"min":     gowhisper.Min,
}

// readCompressed reads a compressed file. The library is given up on with an
// error where it panics, as on broken files.
func readCompressed(path string, now int64) (c content, err error) {
	defer recovered(&err)
	w, err := gowhisper.OpenWithOptions(path, &gowhisper.Options{OpenFileFlag: new(os.O_RDONLY)})
	if err != nil {
		return c, err
	}
	defer w.Close()
	if c.layout, err = compressedLayout(w); err != nil {
		return c, err
	}
	for i, a := range c.layout.Archives {
		// Just as far back as this archive reaches, so that it answers.
		series, err := w.Fetch(int(now-a.Retention()), int(now))
		if err != nil {
			return c, fmt.Errorf("archive %d: %w", i, err)
		}
		if series == nil || int64(series.Step()) != a.Step {
			return c, fmt.Errorf("archive %d does not answer", i)
		}
		c.points = append(c.points, known(metric.Series{Start: int64(series.FromTime()), Step: a.Step, Values: series.Values()}))
	}
	return c, nil
}

func compressedLayout(w *gowhisper.Whisper) (l metric.Layout, err error) {
	l.XFilesFactor = float64(w.XFilesFactor())
	for name, method := range compressedMethods {
		if method == w.AggregationMethod() {
			l.Aggregation = name
		}
	}
	if l.Aggregation == "" {
		return l, fmt.Errorf("plain files have no aggregation method %v", w.AggregationMethod())
	}
	for _, r := range w.Retentions() {
		l.Archives = append(l.Archives, metric.Archive{Step: int64(r.SecondsPerPoint()), Points: int64(r.NumberOfPoints())})
	}
	return l, schema.Validate(l.Archives)
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("go-whisper: %v", r)
	}
}
