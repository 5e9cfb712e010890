package wal

import (
	"errors"
	"fmt"
	"io/fs"
)

// Sync flushes and syncs the log. When it returns nil, all records appended before
// survive a power cut. Records may be appended meanwhile.
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
	l.maintenance.Lock()
	defer l.maintenance.Unlock()
	if l.synced >= goal { // by a concurrent call
		return nil
	}
	return l.sync()
}

// sync syncs all bytes written so far. maintenance is held.
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
	current, goal, created, createdSynced := l.current, l.written, l.created, l.createdSynced
	l.mu.Unlock()

	for _, j := range jobs {
		if err := j.s.sync(j.size); err != nil {
			return l.syncFailed(err)
		}
	}
	if current != nil {
		if err := l.checkLinked(current); err != nil {
			return l.syncFailed(err)
		}
	}
	if createdSynced < created {
		if err := l.syncDir(); err != nil {
			return l.syncFailed(err)
		}
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.synced = goal
	l.syncFailing = false
	l.createdSynced = max(l.createdSynced, created)
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
	if s.rewrite {
		// After a failed sync the system regards the bytes that it could not write as
		// written, and the next sync would succeed without them.
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
	s.rewrite = err != nil
	return err
}

func (l *Log) syncFailed(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.WriteErrors++
	if !l.syncFailing {
		l.syncFailing = true
		l.log.Error("write-ahead log not synced", "err", err)
	}
	return err
}

// syncDir makes the names of all segments survive a power cut.
func (l *Log) syncDir() error {
	err := l.fs.SyncDir(l.o.Dir)
	if errors.Is(err, fs.ErrNotExist) { // another program removed it
		return l.makeDir(l.o.Dir)
	}
	return err
}

// checkLinked returns an error if another program has removed a segment. Then the next
// record goes to a new segment.
func (l *Log) checkLinked(s *segment) error {
	info, err := s.f.Stat()
	if err != nil || info.Links > 0 {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rollNext = l.rollNext || s == l.current
	return fmt.Errorf("write-ahead log segment %d was removed by another program", s.number)
}
