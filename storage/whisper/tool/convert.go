package tool

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"carbon/disk"
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
and compared before it takes its name. The server makes plain files.

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

// compressedMethods are the methods that both formats have.
var compressedMethods = map[string]gowhisper.AggregationMethod{
	"average": gowhisper.Average,
	"sum":     gowhisper.Sum,
	"last":    gowhisper.Last,
	"max":     gowhisper.Max,
	"min":     gowhisper.Min,
}

// readCompressed reads a compressed file. The library is given up on with an
// error where it panics, as on broken files. It has its own clock.
func readCompressed(fsys disk.FS, path string) (c content, err error) {
	if err := checkCompressed(fsys, path); err != nil {
		return c, err
	}
	defer recovered(&err)
	w, err := gowhisper.OpenWithOptions(path, &gowhisper.Options{OpenFileFlag: new(os.O_RDONLY)})
	if err != nil {
		return c, err
	}
	defer w.Close()
	if c.layout, err = compressedLayout(w); err != nil {
		return c, err
	}
	now := gowhisper.Now().Unix()
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

// checkCompressed looks whether the archives of a header are within the file: the
// library would ask for any amount of memory.
func checkCompressed(fsys disk.FS, path string) error {
	f, err := fsys.Open(path, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	countAt := len("whisper_compressed") + 1 + 4*4
	archivesAt := countAt + 3*4 + gowhisper.FreeCompressedMetadataSize
	b := make([]byte, min(info.Size, int64(archivesAt+32*gowhisper.CompressedArchiveInfoSize)))
	if _, err := f.ReadAt(b, 0); err != nil {
		return err
	}
	if len(b) < archivesAt {
		return errors.New("shorter than a header")
	}
	count := int(binary.BigEndian.Uint32(b[countAt:]))
	if count > (len(b)-archivesAt)/gowhisper.CompressedArchiveInfoSize {
		return fmt.Errorf("%d archives in %d bytes", count, info.Size)
	}
	var archives []metric.Archive
	for i := range count {
		a := b[archivesAt+i*gowhisper.CompressedArchiveInfoSize:]
		number := func(at int) int64 { return int64(binary.BigEndian.Uint32(a[at:])) }
		offset, points, size, blocks := number(0), number(8), number(12), number(16)
		archives = append(archives, metric.Archive{Step: number(4), Points: points})
		if offset > info.Size || blocks > info.Size || blocks > 0 && size > (info.Size-offset)/blocks {
			return fmt.Errorf("archive %d is beyond the end of the file", i)
		}
		if points > 8*size*blocks { // a point takes two bits at least
			return fmt.Errorf("archive %d: %d points in %d bytes", i, points, size*blocks)
		}
	}
	return schema.Validate(archives)
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
