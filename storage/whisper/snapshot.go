package whisper

import (
	"errors"
	"io/fs"

	"carbon/storage/index"
)

// loadIndex loads the index from the snapshot and reports whether it did. Without a
// readable snapshot, the index is empty.
func (s *Store) loadIndex() (loaded bool) {
	s.index = index.New()
	if s.o.Snapshot == "" {
		return false
	}
	x, err := index.Load(s.fs, s.o.Snapshot)
	switch {
	case err == nil:
		s.index = x
		return true
	case !errors.Is(err, fs.ErrNotExist):
		s.logger.Warn("cannot load index snapshot; scanning the tree instead", "path", s.o.Snapshot, "err", err)
	}
	return false
}

// SaveIndex writes the snapshot if the index has changed since the last SaveIndex.
func (s *Store) SaveIndex() error {
	if s.o.Snapshot == "" {
		return nil
	}
	n := int64(s.index.Len())
	if s.saved.Swap(n) == n {
		return nil
	}
	if err := s.index.Save(s.fs, s.o.Snapshot); err != nil {
		s.saved.Store(-1)
		return err
	}
	return nil
}
