// Package wal is a write-ahead log: opaque records, in order, in files that can
// each be read or removed alone. FORMAT.md draws them.
//
// A Log starts no goroutines. Append gathers records in memory; they are written
// together when there are many of them, when the first has waited for long, or
// by Flush; one that comes after a pause is written at once. Whoever appends has
// to see to it that Flush is called in time, and can sleep until Dirty says that
// there is something to flush.
//
// Every record has a stamp: the time it was appended, in nanoseconds, but never
// less than that of the record before, even if the clock goes back or the
// process ends in between. Remove goes by it. The stamps of single records are
// not in the files: records that Replay brings back have the stamp of their
// segment, which is less than all of the next segment.
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

// readTries is how often Replay fails because a disk cannot read, before what
// cannot be read counts as damage: most such errors pass.
const readTries = 5

// MaxRecord is how many bytes a record may have. It bounds the memory that
// Replay takes.
const MaxRecord = 16 << 20

// writeSize is how much is gathered before it is written without being asked.
const writeSize = 64 << 10

// Errors of a Log. Any other comes from the disk.
var (
	ErrFull    = errors.New("the log is full")
	ErrClosed  = errors.New("the log is closed")
	ErrTooLong = fmt.Errorf("a record of the log is longer than %d bytes", MaxRecord)
)

// Options say where a log is and how large it may be.
type Options struct {
	Dir string  // is made if it is missing, and belongs to the log alone
	FS  disk.FS // nil: the machine's

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

	Logger *slog.Logger // nil: discards
}

// Log is a log that can be appended to. All methods may be called concurrently.
type Log struct {
	o     Options
	fs    disk.FS
	log   *slog.Logger
	dirty chan struct{}

	readTriesLeft int // how often Replay may yet fail before what cannot be read is damage; Replay's

	// maintenance is held by who syncs, closes or removes segments. It is taken
	// before mu.
	maintenance    sync.Mutex
	synced         int64 // how much of written is known to survive a power cut
	removalsSynced bool  // no segment that was removed can come back

	mu              sync.Mutex
	segments        []*segment // in order; those of earlier runs come first
	current         *segment   // the last of them if it is written to; else nil
	number          uint64     // of the newest segment there ever was
	last            int64      // stamp
	buf             []byte     // what is not written yet; it begins at current.size
	appended        int64      // when Append was called last, by its clock
	oldest          int64      // when the first record in buf was appended
	total           int64      // bytes in all segments, without buf
	written         int64      // bytes written by this Log
	writeErr        error      // why the last write failed; nil when it did not
	rollNext        bool       // current must not be appended to
	created         int        // segments by this Log
	createdSynced   int        // how many of those made first have names that survive a power cut
	reserved        bool
	syncFailing     bool // the last sync failed
	reserveReleased bool
	closed          bool
	stats           Stats
}

// Stats are figures of a log since it was opened.
type Stats struct {
	Size     int64 // bytes, now
	MaxSize  int64
	Segments int // now

	Records, Bytes int64 // appended; bytes of payload
	Writes, Syncs  int64
	WriteErrors    int64 // writes, syncs and new segments that failed
	Replayed       int64 // records
	Damaged        int64 // places where what was once written cannot be read
	Torn           int64 // runs whose last write was not complete
}

// Open opens the log in a directory. What is there stays as it is until it is
// replayed and removed; records are appended to new segments.
func Open(o Options) (*Log, error) {
	if o.SegmentSize <= 0 {
		return nil, fmt.Errorf("open the log in %s: segment size %d: must be positive", o.Dir, o.SegmentSize)
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
		return nil, fmt.Errorf("open the log in %s: %w", o.Dir, err)
	}
	l.reserve()
	return l, nil
}

// Append appends a record and returns its stamp. encode appends the record's
// bytes to b and returns it; it is called under the lock of the log, and segment
// is the number of the segment that the record will be in: unlike any other of
// this Log, and none is greater. A record without bytes is none.
//
// With an error nothing was appended: with ErrFull until Remove has made room,
// with an error of the disk until the disk can be written to again. encode was
// called then only with ErrTooLong, and the next record is in another segment.
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
	// Where records come one by one, gathering them would only be more work. And a
	// clock set back leaves no other way to tell how long the first has waited.
	wait, pause, interval := now-l.oldest, now-l.appended, int64(l.o.FlushInterval)
	l.appended = now
	if len(l.buf) >= writeSize || wait >= interval/2 || wait <= -interval || pause >= interval/2 {
		_ = l.write() // the record is appended all the same; the next is not, while this fails
	}
	if first && len(l.buf) > 0 {
		select {
		case l.dirty <- struct{}{}:
		default:
		}
	}
	return at, nil
}

// ready sees to it that there is a segment to append to.
func (l *Log) ready(now int64) error {
	if l.closed {
		return ErrClosed
	}
	if l.writeErr != nil {
		if err := l.write(); err != nil {
			return err
		}
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

// write writes what was gathered. When it fails everything stays as it was, and
// the next write puts the same bytes in the same place.
func (l *Log) write() error {
	if len(l.buf) == 0 {
		return nil
	}
	s := l.current
	if _, err := s.f.WriteAt(l.buf, s.size); err != nil {
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
		l.log.Error("log cannot be written", "err", err)
	}
	l.writeErr = fmt.Errorf("write the log: %w", err)
	return l.writeErr
}

func (l *Log) recovered() {
	if l.writeErr != nil {
		l.writeErr = nil
		l.log.Info("log can be written again")
	}
}

// roll ends the current segment and begins the next.
func (l *Log) roll(now int64) error {
	if err := l.write(); err != nil {
		return err
	}
	// Who finds a segment may rely on it that those before are there too, unless
	// they were removed.
	if l.createdSynced < l.created {
		if err := l.syncDir(); err != nil {
			return l.failed(err)
		}
		l.createdSynced = l.created
	}
	s := &segment{number: l.number + 1, stamp: max(now, l.last+1)}
	f, err := l.create(s.number)
	if errors.Is(err, os.ErrExist) {
		l.number++ // not ours
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
	if errors.Is(err, os.ErrNotExist) { // somebody removed the directory
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

// Stamp returns a stamp greater than those of all records so far, and not
// greater than that of any later one: with it Remove spares whatever is appended
// from here on.
func (l *Log) Stamp(now int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = max(now, l.last+1)
	return l.last
}

// Dirty delivers when a record was appended and none was waiting to be written.
// There is one token: whoever takes it calls Flush after at most FlushInterval.
func (l *Log) Dirty() <-chan struct{} { return l.dirty }

// Flush returns when all that was appended survives the end of the process.
func (l *Log) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	return l.write()
}

// Size returns the bytes in all segments, and what is about to be written to
// them.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total + int64(len(l.buf))
}

// MaxSize returns the bound of Size.
func (l *Log) MaxSize() int64 { return l.o.MaxSize }

// Stats returns the figures of the log.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Size, s.MaxSize, s.Segments = l.total+int64(len(l.buf)), l.o.MaxSize, len(l.segments)
	return s
}
