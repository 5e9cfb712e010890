package wal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"carbon/disk"
)

const reserveName = "reserve"

// reserve allocates a file that keeps disk space for the last records. It does
// nothing if the disk has no room.
func (l *Log) reserve() {
	path := filepath.Join(l.o.Dir, reserveName)
	if l.o.Reserve == 0 {
		_ = l.fs.Remove(path) // of an earlier run
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

// ReleaseReserve releases the reserved disk space, and lets the log exceed MaxSize by
// as much. It is called during shutdown.
func (l *Log) ReleaseReserve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reserveReleased || l.closed {
		return
	}
	l.reserveReleased = true
	if err := l.fs.Remove(filepath.Join(l.o.Dir, reserveName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.log.Error("write-ahead log reserve not released", "err", err)
	}
}
