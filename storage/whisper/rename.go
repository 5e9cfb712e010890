package whisper

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"carbon/metric"
	"carbon/storage"
)

// Rename renames a metric and keeps its points. It returns storage.ErrNotFound if the
// metric has no file, and fs.ErrExist if a metric with the new name exists. It blocks
// all reads and writes of the store. When it returns nil, the new name survives a power
// cut.
func (s *Store) Rename(ctx context.Context, from, to string) error {
	if err := s.rename(ctx, from, to, s.renameMetric); err != nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, err)
	}
	return nil
}

// RenameBranch renames all metrics below a branch, as Rename does. It does not rename a
// metric with the name of the branch itself. The new branch must not exist or be empty.
func (s *Store) RenameBranch(ctx context.Context, from, to string) error {
	if err := s.rename(ctx, from, to, s.renameBranch); err != nil {
		return fmt.Errorf("rename branch %s to %s: %w", from, to, err)
	}
	return nil
}

// rename validates the names and calls do with all locks held.
func (s *Store) rename(ctx context.Context, from, to string, do func(from, to string) error) error {
	for _, name := range []string{from, to} {
		c, err := metric.Canonical(name)
		if err != nil {
			return err
		}
		if c != name {
			return fmt.Errorf("name %q is not canonical; write %q", name, c)
		}
	}
	s.tree.rescanning.Lock() // a concurrent Rescan could see a file under both names or neither
	defer s.tree.rescanning.Unlock()
	s.lockAll()
	defer s.unlockAll()
	if err := ctx.Err(); err != nil {
		return err
	}
	s.saved.Store(-1)
	return do(from, to)
}

func (s *Store) renameMetric(from, to string) error {
	if _, exists, err := s.findFile(to); err != nil {
		return err
	} else if exists || s.index.Has(to) {
		return fs.ErrExist
	}
	path, exists, err := s.findFile(from)
	if err != nil {
		return err
	}
	if !exists {
		return storage.ErrNotFound
	}
	if metric.IsTagged(to) {
		if err := s.log.add([]string{to}); err != nil {
			return err
		}
	}
	s.files.drop(from)
	moved, err := s.moveTo(path, s.path(to))
	if !moved {
		s.log.remove(to)
		return errors.Join(err, s.log.flush())
	}
	s.layouts.remove(from)
	s.index.Remove(from)
	s.index.Add(to)
	if err == nil {
		s.log.remove(from)
		err = s.log.flush()
	}
	return err
}

// findFile returns the path of the metric's file.
func (s *Store) findFile(name string) (path string, exists bool, err error) {
	for _, path := range s.pathsOf(name) {
		if exists, err := s.fileExists(path); exists || err != nil {
			return path, exists, err
		}
	}
	return "", false, nil
}

func (s *Store) renameBranch(from, to string) error {
	if metric.IsTagged(from) || metric.IsTagged(to) {
		return errors.New("tagged series have no branches")
	}
	if from == to || strings.HasPrefix(to, from+".") {
		return fs.ErrExist
	}
	fromDir, toDir := strings.TrimSuffix(s.path(from), suffix), strings.TrimSuffix(s.path(to), suffix)
	switch info, err := s.fs.Lstat(fromDir); {
	case errors.Is(err, fs.ErrNotExist):
		return storage.ErrNotFound
	case err != nil:
		return err
	case !info.IsDir():
		return &fs.PathError{Op: "rename", Path: fromDir, Err: syscall.ENOTDIR}
	}
	if info, err := s.fs.Lstat(toDir); err == nil && info.IsDir() {
		_ = s.fs.Remove(toDir) // fails if it is not empty
	}

	names := s.index.RemoveBranch(from)
	moved, err := false, error(nil)
	for _, name := range names {
		if err == nil {
			_, err = metric.Canonical(to + strings.TrimPrefix(name, from)) // the new name may be too long
		}
	}
	if err == nil {
		for s.files.shrink() {
		}
		moved, err = s.moveTo(fromDir, toDir)
	}
	if moved {
		s.tree.renamedDir(fromDir, toDir)
	}
	for _, name := range names {
		s.layouts.remove(name)
		now := name
		if moved {
			now = to + strings.TrimPrefix(name, from)
		}
		if exists, err := s.fileExists(s.path(now)); exists || err != nil {
			s.index.Add(now)
		} else {
			s.index.Announce(name) // it has only pending points
		}
	}
	return err
}

// moveTo renames a file or directory of the tree. It creates missing parent directories
// of to and removes parent directories of from that become empty. If err is nil, the
// rename survives a power cut.
func (s *Store) moveTo(from, to string) (moved bool, err error) {
	fromDir, toDir := filepath.Dir(from), filepath.Dir(to)
	err = s.fs.MkdirAll(toDir)
	if err == nil {
		err = s.syncParents(toDir) // the new parent must be durable before the rename
	}
	if err == nil {
		err = renameNew(s.fs, from, to)
	}
	if err != nil {
		s.removeEmptyParents(toDir)
		return false, err
	}
	err = errors.Join(s.fs.SyncDir(toDir), s.fs.SyncDir(fromDir))
	s.removeEmptyParents(fromDir)
	return true, err
}

// syncParents syncs a directory of the tree and all its parents up to the root.
func (s *Store) syncParents(dir string) error {
	for ; len(dir) >= len(s.dir) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if err := s.fs.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// renamedDir updates the directories that sync uses.
func (t *tree) renamedDir(from, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for device, dir := range t.devices {
		if rest, ok := strings.CutPrefix(dir, from+"/"); ok {
			t.devices[device] = to + "/" + rest
		}
	}
}
