package whisper

import (
	"errors"
	"fmt"
	"io/fs"

	"carbon/disk"
	"carbon/storage"
)

// Measure implements storage.Measurer. It returns storage.ErrNotFound for all metrics
// if the Store's FS does not implement disk.Measurer.
func (s *Store) Measure(name string) (storage.Usage, error) {
	fsys, ok := s.fs.(disk.Measurer)
	if !ok || !s.index.Has(name) {
		return storage.Usage{}, fmt.Errorf("%s: %w", name, storage.ErrNotFound)
	}
	var u disk.Usage
	err := error(fs.ErrNotExist)
	for _, path := range s.pathsOf(name) {
		if u, err = fsys.Measure(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: %w: it has no file yet", name, storage.ErrNotFound)
	}
	return storage.Usage{Size: u.Size, Allocated: u.Allocated, Changed: u.Changed, Read: u.Read}, err
}

// Space implements storage.Measurer.
func (s *Store) Space() (free, total int64, err error) {
	if fsys, ok := s.fs.(disk.Measurer); ok {
		return fsys.Space(s.dir)
	}
	return 0, 0, nil
}
