package wal

import (
	"errors"
	"io/fs"
	"slices"
)

// Remove removes the segments all of whose records have stamps before, the
// oldest first, up to one of which not all do or which is not replayed yet.
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
		// Until its name is gone for certain a segment must stay whole, and none
		// behind it may go: the last of its records would be taken for the newest.
		if s.f != nil && s.synced < size {
			_ = s.sync(size) // where the disk fails it may still be removed
		}
		l.removalsSynced = false
		if removed, err := l.remove(s, before); !removed {
			return err
		}
	}
}

// Removable returns how many bytes Remove would free.
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

// removable returns the next segment to remove and its size, or nil. Those that
// Replay left out come first, and of them the newest, which the others in front
// of it keep from being taken for the beginning of a run.
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

// remove removes a segment. If it is the current one nothing can be appended
// meanwhile, it stays if something was since removable, and there is none then.
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
