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

// Delete implements storage.Deleter. The files are removed, and the directories
// that are empty then; those that were set aside stay. Names of tagged series do
// not come back when Delete has returned nil, files of others not after a Sync.
func (s *Store) Delete(ctx context.Context, names []string) (n int, err error) {
	defer s.dirty.Store(true) // after all is removed: a Sync may run beside it
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

// deleteMetric deletes a metric, tells whether there was one, and notes the
// directories that its files were in.
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

// pathsOf returns where the file of a metric may be, the usual place first.
func (s *Store) pathsOf(name string) []string {
	paths := []string{s.path(name)}
	if metric.IsTagged(name) {
		paths = append(paths, s.dir+"/"+readablePathOf(name))
	}
	return paths
}

// fileExists tells whether there is a file, whatever is in it, or a link to one.
func (s *Store) fileExists(path string) (bool, error) {
	info, err := s.fs.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		return false, nil
	}
	return err == nil && !info.IsDir(), err
}

// removeBatch is for how many directories creations wait.
const removeBatch = 64

// removeEmpty removes those directories that are empty, and those above that are
// so then. No lock is held.
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

// removeEmptyParents removes a directory of the tree and those above it, up to one that
// is not empty or is a symbolic link. All locks are held: nobody makes a file.
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

// recordDeleted is for a check that saw the file of a metric just before it was
// deleted, and puts it into the index only after.
func (t *tree) recordDeleted(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deleted != nil {
		t.deleted[name] = struct{}{}
	}
}

func (t *tree) beginRecordingDeleted() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deleted = make(map[string]struct{})
}

// removeRecorded ends what beginRecordingDeleted began: those recorded that have no file are no
// metrics.
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
