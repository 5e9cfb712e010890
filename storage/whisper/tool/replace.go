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

// tempSuffix follows the name of a file in the making, as in whisper-resize. No
// server takes such a file for a metric's.
const tempSuffix = ".tmp"

// attempts is how often a file is built anew because a server wrote to the old
// one meanwhile.
const attempts = 3

// replacement says how a file is replaced.
type replacement struct {
	backup   string // path of a copy of the old file; empty: none
	keepTime bool   // the new file has the old one's modification time

	// build makes the new file at temp from the old one, which is open and holds
	// what before says.
	build func(old *whisper.File, before content, temp string) error
}

// replace puts a file that build makes in the place of the one at path.
//
// The new file is complete and synced before it takes the name, in one step: a
// crash leaves one or the other. The old one is locked meanwhile (flock), which
// keeps out other tools, and servers that lock. A server that does not may still
// write to it: then it is built again, and points that came between the last
// look and the renaming are written to the new file.
func replace(env *Env, path string, now int64, r replacement) error {
	old, err := openLocked(env.FS, path)
	if err != nil {
		return err
	}
	defer old.Close()
	temp := path + tempSuffix
	built, err := buildSettled(env, old, temp, now, r)
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
	if late := newIn(built, after, now); len(late) > 0 {
		if err := updateLate(env, path, late, now); err != nil {
			return fmt.Errorf("%d points written meanwhile are lost: %w", len(late), err)
		}
	}
	return nil
}

// openLocked opens the file that has a name once the lock is held.
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

// buildSettled builds until the old file has not changed meanwhile, or often
// enough. It returns what the new file was made of.
func buildSettled(env *Env, old *whisper.File, temp string, now int64, r replacement) (content, error) {
	before, err := readContent(old, now)
	for range attempts {
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
		if err != nil || len(newIn(before, after, now)) == 0 {
			return before, err
		}
		before = after
	}
	return before, err
}

// newIn returns the points, ascending, that a file holds later and did not hold
// before. Rollups of points that are new themselves are left out.
func newIn(before, later content, now int64) (points []metric.Point) {
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

func updateLate(env *Env, path string, points []metric.Point, now int64) error {
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

// writeNew makes a file of points, archive by archive, and syncs it.
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

// removeOld removes what an earlier run left under a temporary name.
func removeOld(fsys interface{ Remove(string) error }, path string) error {
	if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
