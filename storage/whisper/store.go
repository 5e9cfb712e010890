// Package whisper keeps metrics in whisper files, in a tree laid out as carbon
// lays it out, so that either can take over from the other.
//
// A Store is the tree. The file format, and how a point becomes coarser ones,
// are those of whisper.py, with two exceptions: of points with equal times in
// one Write the last counts, and a rollup leaves out NaN. go-carbon's compressed
// files are served as go-whisper does it, which discards points that come late.
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

	"carbon/disk"
	"carbon/metric"
	"carbon/storage"
	"carbon/storage/index"
	"carbon/storage/schema"
)

var (
	_ storage.Store          = (*Store)(nil)
	_ storage.Tagger         = (*Store)(nil)
	_ storage.Announcer      = (*Store)(nil)
	_ storage.TagIndex       = (*Store)(nil)
	_ storage.Describer      = (*Store)(nil)
	_ storage.PendingFetcher = (*Store)(nil)
	_ storage.Deleter        = (*Store)(nil)
	_ storage.Aggregator     = (*Store)(nil)
	_ storage.Measurer       = (*Store)(nil)
)

// Options of a Store. The zero value means the defaults.
type Options struct {
	// Layout says how a new metric is kept; nil is carbon's default. It is
	// called concurrently.
	Layout func(name string) metric.Layout

	// TaggedLog is the file that holds the names of tagged series; empty is
	// tagged.log beside the tree.
	TaggedLog string

	// Snapshot is the file that holds the index over a restart, so that a large
	// tree need not be looked through before anything is found; empty means none.
	Snapshot string

	// Allocation is how new files take their room. With Sparse, a disk that had
	// room for a file's creation may have none for its points later.
	Allocation Allocation

	// LockWrites holds a file's advisory lock (flock) while it is updated, for
	// other programs that do the same.
	LockWrites bool

	// SyncWrites makes every update survive a power cut by itself.
	SyncWrites bool

	// MaxCreatesPerMinute is how many files are made in a minute; 0 means no
	// limit. Updates beyond it are put off by a *storage.DelayError.
	MaxCreatesPerMinute int

	// MaxOpenFiles is how many files are kept open between uses; 0: none.
	MaxOpenFiles int

	FS     disk.FS          // nil is the machine's
	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil is time.Now
}

// Store is a tree of whisper files and the index of what is in it.
type Store struct {
	dir    string
	o      Options
	fs     disk.FS
	logger *slog.Logger
	now    func() time.Time

	index   *index.Index
	log     *taggedLog
	tree    *tree
	files   *fileCache
	layouts *layoutCache
	creates *createLimiter
	seed    maphash.Seed
	locks   [256]sync.RWMutex // a file is read or written under that of its name
	syncing sync.Mutex        // held by a Sync
	dirty   atomic.Bool       // there were writes since the last Sync
	saved   atomic.Int64      // metrics in the snapshot
	stats   counters
}

// Open returns the tree in a directory, which is made if exists is none. If there
// is no snapshot of its index it looks through all of it, which takes a while for
// a large one; else Check is to be called, which does that beside the rest.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{
		dir:     filepath.Clean(dir),
		o:       o,
		fs:      o.FS,
		logger:  o.Logger,
		now:     o.Now,
		layouts: newLayoutCache(),
		seed:    maphash.MakeSeed(),
	}
	if s.o.Layout == nil {
		s.o.Layout = new(schema.Rules).Layout
	}
	if s.fs == nil {
		s.fs = disk.OS{}
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
	s.files = newFileCache(s.fs, o.MaxOpenFiles)
	s.creates = newCreateLimiter(o.MaxCreatesPerMinute, s.now())
	if err := s.fs.MkdirAll(dir); err != nil {
		return nil, err
	}
	known := s.loadIndex()
	var err error
	if s.log, err = readTaggedLog(s.fs, o.TaggedLog, s.logger, func(name string) { s.index.Add(name) }, func(name string) { s.index.Remove(name) }); err != nil {
		return nil, err
	}
	s.tree = newTree(s)
	if !known {
		if err := s.Rescan(context.Background()); err != nil {
			return nil, errors.Join(err, s.log.close())
		}
	}
	return s, nil
}

// Write implements storage.Store. Points are put into their file one metric
// after the other; a missing file is created, and a corrupt one set aside, as
// NAME.wsp.corrupt-EPOCH, and replaced.
func (s *Store) Write(ctx context.Context, updates []storage.Update) (n int, err error) {
	logErr := s.logNames(updates)
	scratch := scratchPool.Get().(*scratch)
	defer scratchPool.Put(scratch)
	for i, u := range updates {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if logErr != nil && metric.IsTagged(u.Name) && !s.log.has(hash(u.Name)) {
			s.stats.errors.Add(1)
			return i, logErr
		}
		if err := s.write(u, scratch); err != nil {
			var delay *storage.DelayError
			if !errors.As(err, &delay) {
				s.stats.errors.Add(1)
			}
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
	defer s.dirty.Store(true) // after all is written: a Sync may run beside it
	f, err := s.openToWrite(u.Name)
	if errors.Is(err, ErrCompressed) {
		f, err = s.writeCompressed(u, scratch)
	}
	if f == nil || err != nil {
		return err
	}
	defer s.files.release(f)
	added := s.index.Add(u.Name)
	s.layouts.add(u.Name, &f.header)
	points := scratch.sorted(u.Points)
	stored, err := f.update(points, s.now().Unix(), scratch)
	if err == nil && s.o.SyncWrites {
		err = f.f.Sync()
	}
	if s.o.LockWrites {
		err = errors.Join(err, f.f.Unlock())
	}
	s.stats.committedPoints.Add(int64(stored))
	if err != nil {
		s.files.drop(u.Name) // what is known of the file may be wrong
		return fmt.Errorf("update %s: %w", f.f.Name(), err)
	}
	s.stats.updateOperations.Add(1)
	s.stats.outOfRange.Add(int64(len(points) - stored))
	if added && metric.IsTagged(u.Name) {
		return s.log.add([]string{u.Name}) // it may have been deleted since it was logged
	}
	return nil
}

// openToWrite returns a metric's file, locked if that is asked for. The lock of
// the name is held.
func (s *Store) openToWrite(name string) (*cachedFile, error) {
	for {
		f := s.files.get(name)
		if f == nil {
			opened, err := s.openOrCreate(name, s.path(name))
			if err != nil {
				return nil, err
			}
			f = s.files.add(name, opened)
		}
		f.forgetEmpty()
		if !s.o.LockWrites {
			return f, nil
		}
		err := f.f.Lock()
		if err == nil && s.files.isCurrent(f.file) {
			return f, nil
		}
		// Who held the lock has put another file in its place.
		s.files.drop(name)
		s.files.release(f)
		if err != nil {
			return nil, err
		}
	}
}

// openOrCreate opens a metric's file for writing. The lock of the name is held.
func (s *Store) openOrCreate(name, path string) (*file, error) {
	f, err := s.open(path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) && s.renameReadableFile(name) {
		f, err = s.open(path, os.O_RDWR)
	}
	var damage *CorruptError
	switch {
	case err == nil:
		return f, nil
	case errors.As(err, &damage):
		if err := s.setCorruptAside(name, damage); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	default:
		if until, ok := s.creates.allow(s.now()); !ok {
			return nil, &storage.DelayError{Until: until}
		}
	}
	err = s.withDescriptors(func() error {
		f, err = create(s.fs, path, s.o.Layout(name), s.o.Allocation)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.stats.creates.Add(1)
	if s.o.SyncWrites {
		if err := s.syncParents(filepath.Dir(path)); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	return f, nil
}

// setCorruptAside makes room for a new file of a metric.
func (s *Store) setCorruptAside(name string, damage *CorruptError) error {
	path := s.path(name)
	aside, err := SetAside(s.fs, path, s.now().Unix())
	if err != nil {
		return fmt.Errorf("set %w aside: %w", damage, err)
	}
	s.stats.corruptFiles.Add(1)
	s.logger.Error("corrupt whisper file is set aside and replaced", "metric", name, "path", path, "aside", aside, "err", damage.Reason)
	return nil
}

// open opens a file with os.O_RDONLY or os.O_RDWR.
func (s *Store) open(path string, flag int) (f *file, err error) {
	err = s.withDescriptors(func() error {
		f, err = openFile(s.fs, path, flag)
		return err
	})
	return f, err
}

// withDescriptors calls open again if exists were too few descriptors and some
// could be let go.
func (s *Store) withDescriptors(open func() error) error {
	err := open()
	for isOutOfDescriptors(err) && s.files.shrink() {
		err = open()
	}
	return err
}

func isOutOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// renameReadableFile gives a tagged series that carbon kept under a readable name
// its usual one. It tells whether there was such a file.
func (s *Store) renameReadableFile(name string) bool {
	if !metric.IsTagged(name) {
		return false
	}
	return renameNew(s.fs, filepath.Join(s.dir, readablePathOf(name)), s.path(name)) == nil
}

// Find implements storage.Store. The window does not matter: what was ever
// written is found.
func (s *Store) Find(_ context.Context, pattern string, _ metric.Window) ([]metric.Node, error) {
	return s.index.Find(pattern)
}

// Search implements storage.Searcher.
func (s *Store) Search(_ context.Context, words []string, limit int) ([]metric.Node, bool, error) {
	found, more := s.index.Search(words, limit)
	return found, more, nil
}

// FindFirst implements storage.Searcher.
func (s *Store) FindFirst(_ context.Context, pattern string, limit int) ([]metric.Node, bool, error) {
	return s.index.FindFirst(pattern, limit)
}

// Announce implements storage.Announcer.
func (s *Store) Announce(name string) { s.index.Announce(name) }

// Describe implements storage.Describer: it says what the file does, or if exists
// is none that can be read, what a new one would.
func (s *Store) Describe(name string) (metric.Layout, error) {
	if l, ok := s.layouts.get(name); ok {
		return l, nil
	}
	lock := s.lock(name)
	lock.RLock()
	defer lock.RUnlock()
	f, done, err := s.openToRead(name)
	if errors.Is(err, ErrCompressed) {
		if l, err := s.describeCompressed(s.path(name)); err == nil {
			return l, nil
		}
	}
	if err != nil {
		return s.o.Layout(name), nil
	}
	defer done()
	s.layouts.add(name, &f.header)
	return f.layout(), nil
}

// Sync implements storage.Store.
func (s *Store) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if !s.dirty.Swap(false) {
		return nil
	}
	if err := s.tree.sync(ctx); err != nil {
		s.dirty.Store(true)
		return err
	}
	return nil
}

// Hurry lifts the limit on creations: the end is near.
func (s *Store) BeginShutdown() { s.creates.lift() }

// Close implements storage.Store. It does not sync.
func (s *Store) Close() error {
	for s.files.shrink() {
	}
	return s.log.close()
}

func (s *Store) path(name string) string { return s.dir + "/" + PathOf(name) }

func (s *Store) lock(name string) *sync.RWMutex {
	return &s.locks[maphash.String(s.seed, name)%uint64(len(s.locks))]
}

// Stats are what a Store has done since it was opened.
type Stats struct {
	UpdateOperations int64 // updates stored
	CommittedPoints  int64 // points in them that were stored
	OutOfRange       int64 // points in them that were dropped: too old, or beyond 32 bits
	Discarded        int64 // points that came too late for compressed files
	Creates          int64
	CorruptFiles     int64 // set aside
	Errors           int64 // updates that failed, series that could not be read
	OpenFiles        int64 // kept open
	Metrics          int64 // in the index
}

type counters struct {
	updateOperations, committedPoints, outOfRange, discarded, creates, corruptFiles, errors atomic.Int64
}

// Stats returns the figures of this moment.
func (s *Store) Stats() Stats {
	return Stats{
		UpdateOperations: s.stats.updateOperations.Load(),
		CommittedPoints:  s.stats.committedPoints.Load(),
		OutOfRange:       s.stats.outOfRange.Load(),
		Discarded:        s.stats.discarded.Load(),
		Creates:          s.stats.creates.Load(),
		CorruptFiles:     s.stats.corruptFiles.Load(),
		Errors:           s.stats.errors.Load(),
		OpenFiles:        int64(s.files.open()),
		Metrics:          int64(s.index.Len()),
	}
}
