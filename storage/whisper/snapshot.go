package whisper

import (
	"errors"
	"io/fs"

	"carbon/storage/index"
)

// loadIndex makes the index: that of the snapshot, if there is one that can be
// read, or an empty one. It tells which.
func (s *Store) loadIndex() (known bool) {
	s.index = index.New()
	if s.o.Snapshot == "" {
		return false
	}
	loaded, err := index.Load(s.fs, s.o.Snapshot)
	switch {
	case err == nil:
		s.index = loaded
		return true
	case !errors.Is(err, fs.ErrNotExist):
		s.logger.Warn("the index is made anew, from the tree", "path", s.o.Snapshot, "err", err)
	}
	return false
}

// SaveIndex writes the snapshot, if the index has grown or shrunk since it was
// written last.
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
