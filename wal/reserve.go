package wal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"carbon/disk"
)

const (
	reserveName = "reserve"

	// maxLastReserve is how many bytes of the reserve, at most a quarter of it, are
	// kept for the records that are in the buffer when the disk is full again.
	maxLastReserve = 1 << 20
)

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
// as much. It is called during shutdown. Others may use the released space first, so
// the log keeps a part of it until a write fails: see releaseLastReserve.
func (l *Log) ReleaseReserve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reserveReleased || l.closed {
		return
	}
	l.reserveReleased = true
	if !l.reserved {
		return
	}
	if err := l.shrinkReserve(min(maxLastReserve, l.o.Reserve/4)); err != nil {
		l.log.Error("write-ahead log reserve not released", "err", err)
	}
}

func (l *Log) shrinkReserve(size int64) error {
	f, err := l.fs.Open(filepath.Join(l.o.Dir, reserveName), os.O_RDWR)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}

// releaseLastReserve releases the rest of the reserve, so that the buffer can be
// written to a full disk during shutdown. From then on Append fails: there would be
// no room for its records. It returns false if there is nothing to release.
func (l *Log) releaseLastReserve() bool {
	if !l.reserved || !l.reserveReleased || l.reserveUsed {
		return false
	}
	l.reserveUsed = true
	if err := l.fs.Remove(filepath.Join(l.o.Dir, reserveName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.log.Error("write-ahead log reserve not released", "err", err)
		return false
	}
	return true
}
