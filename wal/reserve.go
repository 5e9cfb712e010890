package wal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"carbon/disk"
)

const reserveName = "reserve"

// reserve keeps room on the disk for the last records, if there is any.
func (l *Log) reserve() {
	path := filepath.Join(l.o.Dir, reserveName)
	if l.o.Reserve == 0 {
		_ = l.fs.Remove(path) // of a run that had one
		return
	}
	if l.reserved || l.reserveReleased {
		return
	}
	f, err := l.fs.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return
	}
	defer f.Close()
	if err := allocate(f, l.o.Reserve); err != nil {
		_ = l.fs.Remove(path)
		return
	}
	l.reserved = true
}

func allocate(f disk.File, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Allocate(size)
}

// ReleaseReserve gives up the room that was kept, on the disk and below MaxSize: the end
// is near.
func (l *Log) ReleaseReserve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reserveReleased || l.closed {
		return
	}
	l.reserveReleased = true
	if err := l.fs.Remove(filepath.Join(l.o.Dir, reserveName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.log.Error("room kept for the log cannot be had", "err", err)
	}
}
