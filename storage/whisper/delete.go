package whisper

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"carbon/metric"
)

// Delete implements storage.Deleter. It also removes directories that become empty. It
// keeps corrupt files that were set aside. When Delete returns nil, the deletion of
// tagged series survives a power cut. For other metrics, this requires a Sync.
func (s *Store) Delete(ctx context.Context, names []string) (n int, err error) {
	defer s.dirty.Store(true) // when everything is removed, because Sync may run concurrently
	s.saved.Store(-1)
	emptied := make(map[string]struct{})
	for _, name := range names {
		if err = ctx.Err(); err != nil {
			break
		}
		if c, bad := metric.Canonical(name); bad != nil || c != name {
			continue
		}
		var existed bool
		if existed, err = s.deleteMetric(name, emptied); err != nil {
			err = fmt.Errorf("delete %s: %w", name, err)
			break
		}
		if existed {
			n++
		}
	}
	s.removeEmptyDirs(emptied)
	return n, errors.Join(err, s.log.flush())
}

// deleteMetric deletes a metric and reports whether it existed. It adds the directories
// of the removed files to emptied.
func (s *Store) deleteMetric(name string, emptied map[string]struct{}) (existed bool, err error) {
	lock := s.lock(name)
	lock.Lock()
	defer lock.Unlock()
	s.files.drop(name)
	for _, path := range s.pathsOf(name) {
		switch exists, err := s.fileExists(path); {
		case err != nil:
			return existed, err
		case !exists:
			continue
		}
		if err := s.fs.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return existed, err
		}
		existed = true
		emptied[filepath.Dir(path)] = struct{}{}
	}
	s.layouts.remove(name)
	s.tree.recordDeleted(name)
	if metric.IsTagged(name) {
		s.log.remove(name)
	}
	return s.index.Remove(name) || existed, nil
}

// pathsOf returns the paths that the metric's file may have, the usual one first.
func (s *Store) pathsOf(name string) []string {
	paths := []string{s.path(name)}
	if metric.IsTagged(name) {
		paths = append(paths, s.dir+"/"+readablePathOf(name))
	}
	return paths
}

// fileExists reports whether a path is a file or a symbolic link, but not a directory.
func (s *Store) fileExists(path string) (bool, error) {
	info, err := s.fs.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		return false, nil
	}
	return err == nil && !info.IsDir(), err
}

// removeBatch is the number of directories that removeEmptyDirs removes before it releases
// the locks, so that writers do not wait for long.
const removeBatch = 64

// removeEmptyDirs removes those of the directories that are empty, and parents that
// become empty. The caller holds no locks.
func (s *Store) removeEmptyDirs(dirs map[string]struct{}) {
	for len(dirs) > 0 {
		s.lockAll()
		for range removeBatch {
			for dir := range dirs {
				delete(dirs, dir)
				s.removeEmptyParents(dir)
				break
			}
		}
		s.unlockAll()
	}
}

// removeEmptyParents removes a directory of the tree and its parents, up to the first one
// that is not empty or is a symbolic link. The caller holds all locks, so that no file is
// created meanwhile.
func (s *Store) removeEmptyParents(dir string) {
	for ; len(dir) > len(s.dir); dir = filepath.Dir(dir) {
		info, err := s.fs.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !info.IsDir() || s.fs.Remove(dir) != nil {
			return
		}
	}
}

// recordDeleted records a deleted metric for a concurrent Rescan, which may have read the
// directory before the deletion and adds the metric to the index after it.
func (t *tree) recordDeleted(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deleted != nil {
		t.deleted[name] = struct{}{}
	}
}

// beginRecordingDeleted makes recordDeleted record names until removeRecorded.
func (t *tree) beginRecordingDeleted() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deleted = make(map[string]struct{})
}

// removeRecorded ends recording and removes the recorded metrics that have no file from the
// index.
func (s *Store) removeRecorded() {
	s.tree.mu.Lock()
	recorded := s.tree.deleted
	s.tree.deleted = nil
	s.tree.mu.Unlock()
	for name := range recorded {
		lock := s.lock(name)
		lock.Lock()
		if _, exists, err := s.findFile(name); err == nil && !exists {
			s.index.Remove(name)
		}
		lock.Unlock()
	}
}

func (s *Store) lockAll() {
	for i := range s.locks {
		s.locks[i].Lock()
	}
}

func (s *Store) unlockAll() {
	for i := range s.locks {
		s.locks[i].Unlock()
	}
}
