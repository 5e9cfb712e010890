package wal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// open reads the heads of the segments of earlier runs.
func (l *Log) open() error {
	if err := l.makeDir(l.o.Dir); err != nil {
		return err
	}
	entries, err := l.fs.ReadDir(l.o.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if number, ok := segmentNumber(e.Name()); ok {
			l.segments = append(l.segments, &segment{number: number, old: true, provenSynced: -1})
		}
	}
	// A power cut must not bring back segments that the previous run removed, once
	// newer ones are gone: Replay would take old records for the newest.
	l.removalsSynced = l.syncDir() == nil
	slices.SortFunc(l.segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	for _, s := range l.segments {
		if err := l.readHead(s); err != nil {
			return err
		}
		// If the head cannot be read, any stamp between those of its neighbors will do.
		s.stamp = max(s.stamp, l.last+1)
		s.last, l.last, l.number = s.stamp, s.stamp, s.number
		l.total += s.size
	}
	return nil
}

// makeDir creates a directory and its parents, and makes them survive a power cut.
func (l *Log) makeDir(dir string) error {
	if _, err := l.fs.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := l.makeDir(parent); err != nil {
		return err
	}
	if err := l.fs.MkdirAll(dir); err != nil {
		return err
	}
	return l.fs.SyncDir(parent)
}

func (l *Log) readHead(s *segment) error {
	f, err := l.fs.Open(l.path(s.number), os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s.size = info.Size
	b := make([]byte, segmentHead)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		l.log.Error("write-ahead log segment not readable", "segment", s.number, "err", err)
	}
	if v, ok := readSegmentHead(b[:n], s); ok && v != version {
		return fmt.Errorf("write-ahead log segment %d: format version %d is not supported, only %d", s.number, v, version)
	}
	return nil
}

// Close flushes, syncs and closes the log. After an error, records that were not
// written are lost; to prevent that, call Flush until it succeeds first.
func (l *Log) Close() error {
	err := l.Sync()
	if err == ErrClosed {
		return nil
	}
	l.maintenance.Lock()
	defer l.maintenance.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if s := l.current; s != nil && err == nil && len(l.buf) == 0 && s.synced == s.size {
		// An empty record tells Replay that everything was synced.
		l.buf = append(l.buf, make([]byte, recordHead)...)
		putRecordHead(l.buf, s.marker, s.synced)
		_ = l.write()
	} else if len(l.buf) > 0 {
		err = errors.Join(err, l.write())
	}
	for _, s := range l.segments {
		if s.f != nil {
			err = errors.Join(err, s.f.Close())
			s.f = nil
		}
	}
	l.current = nil
	return err
}
