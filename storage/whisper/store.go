// Package whisper keeps metrics in whisper files, in a tree laid out as carbon
// lays it out, so that either can take over from the other.
//
// A Store is the tree. The file format, and how a point becomes coarser ones,
// are those of whisper.py, with two exceptions: of points with equal times in
// one Write the last counts, and a rollup leaves out NaN. Only classic files are
// served; go-carbon's compressed ones are an error and stay untouched.
//
// One process writes to a tree at a time. Others may read it.
package whisper

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"carbon/metric"
	"carbon/schema"
	"carbon/storage"
	"carbon/storage/index"
)

var (
	_ storage.Store     = (*Store)(nil)
	_ storage.Tagger    = (*Store)(nil)
	_ storage.Announcer = (*Store)(nil)
	_ storage.Describer = (*Store)(nil)
)

// Options of a Store. The zero value means the defaults.
type Options struct {
	// Layout says how a new metric is kept; nil is carbon's default. It is
	// called concurrently.
	Layout func(name string) metric.Layout

	// TaggedLog is the file that holds the names of tagged series; empty is
	// tagged.log beside the tree.
	TaggedLog string

	// NotSparse writes new files in full, so that a disk which has room for a
	// file's creation has room for its points. It takes longer.
	NotSparse bool

	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil is time.Now
}

// Store is a tree of whisper files and the index of what is in it.
type Store struct {
	dir    string
	layout func(name string) metric.Layout
	sparse bool
	logger *slog.Logger
	now    func() time.Time

	index *index.Index
	log   *taggedLog
	tree  *tree
	seed  maphash.Seed
	locks [256]sync.RWMutex // a file is read or written under that of its name
	dirty atomic.Bool       // there were writes since the last Sync
	wary  atomic.Bool       // the last file could not be created
	stats counters
}

// Open returns the tree in a directory, which is made if there is none. It looks
// through all of it, which takes a while for a large one.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{
		dir:    dir,
		layout: o.Layout,
		sparse: !o.NotSparse,
		logger: o.Logger,
		now:    o.Now,
		index:  index.New(),
		seed:   maphash.MakeSeed(),
	}
	if s.layout == nil {
		s.layout = new(schema.Rules).Layout
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if o.TaggedLog == "" {
		o.TaggedLog = filepath.Join(dir, "..", "tagged.log")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.log, err = readTaggedLog(o.TaggedLog, s.logger, func(name string) { s.index.Add(name) }); err != nil {
		return nil, err
	}
	s.tree = &tree{dir: dir, index: s.index, log: s.log, logger: s.logger, now: s.now()}
	if err := s.tree.scan(); err != nil {
		s.tree.close()
		return nil, err
	}
	return s, nil
}

// Write implements storage.Store. Points are put into their file one metric
// after the other; a missing file is created, and a corrupt one set aside, as
// NAME.wsp.corrupt-EPOCH, and replaced.
func (s *Store) Write(ctx context.Context, updates []storage.Update) (n int, err error) {
	logErr := s.logNames(updates)
	var scratch scratch
	for i, u := range updates {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if logErr != nil && metric.IsTagged(u.Name) && !s.log.has(hash(u.Name)) {
			s.stats.errors.Add(1)
			return i, logErr
		}
		if err := s.write(u, &scratch); err != nil {
			s.stats.errors.Add(1)
			return i, err
		}
	}
	return len(updates), nil
}

// logNames puts new tagged names into the log, all with one sync, before there
// are files of them.
func (s *Store) logNames(updates []storage.Update) error {
	var names []string
	for _, u := range updates {
		if metric.IsTagged(u.Name) && !s.log.has(hash(u.Name)) {
			names = append(names, u.Name)
		}
	}
	return s.log.add(names)
}

func (s *Store) write(u storage.Update, scratch *scratch) error {
	lock := s.lock(u.Name)
	lock.Lock()
	defer lock.Unlock()
	s.dirty.Store(true)
	f, err := s.openOrCreate(u.Name)
	if err != nil {
		return err
	}
	defer f.close()
	s.index.Add(u.Name) // a file may have been there without being known by this name
	points := scratch.sorted(u.Points)
	stored, err := f.update(points, s.now().Unix(), scratch)
	s.stats.committedPoints.Add(int64(stored))
	if err != nil {
		return fmt.Errorf("update %s: %w", f.f.Name(), err)
	}
	s.stats.updateOperations.Add(1)
	s.stats.outOfRange.Add(int64(len(points) - stored))
	return nil
}

// openOrCreate opens a metric's file for writing. The lock is held.
func (s *Store) openOrCreate(name string) (*file, error) {
	path := s.path(name)
	f, err := openFile(path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) && s.renameReadable(name) {
		f, err = openFile(path, os.O_RDWR)
	}
	var damage *CorruptError
	switch {
	case err == nil:
		return f, nil
	case errors.As(err, &damage):
		aside, err := setAside(path, s.now().Unix())
		if err != nil {
			return nil, fmt.Errorf("set %w aside: %w", damage, err)
		}
		s.stats.corruptFiles.Add(1)
		s.logger.Error("corrupt whisper file is set aside and replaced", "metric", name, "path", path, "aside", aside, "err", damage.Reason)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := s.create(path, s.layout(name)); err != nil {
		return nil, err
	}
	s.stats.creates.Add(1)
	return openFile(path, os.O_RDWR)
}

// create makes a file. go-whisper leaves files open that it cannot write, until
// the garbage collector finds them: after one failure, while the disk is full,
// we try first.
func (s *Store) create(path string, layout metric.Layout) error {
	if s.wary.Load() {
		if err := tryCreate(path, layout, s.sparse); err != nil {
			return err
		}
	}
	err := create(path, layout, s.sparse)
	s.wary.Store(err != nil)
	return err
}

// renameReadable gives a tagged series that carbon kept under a readable name
// its usual one. It tells whether there was such a file.
func (s *Store) renameReadable(name string) bool {
	if !metric.IsTagged(name) {
		return false
	}
	return renameNew(filepath.Join(s.dir, readablePathOf(name)), s.path(name)) == nil
}

// Find implements storage.Store. The window does not matter: what was ever
// written is found.
func (s *Store) Find(_ context.Context, pattern string, _ metric.Window) ([]metric.Node, error) {
	return s.index.Find(pattern)
}

// FindTagged implements storage.Tagger. The error is an *metric.TagExprError.
func (s *Store) FindTagged(_ context.Context, exprs []string) ([]string, error) {
	return s.index.FindTagged(exprs)
}

// Announce implements storage.Announcer.
func (s *Store) Announce(name string) { s.index.Add(name) }

// Fetch implements storage.Store. A file that cannot be read is logged, counted
// and left out, as graphite-web does, rather than spoil the others. As there, a
// window that is all in the future or older than a metric's retention has no
// series of it.
func (s *Store) Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error) {
	if q.From > q.Until {
		return nil, fmt.Errorf("fetch: from %d is after until %d", q.From, q.Until)
	}
	series := make([]metric.Series, 0, len(q.Names))
	for _, name := range q.Names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one, ok, err := s.fetch(name, q)
		switch {
		case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
			s.stats.errors.Add(1)
			return nil, err
		case err != nil:
			s.stats.errors.Add(1)
			s.logger.Error("series is left out of an answer", "metric", name, "err", err)
		case ok:
			one.Name, one.Tags = name, metric.ParseTags(name)
			series = append(series, one)
		}
	}
	return series, nil
}

func (s *Store) fetch(name string, q storage.Query) (one metric.Series, ok bool, err error) {
	lock := s.lock(name)
	lock.RLock()
	defer lock.RUnlock()
	f, err := s.openToRead(name)
	if errors.Is(err, fs.ErrNotExist) {
		return one, false, nil
	}
	if err != nil {
		return one, false, err
	}
	defer f.close()
	return f.fetch(q.Window, q.Now)
}

// openToRead opens a metric's file. The lock is held.
func (s *Store) openToRead(name string) (*file, error) {
	f, err := openFile(s.path(name), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) && metric.IsTagged(name) {
		readable, readableErr := openFile(filepath.Join(s.dir, readablePathOf(name)), os.O_RDONLY)
		if readableErr == nil {
			return readable, nil
		}
	}
	return f, err
}

// Describe implements storage.Describer: it says what the file does, or if there
// is none that can be read, what a new one would.
func (s *Store) Describe(name string) (metric.Layout, error) {
	lock := s.lock(name)
	lock.RLock()
	defer lock.RUnlock()
	f, err := s.openToRead(name)
	if err != nil {
		return s.layout(name), nil
	}
	defer f.close()
	return f.layout(), nil
}

// Sync implements storage.Store.
func (s *Store) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.dirty.Swap(false) {
		return nil
	}
	if err := s.tree.sync(); err != nil {
		s.dirty.Store(true)
		return err
	}
	return nil
}

// Close implements storage.Store. It does not sync.
func (s *Store) Close() error { return errors.Join(s.log.close(), s.tree.close()) }

func (s *Store) path(name string) string { return filepath.Join(s.dir, pathOf(name)) }

func (s *Store) lock(name string) *sync.RWMutex {
	return &s.locks[maphash.String(s.seed, name)%uint64(len(s.locks))]
}

// Stats are what a Store has done since it was opened.
type Stats struct {
	UpdateOperations int64 // updates stored
	CommittedPoints  int64 // points in them that were stored
	OutOfRange       int64 // points in them that were dropped: too old, or beyond 32 bits
	Creates          int64
	CorruptFiles     int64 // set aside
	Errors           int64 // updates that failed, series that could not be read
}

type counters struct {
	updateOperations, committedPoints, outOfRange, creates, corruptFiles, errors atomic.Int64
}

// Stats returns the figures of this moment.
func (s *Store) Stats() Stats {
	return Stats{
		UpdateOperations: s.stats.updateOperations.Load(),
		CommittedPoints:  s.stats.committedPoints.Load(),
		OutOfRange:       s.stats.outOfRange.Load(),
		Creates:          s.stats.creates.Load(),
		CorruptFiles:     s.stats.corruptFiles.Load(),
		Errors:           s.stats.errors.Load(),
	}
}
