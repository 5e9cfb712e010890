// Package whisper stores metrics in whisper files. The directory tree has the layout
// of Graphite's carbon, so each program can use a tree that the other has written.
//
// A Store is such a tree. The file format and the rollup rules are those of whisper.py,
// with two exceptions: if points in one Write have the same time, the last one wins, and
// a rollup ignores NaN. The compressed files of go-carbon are handled as go-whisper
// does: points that arrive late are discarded.
//
// Only one process at a time may write to a tree. Others may read it.
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

// Options configures a Store. The zero value means the defaults.
type Options struct {
	// Layout returns the layout of a new metric. It is called concurrently. Nil
	// means carbon's default layout.
	Layout func(name string) metric.Layout

	// TaggedLog is the path of the file that holds the names of tagged series.
	// Empty means tagged.log in the parent directory of the tree.
	TaggedLog string

	// Snapshot is the path of the file that holds the index between runs. With a
	// snapshot, metrics are found before the tree has been scanned. Empty means no
	// snapshot.
	Snapshot string

	// Allocation is how disk space is allocated for new files. With Sparse, the
	// disk can become full when points are written to an existing file.
	Allocation Allocation

	// LockWrites takes a file's advisory lock (flock) during each update. It
	// protects against other programs that also take it.
	LockWrites bool

	// SyncWrites syncs the file after each update.
	SyncWrites bool

	// MaxCreatesPerMinute is the maximum number of files created per minute; 0
	// means no limit. Beyond it, Write returns a *storage.DelayError.
	MaxCreatesPerMinute int

	// MaxOpenFiles is the maximum number of files kept open between updates; 0 means none.
	MaxOpenFiles int

	FS     disk.FS          // nil means disk.OS
	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil means time.Now
}

// Store is a tree of whisper files with an index of its metrics.
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
	locks   [256]sync.RWMutex // protect the files of metrics, by hash of the name
	syncing sync.Mutex        // held during Sync
	dirty   atomic.Bool       // something was written or deleted since the last Sync
	saved   atomic.Int64      // number of metrics in the snapshot; -1 if it is out of date
	stats   counters
}

// Open opens the tree in a directory and creates the directory if it is missing.
// Without a snapshot of the index, Open scans the whole tree, which takes long for a
// large one. With a snapshot, the caller must then call Rescan, which runs concurrently
// with other methods. Sync waits for it.
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
	loaded := s.loadIndex()
	var err error
	if s.log, err = readTaggedLog(s.fs, o.TaggedLog, s.logger, func(name string) { s.index.Add(name) }, func(name string) { s.index.Remove(name) }); err != nil {
		return nil, err
	}
	s.tree = newTree(s)
	if !loaded {
		if err := s.Rescan(context.Background()); err != nil {
			return nil, errors.Join(err, s.log.close())
		}
	}
	return s, nil
}

// Write implements storage.Store. It creates missing files. It renames a corrupt file
// to NAME.wsp.corrupt-EPOCH and creates a new one.
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

// logNames adds new tagged names to the tagged log, with one sync for all of them. It
// is called before their files are created.
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
	defer s.dirty.Store(true) // when everything is written, because Sync may run concurrently
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
		s.files.drop(u.Name) // the cached header may be wrong
		return fmt.Errorf("update %s: %w", f.f.Name(), err)
	}
	s.stats.updateOperations.Add(1)
	s.stats.outOfRange.Add(int64(len(points) - stored))
	if added && metric.IsTagged(u.Name) {
		return s.log.add([]string{u.Name}) // it may have been deleted since logNames
	}
	return nil
}

// openToWrite returns the file of a metric, with its advisory lock if LockWrites is
// set. The caller holds the metric's lock.
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
		// Another program held the lock and replaced the file.
		s.files.drop(name)
		s.files.release(f)
		if err != nil {
			return nil, err
		}
	}
}

// openOrCreate opens the file of a metric for writing. The caller holds the metric's lock.
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

// setCorruptAside renames the corrupt file of a metric, so that a new one can be created.
func (s *Store) setCorruptAside(name string, damage *CorruptError) error {
	path := s.path(name)
	aside, err := SetAside(s.fs, path, s.now().Unix())
	if err != nil {
		return fmt.Errorf("set corrupt file aside: %w: %w", damage, err)
	}
	s.stats.corruptFiles.Add(1)
	s.logger.Error("corrupt whisper file set aside; creating a new one", "metric", name, "path", path, "aside", aside, "err", damage.Reason)
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

// withDescriptors calls open. If open fails for lack of file descriptors,
// withDescriptors closes cached files and tries again.
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

// renameReadableFile renames the file of a tagged series from carbon's readable path
// to the hashed path. It reports whether such a file existed.
func (s *Store) renameReadableFile(name string) bool {
	if !metric.IsTagged(name) {
		return false
	}
	return renameNew(s.fs, filepath.Join(s.dir, readablePathOf(name)), s.path(name)) == nil
}

// Find implements storage.Store. It ignores the window and finds all metrics.
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

// Describe implements storage.Describer. If the metric's file is missing or
// unreadable, Describe returns the layout of a new file.
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

// BeginShutdown lifts the limit on creates, so that the cache can be flushed.
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

// Stats holds the counters of a Store since it was opened, and its gauges.
type Stats struct {
	UpdateOperations int64 // updates that were stored
	CommittedPoints  int64 // points that were stored
	OutOfRange       int64 // points that were dropped because they are too old or their time exceeds 32 bits
	Discarded        int64 // points that arrived too late for compressed files
	Creates          int64 // files created
	CorruptFiles     int64 // corrupt files set aside
	Errors           int64 // failed updates and fetches
	OpenFiles        int64 // files open now
	Metrics          int64 // metrics in the index now
}

type counters struct {
	updateOperations, committedPoints, outOfRange, discarded, creates, corruptFiles, errors atomic.Int64
}

// Stats returns the current counters.
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
