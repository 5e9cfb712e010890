package whisper

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage"
)

// Aggregation implements storage.Aggregator. For a metric without a file it returns
// the method that a new file would get.
func (s *Store) Aggregation(_ context.Context, name string) (method string, err error) {
	if !s.index.Has(name) {
		return "", fmt.Errorf("%s: %w", name, storage.ErrNotFound)
	}
	l, err := s.Describe(name)
	return l.Aggregation, err
}

// SetAggregation implements storage.Aggregator. The change is durable when
// SetAggregation returns.
func (s *Store) SetAggregation(_ context.Context, name, method string) (old string, err error) {
	if _, ok := aggregate.MethodID(method); !ok {
		return "", fmt.Errorf("%s: %w", method, storage.ErrUnknownAggregation)
	}
	if c, bad := metric.Canonical(name); bad != nil || c != name || !s.index.Has(name) {
		return "", fmt.Errorf("%s: %w", name, storage.ErrNotFound)
	}
	lock := s.lock(name)
	lock.Lock()
	defer lock.Unlock()
	for _, path := range s.pathsOf(name) {
		old, err = s.setAggregation(path, method)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	s.files.drop(name) // its cached header is stale
	s.layouts.remove(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: %w: no datapoint is stored yet", name, storage.ErrNotFound)
	case errors.Is(err, ErrCompressed):
		return "", fmt.Errorf("%s: %w: the file is compressed; carbon whisper convert makes it a plain one", name, storage.ErrFixedAggregation)
	case err != nil:
		return "", fmt.Errorf("set the aggregation method of %s: %w", name, err)
	}
	return old, nil
}

// setAggregation changes the method in the header of a file and syncs it.
func (s *Store) setAggregation(path, method string) (old string, err error) {
	var f *File
	err = s.withDescriptors(func() error {
		f, err = OpenFile(s.fs, path, os.O_RDWR)
		return err
	})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if s.o.LockWrites {
		if _, err := f.Lock(); err != nil { // Close releases the lock
			return "", err
		}
	}
	l := f.Layout()
	if err := f.SetAggregation(method, l.XFilesFactor); err != nil {
		return "", err
	}
	return l.Aggregation, f.Sync()
}
