package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/whisper"
)

// tempSuffix ends the name of a file that is being built, as in whisper-resize.
// Servers ignore such files.
const tempSuffix = ".tmp"

// buildAttempts is how often a file is built if a server writes to the old one
// meanwhile.
const buildAttempts = 3

// replacement holds the parameters of replace.
type replacement struct {
	backup   string // path for a copy of the old file; empty: no copy
	keepTime bool   // give the new file the modification time of the old one

	// build creates the new file at temp from the old file and its content.
	build func(old *whisper.File, before content, temp string) error
}

// replace builds a new file and renames it over the file at path.
//
// The new file is complete and synced before the rename, so a crash leaves the old
// file or the new one. Meanwhile replace holds a lock (flock) on the old file, which
// excludes other tools, and servers that lock files. If another server writes to the
// old file, replace builds the new one again. After the rename it copies points that
// the old file received after the last build.
func replace(env *Env, path string, now int64, r replacement) error {
	old, err := openLocked(env.FS, path)
	if err != nil {
		return err
	}
	defer old.Close()
	temp := path + tempSuffix
	built, err := buildStable(env, old, temp, now, r)
	if err == nil {
		err = keepAttributes(env.FS, path, temp, r.keepTime)
	}
	if err == nil && r.backup != "" {
		err = copyFile(env.FS, path, r.backup)
	}
	if err == nil {
		err = env.FS.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, removeOld(env.FS, temp))
	}
	if err := env.FS.SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	after, err := readContent(old, now)
	if err != nil {
		return err
	}
	if late := newPoints(built, after, now); len(late) > 0 {
		if err := writeLate(env, path, late, now); err != nil {
			return fmt.Errorf("copy %d points that a server wrote during the replacement: %w", len(late), err)
		}
	}
	return nil
}

// openLocked opens and locks the file at path. It retries if the file was replaced
// before the lock was acquired.
func openLocked(fsys disk.FS, path string) (*whisper.File, error) {
	for {
		f, err := whisper.OpenFile(fsys, path, os.O_RDWR)
		if err != nil {
			return nil, err
		}
		named, err := f.Lock()
		if err == nil && named {
			return f, nil
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
}

// buildStable builds the new file until the old one does not change meanwhile, at
// most buildAttempts times. It returns the content from which the new file was built.
func buildStable(env *Env, old *whisper.File, temp string, now int64, r replacement) (content, error) {
	before, err := readContent(old, now)
	for range buildAttempts {
		if err == nil {
			err = removeOld(env.FS, temp)
		}
		if err == nil {
			err = r.build(old, before, temp)
		}
		if err != nil {
			return before, err
		}
		after, err := readContent(old, now)
		if err != nil || len(newPoints(before, after, now)) == 0 {
			return before, err
		}
		before = after
	}
	return before, err
}

// newPoints returns the points of later that before lacks or has with another value, in
// ascending order. It omits rollups whose points are new themselves.
func newPoints(before, later content, now int64) (points []metric.Point) {
	for i, a := range later.layout.Archives {
		until := int64(1) << 40
		if i > 0 {
			until = oldest(later.layout.Archives[i-1], now)
		}
		was := before.points[i]
		var here []metric.Point
		for _, p := range later.points[i] {
			if was = since(was, p.Time); (len(was) == 0 || was[0] != p) && p.Time < floor(until, a.Step) {
				here = append(here, p)
			}
		}
		points = union(here, points)
	}
	return points
}

// writeLate writes points to the new file and syncs it.
func writeLate(env *Env, path string, points []metric.Point, now int64) error {
	f, err := openLocked(env.FS, path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Update(points, now); err != nil {
		return err
	}
	return f.Sync()
}

// writeNew creates a file with the points of each archive and syncs it.
func writeNew(fsys disk.FS, path string, layout metric.Layout, points [][]metric.Point) error {
	f, err := whisper.CreateFile(fsys, path, layout, whisper.Sparse)
	if err != nil {
		return err
	}
	for i := range points {
		if err == nil {
			err = f.WriteArchive(i, points[i])
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// removeOld removes the temporary file that an interrupted run may have left.
func removeOld(fsys interface{ Remove(string) error }, path string) error {
	if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
