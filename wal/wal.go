// Package wal is a write-ahead log: opaque records, in order, in segments, which are
// files that can each be read or removed alone. FORMAT.md describes them.
//
// A Log starts no goroutines. Append collects records in memory. They are written
// together when there are many, when the first has waited for half of FlushInterval,
// or by Flush; a record after a pause is written at once. The caller must call Flush
// in time. It can wait for Dirty until there is something to flush.
//
// Every record has a stamp: the time it was appended, in unix nanoseconds, but never
// less than the stamp of an earlier record, even if the clock is set back or the
// process restarts. Remove uses it. The files do not hold the stamps of single
// records: Replay gives all records of a segment the stamp of the segment, which is
// less than that of any record in a later segment.
package wal

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"carbon/disk"
)

// Defaults of the options, and of the configuration keys in [wal].
const (
	DefaultSegmentSize   = 64 << 20 // bytes
	DefaultMaxSize       = 1 << 30  // bytes
	DefaultReserve       = 4 << 20  // bytes
	DefaultFlushInterval = 10 * time.Millisecond

	maxSegmentSize = 1 << 30
	noMaxSize      = 1 << 62
)

// readTries is the number of calls of Replay that return a read error. Most read
// errors are temporary; after that many, pages that cannot be read count as damage.
const readTries = 5

// MaxRecord is the maximum number of bytes of a record. It bounds the memory of
// Replay.
const MaxRecord = 16 << 20

// writeSize is the number of bytes in memory from which on Append writes.
const writeSize = 64 << 10

// Errors of a Log. All others come from the disk.
var (
	ErrFull    = errors.New("write-ahead log is full")
	ErrClosed  = errors.New("write-ahead log is closed")
	ErrTooLong = fmt.Errorf("write-ahead log record is longer than %d bytes", MaxRecord)
)

// Options of a Log. Dir and SegmentSize are required.
type Options struct {
	Dir string  // created if it is missing; nothing else may use it
	FS  disk.FS // nil: the operating system's

	// SegmentSize is the size in bytes at which the log begins the next segment.
	// It must be positive; an eighth of MaxSize is used if that is less.
	SegmentSize int64

	// MaxSize is the maximum size of all segments in bytes; the last record may
	// exceed it. 0: no limit.
	MaxSize int64

	// FlushInterval is how long a record may wait in memory: once the first has
	// waited for half of it, Append writes. 0: every Append writes.
	FlushInterval time.Duration

	// Reserve is the disk space in bytes that the log keeps allocated until ReleaseReserve;
	// a sixteenth of MaxSize is used if that is less. 0: none.
	Reserve int64

	Logger *slog.Logger // nil discards
}

// Log is an open write-ahead log. All methods may be called concurrently, except that
// Replay must not run twice at the same time.
type Log struct {
	o     Options
	fs    disk.FS
	log   *slog.Logger
	dirty chan struct{}

	readTriesLeft int // of readTries; used by Replay only

	// maintenance is held to sync, close or remove segments. It is locked before mu.
	maintenance    sync.Mutex
	synced         int64 // bytes of written that survive a power cut
	removalsSynced bool  // a power cut brings no removed segment back

	mu              sync.Mutex
	segments        []*segment // ascending; those of earlier runs come first
	current         *segment   // the segment that is appended to; nil: none
	number          uint64     // of the newest segment, removed ones included
	last            int64      // the latest stamp
	buf             []byte     // records to be written at current.size
	appended        int64      // the time given to the last Append
	oldest          int64      // the time given when the first record in buf was appended
	total           int64      // bytes in all segments, without buf
	written         int64      // bytes written by this Log
	writeErr        error      // the error of the last write, if it failed
	rollNext        bool       // the next record must go to a new segment
	created         int        // segments created by this Log
	createdSynced   int        // how many of them, from the first on, have names that survive a power cut
	reserved        bool       // the reserve is allocated
	syncFailing     bool       // the last sync failed
	reserveReleased bool       // ReleaseReserve was called
	reserveUsed     bool       // the last of the reserve was released; nothing more is appended
	closed          bool
	stats           Stats
}

// Stats is a snapshot of a Log. It counts from Open.
type Stats struct {
	Size     int64 // bytes
	MaxSize  int64 // bytes
	Segments int

	Records, Bytes int64 // appended records, and the bytes of their payloads
	Writes, Syncs  int64
	WriteErrors    int64 // failed writes, syncs and creations of segments
	Replayed       int64 // replayed records
	Damaged        int64 // places where written records cannot be read
	Torn           int64 // runs whose last write is incomplete
}

// Open opens the log in a directory. Segments of earlier runs stay unchanged until
// they are replayed and removed; records are appended to new segments.
func Open(o Options) (*Log, error) {
	if o.SegmentSize <= 0 {
		return nil, fmt.Errorf("open write-ahead log in %s: segment size %d: must be positive", o.Dir, o.SegmentSize)
	}
	o.MaxSize = cmp.Or(o.MaxSize, noMaxSize)
	o.SegmentSize = min(o.SegmentSize, o.MaxSize/8, maxSegmentSize)
	o.Reserve = min(o.Reserve, o.MaxSize/16)
	l := &Log{o: o, fs: o.FS, log: o.Logger, dirty: make(chan struct{}, 1), readTriesLeft: readTries}
	if l.fs == nil {
		l.fs = disk.OS{}
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("open write-ahead log in %s: %w", o.Dir, err)
	}
	l.reserve()
	return l, nil
}

// Append appends a record and returns its stamp. encode appends the payload to b and
// returns the result; if it appends no byte there is no record. encode is called
// under the lock of the log. segment is the number of the segment of the record;
// numbers of later segments are greater.
//
// After an error nothing was appended. ErrFull is returned until Remove has made
// room, an error of the disk until the disk is writable again; encode is not called
// then. After ErrTooLong the next record goes to another segment.
func (l *Log) Append(now int64, encode func(segment uint64, b []byte) []byte) (at int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(now); err != nil {
		return 0, err
	}
	start := len(l.buf)
	b := append(l.buf, make([]byte, recordHead)...)
	b = encode(l.current.number, b)
	size := len(b) - start - recordHead
	if size > MaxRecord {
		l.rollNext = true
		return 0, ErrTooLong
	}
	at = max(now, l.last)
	if size == 0 {
		return at, nil
	}
	putRecordHead(b[start:], l.current.marker, l.current.synced)
	l.buf = b
	l.last, l.current.last = at, at
	l.stats.Records++
	l.stats.Bytes += int64(size)
	first := start == 0 || start == segmentHead && l.current.size == 0
	if first {
		l.oldest = now
	}
	// After a pause there is nothing to gain from collecting records. If the clock was
	// set back, the wait of the first record is not known.
	wait, pause, interval := now-l.oldest, now-l.appended, int64(l.o.FlushInterval)
	l.appended = now
	if len(l.buf) >= writeSize || wait >= interval/2 || wait <= -interval || pause >= interval/2 {
		_ = l.write() // after an error the record stays in buf, and the next Append fails
	}
	if first && len(l.buf) > 0 {
		select {
		case l.dirty <- struct{}{}:
		default:
		}
	}
	return at, nil
}

// ready prepares a segment to append to.
func (l *Log) ready(now int64) error {
	if l.closed {
		return ErrClosed
	}
	if l.writeErr != nil {
		if err := l.write(); err != nil {
			return err
		}
	}
	if l.reserveUsed {
		return ErrFull
	}
	limit := l.o.MaxSize
	if l.reserveReleased {
		limit += l.o.Reserve
	}
	if l.total+int64(len(l.buf)) >= limit {
		return ErrFull
	}
	if s := l.current; s != nil && !l.rollNext && s.size+int64(len(l.buf)) < l.o.SegmentSize {
		return nil
	}
	return l.roll(now)
}

// write writes buf to the current segment. After an error nothing has changed, and
// the next write writes the same bytes to the same place.
func (l *Log) write() error {
	if len(l.buf) == 0 {
		return nil
	}
	s := l.current
	_, err := s.f.WriteAt(l.buf, s.size)
	if err != nil && l.releaseLastReserve() {
		_, err = s.f.WriteAt(l.buf, s.size)
	}
	if err != nil {
		return l.failed(err)
	}
	l.recovered()
	n := int64(len(l.buf))
	s.size += n
	l.total += n
	l.written += n
	l.stats.Writes++
	l.buf = l.buf[:0]
	if cap(l.buf) > 16*writeSize {
		l.buf = nil
	}
	return nil
}

func (l *Log) failed(err error) error {
	l.stats.WriteErrors++
	if l.writeErr == nil {
		l.log.Error("write-ahead log not writable", "err", err)
	}
	l.writeErr = err
	return l.writeErr
}

func (l *Log) recovered() {
	if l.writeErr != nil {
		l.writeErr = nil
		l.log.Info("write-ahead log writable again")
	}
}

// roll ends the current segment and creates the next one.
func (l *Log) roll(now int64) error {
	if err := l.write(); err != nil {
		return err
	}
	// If a segment exists, so do all earlier ones that were not removed.
	if l.createdSynced < l.created {
		if err := l.syncDir(); err != nil {
			return l.failed(err)
		}
		l.createdSynced = l.created
	}
	s := &segment{number: l.number + 1, stamp: max(now, l.last+1)}
	f, err := l.create(s.number)
	if errors.Is(err, os.ErrExist) {
		l.number++ // another program created it
	}
	if err != nil {
		return l.failed(err)
	}
	if l.current != nil && l.current.number+1 == s.number {
		s.prev = l.current.size
	}
	l.recovered()
	s.f = f
	l.buf = appendSegmentHead(l.buf, s)
	l.number, l.last, s.last = s.number, s.stamp, s.stamp
	l.segments = append(l.segments, s)
	l.current, l.rollNext = s, false
	l.created++
	l.reserve()
	return nil
}

func (l *Log) create(number uint64) (disk.File, error) {
	open := func() (disk.File, error) { return l.fs.Open(l.path(number), os.O_RDWR|os.O_CREATE|os.O_EXCL) }
	f, err := open()
	if errors.Is(err, os.ErrNotExist) { // another program removed the directory
		if err := l.makeDir(l.o.Dir); err != nil {
			return nil, err
		}
		return open()
	}
	return f, err
}

func (l *Log) path(number uint64) string {
	return filepath.Join(l.o.Dir, segmentName(number))
}

// Stamp returns a stamp that is greater than those of all records so far, and not
// greater than that of any later one. Remove with this stamp keeps all records
// appended from now on.
func (l *Log) Stamp(now int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = max(now, l.last+1)
	return l.last
}

// Dirty returns a channel that gets a token when a record is appended to an empty
// buffer. The receiver must call Flush within FlushInterval.
func (l *Log) Dirty() <-chan struct{} { return l.dirty }

// Flush writes the buffer. When it returns nil, all records survive a crash of the
// process.
func (l *Log) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	return l.write()
}

// Size returns the bytes in all segments and in the buffer.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total + int64(len(l.buf))
}

// MaxSize returns the limit of Size.
func (l *Log) MaxSize() int64 { return l.o.MaxSize }

// Stats returns the current figures.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Size, s.MaxSize, s.Segments = l.total+int64(len(l.buf)), l.o.MaxSize, len(l.segments)
	return s
}
