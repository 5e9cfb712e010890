package wal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"carbon/disk"
)

// open finds the segments of earlier runs.
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
			l.segments = append(l.segments, &segment{number: number, old: true, proof: -1})
		}
	}
	slices.SortFunc(l.segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	for _, s := range l.segments {
		if err := l.readHead(s); err != nil {
			return err
		}
		// A head that cannot be read leaves the stamp open; any in between will do.
		s.stamp = max(s.stamp, l.last+1)
		s.last, l.last, l.number = s.stamp, s.stamp, s.number
		l.total += s.size
	}
	return nil
}

// makeDir makes a directory, which survives a power cut then, and what it is in.
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
		l.log.Error("log segment cannot be read", "segment", s.number, "err", err)
	}
	readSegmentHead(b[:n], s)
	return nil
}

// Sync returns when all that was appended survives a power cut. Appending goes
// on meanwhile.
func (l *Log) Sync() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	err := l.write()
	goal := l.written
	l.mu.Unlock()
	if err != nil {
		return err
	}
	l.upkeep.Lock()
	defer l.upkeep.Unlock()
	if l.safe >= goal { // by who was before us
		return nil
	}
	return l.sync()
}

// sync syncs what was written so far; upkeep is held.
func (l *Log) sync() error {
	type job struct {
		s    *segment
		size int64
	}
	l.mu.Lock()
	var jobs []job
	for _, s := range l.segments {
		if s.f != nil {
			jobs = append(jobs, job{s, s.size})
		}
	}
	current, goal, made, named := l.current, l.written, l.made, l.named
	l.mu.Unlock()

	for _, j := range jobs {
		if err := j.s.sync(j.size); err != nil {
			return l.syncFailed(err)
		}
	}
	if current != nil {
		if err := l.lookAfter(current); err != nil {
			return l.syncFailed(err)
		}
	}
	if named < made {
		if err := l.syncDir(); err != nil {
			return l.syncFailed(err)
		}
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.safe = goal
	l.named = max(l.named, made)
	l.stats.Syncs++
	for _, j := range jobs {
		j.s.synced = j.size
		if j.s != current && j.s != l.current {
			j.s.f.Close()
			j.s.f = nil
		}
	}
	return nil
}

// sync makes the first size bytes of a segment survive a power cut.
func (s *segment) sync(size int64) error {
	if s.redo {
		// After a sync that failed the system takes what it could not write for
		// written, and the next sync would succeed without it.
		b := make([]byte, writeSize)
		for at := s.synced; at < size; at += int64(len(b)) {
			b = b[:min(int64(len(b)), size-at)]
			if _, err := s.f.ReadAt(b, at); err != nil {
				return err
			}
			if _, err := s.f.WriteAt(b, at); err != nil {
				return err
			}
		}
	}
	err := s.f.Sync()
	s.redo = err != nil
	return err
}

func (l *Log) syncFailed(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.WriteErrors++
	l.log.Error("log cannot be synced", "err", err)
	return err
}

// syncDir makes the names of all segments survive a power cut.
func (l *Log) syncDir() error {
	err := l.fs.SyncDir(l.o.Dir)
	if errors.Is(err, fs.ErrNotExist) { // somebody removed it
		return l.makeDir(l.o.Dir)
	}
	return err
}

// lookAfter has the next record go to another segment if somebody removed this
// one.
func (l *Log) lookAfter(s *segment) error {
	info, err := s.f.Stat()
	if err != nil || info.Links > 0 {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spoiled = l.spoiled || s == l.current
	return fmt.Errorf("log segment %d was removed by somebody else", s.number)
}

// Remove removes the segments all of whose records have stamps before, the
// oldest first, up to one of which not all do or which is not replayed yet.
func (l *Log) Remove(before int64) error {
	l.upkeep.Lock()
	defer l.upkeep.Unlock()
	for {
		if !l.sure {
			if err := l.syncDir(); err != nil {
				return err
			}
			l.sure = true
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
		l.sure = false
		if removed, err := l.remove(s, before); !removed {
			return err
		}
	}
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
		if s.left {
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
	current := s == l.current
	if current && s.last >= before {
		return false, nil
	}
	if !current {
		l.mu.Unlock()
	}
	err = l.fs.Remove(l.path(s.number))
	if !current {
		l.mu.Lock()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if s.f != nil {
		s.f.Close()
		s.f = nil
	}
	if current {
		l.current, l.buf, l.err = nil, l.buf[:0], nil
	}
	l.segments = slices.DeleteFunc(l.segments, func(o *segment) bool { return o == s })
	l.total -= s.size
	return true, nil
}

// Close flushes, syncs and ends the log. With an error what was not written is
// lost, unless Flush is called until it succeeds before.
func (l *Log) Close() error {
	err := l.Sync()
	if err == ErrClosed {
		return nil
	}
	l.upkeep.Lock()
	defer l.upkeep.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if s := l.current; s != nil && err == nil && len(l.buf) == 0 && s.synced == s.size {
		// A record of nothing tells Replay how much was synced in the end.
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

const reserveName = "reserve"

// reserve keeps room on the disk for the last records, if there is any.
func (l *Log) reserve() {
	path := filepath.Join(l.o.Dir, reserveName)
	if l.o.Reserve <= 0 {
		_ = l.fs.Remove(path) // of a run that had one
		return
	}
	if l.reserved || l.hurry {
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

// Hurry gives up the room that was kept, on the disk and below MaxSize: the end
// is near.
func (l *Log) Hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hurry || l.closed {
		return
	}
	l.hurry = true
	if err := l.fs.Remove(filepath.Join(l.o.Dir, reserveName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.log.Error("room kept for the log cannot be had", "err", err)
	}
}
