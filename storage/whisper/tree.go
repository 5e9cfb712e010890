package whisper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"carbon/metric"
	"carbon/storage/index"
)

const (
	suffix     = ".wsp"
	taggedDir  = "_tagged"
	tempPrefix = ".wsp-create-" // of a file that is being created
)

// A metric's file stands where carbon puts it: the dots of a name are
// directories, and a tagged series is
//
//	_tagged/HHH/HHH/SHA256OFTHENAME.wsp
//
// No name leads out of the tree: no part of a path can be "..", because the
// dots of a name never stay dots.

// PathOf returns the file of a canonical name, below the tree's directory.
func PathOf(name string) string {
	if metric.IsTagged(name) {
		return taggedPath(hash(name), hash(name).String())
	}
	return strings.ReplaceAll(name, ".", "/") + suffix
}

// readablePathOf returns where carbon keeps a tagged series if it was told to
// have readable names (TAG_HASH_FILENAMES = False).
func readablePathOf(name string) string {
	return taggedPath(hash(name), strings.ReplaceAll(name, ".", "_DOT_"))
}

func taggedPath(h nameHash, base string) string {
	s := h.String()
	return taggedDir + "/" + s[:3] + "/" + s[3:6] + "/" + base + suffix
}

// nameHash is the SHA-256 of a name.
type nameHash [sha256.Size]byte

func hash(name string) nameHash { return sha256.Sum256([]byte(name)) }

func (h nameHash) String() string { return hex.EncodeToString(h[:]) }

func parseHash(s string) (h nameHash, ok bool) {
	if len(s) != hex.EncodedLen(len(h)) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil
}

// tree looks through a directory of whisper files.
type tree struct {
	store *Store

	rescanning sync.Mutex    // held by a check
	rescanned  chan struct{} // closed after the first
	once       sync.Once

	mu      sync.Mutex
	devices map[uint64]string   // a directory of each file system
	deleted map[string]struct{} // names deleted during a check; nil: there is none
}

func newTree(s *Store) *tree {
	return &tree{store: s, rescanned: make(chan struct{}), devices: make(map[uint64]string)}
}

// Check looks through the tree, beside whatever else goes on: files that are not in
// the index are put into it, and metrics are removed that have no file and wait for
// none. Symbolic links are followed, as graphite-web does, unless they lead back to
// where they come from. If a directory cannot be read it is logged, and nothing is
// removed; if the tree's own cannot, that is an error.
func (s *Store) Rescan(ctx context.Context) error {
	t := s.tree
	t.rescanning.Lock()
	defer t.rescanning.Unlock()
	defer t.once.Do(func() { close(t.rescanned) })
	t.beginRecordingDeleted()
	defer s.removeRecorded()
	s.index.BeginRescan()
	w := walker{tree: t, ctx: ctx, index: s.index, log: s.log, logger: s.logger, now: s.now()}
	if err := w.walk(s.dir, "", nil); err != nil {
		return err
	}
	if w.unnamed > 0 {
		s.logger.Warn("whisper files without a known name are not served", "files", w.unnamed, "tree", s.dir, "tagged_log", s.log.path)
	}
	if w.unread > 0 {
		return nil
	}
	if w.files == 0 && s.index.Len() > 0 {
		s.logger.Warn("there is no whisper file at all: is something not mounted?", "tree", s.dir)
		return nil
	}
	removed := s.index.EndRescan()
	if w.added || len(removed) > 0 {
		s.saved.Store(-1) // there may be as many as before
	}
	if len(removed) > 0 {
		s.logger.Info("metrics without a file are no longer listed", "metrics", len(removed), "one", removed[0])
	}
	return nil
}

// Checked tells whether there was a check since the tree was opened.
func (s *Store) Rescanned() bool {
	select {
	case <-s.tree.rescanned:
		return true
	default:
		return false
	}
}

// walker is one look through a tree.
type walker struct {
	tree   *tree
	ctx    context.Context
	index  *index.Index
	log    *taggedLog
	logger *slog.Logger
	now    time.Time

	added   bool // the index did not know all
	files   int
	unnamed int // files whose metric's name cannot be known
	unread  int // directories that could not be read
}

// walk looks through a directory, whose path in the tree is below: empty or with
// a slash at the end. above are the directories that symbolic links were followed
// in, and what they are.
func (w *walker) walk(dir, below string, above []fs.FileInfo) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	fsys := w.tree.store.fs
	info, err := fsys.Stat(dir)
	if err != nil {
		return err
	}
	w.tree.remember(info, dir)
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := dir + "/" + e.Name()
		isDir, above := e.IsDir(), above
		if e.Type()&fs.ModeSymlink != 0 {
			if isDir, above = w.follow(path, above); !isDir && !strings.HasSuffix(e.Name(), suffix) {
				continue
			}
		}
		switch {
		case strings.HasPrefix(e.Name(), "."):
			w.removeTemp(path, e)
		case isDir:
			if strings.Count(below, "/") > metric.MaxNodes+4 {
				continue
			}
			if err := w.walk(path, below+e.Name()+"/", above); err != nil {
				if w.ctx.Err() != nil {
					return err
				}
				if !errors.Is(err, fs.ErrNotExist) {
					w.unread++
					w.logger.Error("directory is left out", "path", path, "err", err)
				}
			}
		case strings.HasSuffix(e.Name(), suffix):
			w.files++
			w.file(below + strings.TrimSuffix(e.Name(), suffix))
		}
	}
	return nil
}

// follow tells whether a symbolic link leads to a directory that is to be looked
// through: one that it is not within already.
func (w *walker) follow(path string, above []fs.FileInfo) (isDir bool, with []fs.FileInfo) {
	fsys := w.tree.store.fs
	to, err := fsys.Stat(path)
	if err != nil || !to.IsDir() {
		return false, above
	}
	for dir := filepath.Dir(path); len(dir) >= len(w.tree.store.dir); dir = filepath.Dir(dir) {
		if info, err := fsys.Stat(dir); err == nil && os.SameFile(info, to) {
			return false, above
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for _, a := range above {
		if os.SameFile(a, to) {
			return false, above
		}
	}
	return true, append(above[:len(above):len(above)], to)
}

// remember keeps a directory of each file system, for sync.
func (t *tree) remember(info fs.FileInfo, path string) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		if _, known := t.devices[uint64(stat.Dev)]; !known {
			t.devices[uint64(stat.Dev)] = path
		}
	}
}

// file puts the metric of a file into the index; path is without the suffix.
func (w *walker) file(path string) {
	name := strings.ReplaceAll(path, "/", ".")
	wanted := PathOf
	if tagged, ok := strings.CutPrefix(path, taggedDir+"/"); ok {
		parts := strings.SplitN(tagged, "/", 3)
		base := parts[len(parts)-1]
		if h, ok := parseHash(base); ok && w.log.has(h) && taggedPath(h, base) == path+suffix {
			return // the log's names are in the index
		}
		name = strings.ReplaceAll(base, "_DOT_", ".")
		wanted = readablePathOf
	}
	if c, err := metric.Canonical(name); err != nil || c != name || wanted(name) != path+suffix {
		w.unnamed++
		return
	}
	if w.index.Add(name) {
		w.added = true
	}
}

// removeTemp removes what a creation left behind that did not come to its end.
// Younger ones may be in the making by another process.
func (w *walker) removeTemp(path string, e fs.DirEntry) {
	if !strings.HasPrefix(e.Name(), tempPrefix) {
		return
	}
	info, err := e.Info()
	if err != nil || w.now.Sub(info.ModTime()) < time.Hour {
		return
	}
	if err := w.tree.store.fs.Remove(path); err != nil {
		w.logger.Warn("leftover of a creation stays", "path", path, "err", err)
	}
}

// sync waits until all file systems of the tree hold what was written. Which these
// are is known after the first check.
func (t *tree) sync(ctx context.Context) error {
	select {
	case <-t.rescanned:
	case <-ctx.Done():
		return ctx.Err()
	}
	t.mu.Lock()
	dirs := maps.Clone(t.devices)
	t.mu.Unlock()
	errs := []error{t.store.fs.SyncAll(t.store.dir)}
	for device, dir := range dirs {
		if dir == t.store.dir {
			continue
		}
		switch err := t.store.fs.SyncAll(dir); {
		case errors.Is(err, fs.ErrNotExist): // it was removed, or what was mounted there is not any more
			t.mu.Lock()
			delete(t.devices, device)
			t.mu.Unlock()
		default:
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
