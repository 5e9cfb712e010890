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
		var was bool
		if was, err = s.deleteOne(name, emptied); err != nil {
			err = fmt.Errorf("delete %s: %w", name, err)
			break
		}
		if was {
			n++
		}
	}
	s.removeEmpty(emptied)
	return n, errors.Join(err, s.log.flush())
}

// deleteOne deletes a metric, tells whether there was one, and notes the
// directories that its files were in.
func (s *Store) deleteOne(name string, emptied map[string]struct{}) (was bool, err error) {
	lock := s.lock(name)
	lock.Lock()
	defer lock.Unlock()
	s.files.drop(name)
	for _, path := range s.pathsOf(name) {
		switch there, err := s.hasFile(path); {
		case err != nil:
			return was, err
		case !there:
			continue
		}
		if err := s.fs.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return was, err
		}
		was = true
		emptied[filepath.Dir(path)] = struct{}{}
	}
	s.layouts.forget(name)
	s.tree.noteDeleted(name)
	if metric.IsTagged(name) {
		s.log.forget(name)
	}
	return s.index.Remove(name) || was, nil
}

// pathsOf returns where the file of a metric may be, the usual place first.
func (s *Store) pathsOf(name string) []string {
	paths := []string{s.path(name)}
	if metric.IsTagged(name) {
		paths = append(paths, s.dir+"/"+readablePathOf(name))
	}
	return paths
}

// hasFile tells whether there is a file, whatever is in it, or a link to one.
func (s *Store) hasFile(path string) (bool, error) {
	info, err := s.fs.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		return false, nil
	}
	return err == nil && !info.IsDir(), err
}

// dirsAtOnce is for how many directories creations wait.
const dirsAtOnce = 64

// removeEmpty removes those directories that are empty, and those above that are
// so then. No lock is held.
func (s *Store) removeEmpty(dirs map[string]struct{}) {
	for len(dirs) > 0 {
		s.lockAll()
		for range dirsAtOnce {
			for dir := range dirs {
				delete(dirs, dir)
				s.removeEmptyUp(dir)
				break
			}
		}
		s.unlockAll()
	}
}

// removeEmptyUp removes a directory of the tree and those above it, up to one that
// is not empty or is a symbolic link. All locks are held: nobody makes a file.
func (s *Store) removeEmptyUp(dir string) {
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

// noteDeleted is for a check that saw the file of a metric just before it was
// deleted, and puts it into the index only after.
func (t *tree) noteDeleted(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deleted != nil {
		t.deleted[name] = struct{}{}
	}
}

func (t *tree) beginNoting() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deleted = make(map[string]struct{})
}

// removeNoted ends what beginNoting began: those noted that have no file are no
// metrics.
func (s *Store) removeNoted() {
	s.tree.mu.Lock()
	noted := s.tree.deleted
	s.tree.deleted = nil
	s.tree.mu.Unlock()
	for name := range noted {
		lock := s.lock(name)
		lock.Lock()
		if _, there, err := s.find(name); err == nil && !there {
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
