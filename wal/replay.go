package wal

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// ReplayStats is the result of Replay.
type ReplayStats struct {
	Segments       int
	Records, Bytes int64 // bytes of payload

	// Damaged is the number of places where written records cannot be read. Torn is
	// the number of runs that ended with an incomplete write, as in a crash. Damage
	// lists the first of both.
	Damaged, Torn int64
	Damage        []*CorruptError
}

const maxDamage = 100 // length of ReplayStats.Damage

// CorruptError is a place of the log that cannot be read.
type CorruptError struct {
	Segment uint64
	Offset  int64 // in the segment's file
	Reason  string
	Torn    bool // the run ended before the write was complete
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("write-ahead log segment %d: damaged at byte %d: %s", e.Segment, e.Offset, e.Reason)
}

// errEnd ends the replay of a run.
var errEnd = errors.New("the rest of the run is not replayed")

// Replay calls fn with the records of earlier runs, in the order in which they were
// appended. All records of a segment have the same stamp. payload is valid until fn
// returns.
//
// Replay skips, counts and logs damaged records. If a power cut has lost bytes that
// were not synced yet, Replay also skips all later records of that run: what it
// replays of a run is a prefix of what was appended. What it has replayed survives
// the next power cut.
//
// The error is that of fn, of ctx, or of a disk that cannot be read. When Replay is
// called again, it continues with the segment where it stopped, from its beginning.
func (l *Log) Replay(ctx context.Context, fn func(at int64, segment uint64, payload []byte) error) (ReplayStats, error) {
	l.mu.Lock()
	var old []*segment
	left := 0
	for _, s := range l.segments {
		if s.old {
			old = append(old, s)
			if !s.replayed {
				left++
			}
		}
	}
	l.mu.Unlock()
	if left > 0 {
		l.log.Info("replaying write-ahead log", "segments", left)
	}

	var stats ReplayStats
	for len(old) > 0 {
		run := 1
		for run < len(old) && old[run].prev > 0 {
			run++
		}
		if err := l.replayRun(ctx, old[:run], &stats, fn); err != nil {
			l.readTriesLeft--
			return stats, fmt.Errorf("replay write-ahead log: %w", err)
		}
		old = old[run:]
	}
	if stats.Segments > 0 {
		if err := l.syncDir(); err != nil {
			l.log.Error("write-ahead log not synced", "err", err)
		}
	}
	return stats, nil
}

// replayRun replays the segments of one run of the process.
func (l *Log) replayRun(ctx context.Context, run []*segment, stats *ReplayStats, fn func(at int64, segment uint64, payload []byte) error) error {
	ended := false
	for i, s := range run {
		l.mu.Lock()
		replayed := s.replayed
		l.mu.Unlock()
		if replayed {
			continue
		}
		r := replay{log: l, run: run[i:], damageEnd: -1}
		if i > 0 && s.number != run[i-1].number+1 {
			r.note(&CorruptError{Segment: s.number - 1, Reason: "segment is missing"})
		}
		leftOut := ended
		if !leftOut {
			err := r.segment(ctx, fn)
			if ended = err == errEnd; err != nil && !ended {
				return err
			}
			r.stats.Segments = 1
		}
		stats.add(r.stats)
		l.mu.Lock()
		s.replayed, s.leftOut = true, leftOut
		l.stats.Replayed += r.stats.Records
		l.stats.Damaged += r.stats.Damaged
		l.stats.Torn += r.stats.Torn
		l.mu.Unlock()
	}
	return nil
}

func (s *ReplayStats) add(more ReplayStats) {
	s.Segments += more.Segments
	s.Records += more.Records
	s.Bytes += more.Bytes
	s.Damaged += more.Damaged
	s.Torn += more.Torn
	s.Damage = append(s.Damage, more.Damage[:min(len(more.Damage), maxDamage-len(s.Damage))]...)
}

// replay is the state of replaying the first of some segments of a run.
type replay struct {
	log       *Log
	run       []*segment
	stats     ReplayStats
	damageEnd int64 // where the last damage ends
}

// segment calls fn with the records of the segment. It returns errEnd if the rest of
// the run is not replayed.
func (r *replay) segment(ctx context.Context, fn func(at int64, segment uint64, payload []byte) error) error {
	s := r.run[0]
	in, err := r.open(s)
	if errors.Is(err, os.ErrNotExist) {
		r.note(&CorruptError{Segment: s.number, Reason: "segment is missing"})
		return nil
	}
	if err != nil {
		return err
	}
	defer in.f.Close()
	err = in.walk(ctx, s, func(_ int64, h head, payload []byte) error {
		if h.length == 0 {
			return nil // its head only says how much was synced
		}
		r.stats.Records++
		r.stats.Bytes += h.length
		return fn(s.stamp, s.number, payload)
	}, func(d damage) error { return r.damaged(ctx, in, d) })
	if end := r.end(); err == nil && in.size < end {
		err = r.damaged(ctx, in, damage{in.size, end, "segment is cut off"})
	}
	if err := in.f.Sync(); err != nil { // the process may have been killed before it synced
		r.log.log.Error("write-ahead log segment not synced", "segment", s.number, "err", err)
	}
	return err
}

// end returns the size of the segment as recorded in the next one; 0: not known.
func (r *replay) end() int64 {
	if len(r.run) > 1 && r.run[1].number == r.run[0].number+1 {
		return r.run[1].prev
	}
	return 0
}

func (r *replay) open(s *segment) (*reader, error) {
	f, err := r.log.fs.Open(r.log.path(s.number), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &reader{f: f, size: info.Size, tolerant: r.log.readTriesLeft <= 0}, nil
}

// damaged decides what a damage is: an incomplete write at the end of the run, or
// bytes that were lost later. It returns errEnd if the rest of the run is not replayed.
func (r *replay) damaged(ctx context.Context, in *reader, d damage) error {
	e := &CorruptError{Segment: r.run[0].number, Offset: d.from, Reason: d.reason}
	if d.to >= in.size {
		d.to = max(d.to, r.end())
	}
	more := d.from == r.damageEnd
	r.damageEnd = d.to
	if len(r.run) == 1 && d.to >= in.size {
		e.Torn = true
		r.note(e)
		return nil
	}
	hole, err := in.hole(d)
	if err != nil {
		return err
	}
	if hole {
		synced, err := r.synced(ctx, d.from)
		if err != nil {
			return err
		}
		if !synced {
			e.Torn = true
			r.note(e)
			return errEnd
		}
	}
	if !more { // else it is part of the previous damage
		r.note(e)
	}
	return nil
}

// synced reports whether records of the run say that the segment was synced beyond
// an offset.
func (r *replay) synced(ctx context.Context, at int64) (bool, error) {
	for i, s := range r.run {
		if s.provenSynced < 0 {
			in, err := r.open(s)
			if err != nil {
				return false, err
			}
			s.provenSynced, err = in.provenSynced(ctx, s)
			in.f.Close()
			if err != nil {
				s.provenSynced = -1
				return false, err
			}
		}
		if i == 0 && s.provenSynced > at || i > 0 && s.provenSynced > 0 {
			return true, nil
		}
	}
	return false, nil
}

// note counts and logs a damage.
func (r *replay) note(e *CorruptError) {
	if e.Torn {
		r.stats.Torn++
	} else {
		r.stats.Damaged++
	}
	if len(r.stats.Damage) >= maxDamage {
		return
	}
	r.stats.Damage = append(r.stats.Damage, e)
	message := "write-ahead log damaged; skipping to the next record"
	if e.Torn {
		message = "write-ahead log ends in an incomplete write; ignoring it"
	}
	r.log.log.Warn(message, "segment", e.Segment, "offset", e.Offset, "reason", e.Reason)
}
