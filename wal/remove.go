package wal

import (
	"errors"
	"io/fs"
	"slices"
)

// Remove removes segments, the oldest first, as long as all their records are
// stamped before, and they are replayed if they are of an earlier run.
func (l *Log) Remove(before int64) error {
	l.maintenance.Lock()
	defer l.maintenance.Unlock()
	for {
		if !l.removalsSynced {
			if err := l.syncDir(); err != nil {
				return err
			}
			l.removalsSynced = true
		}
		s, size, err := l.removable(before)
		if s == nil || err != nil {
			return err
		}
		// A segment must stay complete, and all later ones must stay, until a power
		// cut cannot bring it back: Replay would take its last record for the newest.
		if s.f != nil && s.synced < size {
			_ = s.sync(size) // a failing disk may still remove it
		}
		l.removalsSynced = false
		if removed, err := l.remove(s, before); !removed {
			return err
		}
	}
}

// Removable returns the number of bytes that Remove would free.
func (l *Log) Removable(before int64) (size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		switch {
		case s.leftOut:
		case s.last >= before || s.old && !s.replayed:
			return size
		}
		size += s.size
	}
	return size
}

// removable returns the next segment to remove and its size, or nil. Segments that
// Replay left out come first, the newest of them first of all: if an earlier one went
// first, Replay would take the next one for the beginning of a run.
func (l *Log) removable(before int64) (*segment, int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, 0, ErrClosed
	}
	for _, s := range slices.Backward(l.segments) {
		if s.leftOut {
			return s, s.size, nil
		}
	}
	if len(l.segments) == 0 {
		return nil, 0, nil
	}
	s := l.segments[0]
	if s.last >= before || s.old && !s.replayed {
		return nil, 0, nil
	}
	if s == l.current {
		_ = l.write()
	}
	return s, s.size, nil
}

// remove removes a segment. The current segment stays if records were appended to it
// since removable; else there is no current segment afterwards.
func (l *Log) remove(s *segment, before int64) (removed bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s == l.current {
		if s.last >= before {
			return false, nil
		}
		err = l.fs.Remove(l.path(s.number))
	} else {
		l.mu.Unlock()
		err = l.fs.Remove(l.path(s.number))
		l.mu.Lock()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if s.f != nil {
		s.f.Close()
		s.f = nil
	}
	if s == l.current {
		l.current, l.buf, l.writeErr = nil, l.buf[:0], nil
	}
	l.segments = slices.DeleteFunc(l.segments, func(o *segment) bool { return o == s })
	l.total -= s.size
	return true, nil
}
