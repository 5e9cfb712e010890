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
	tempPrefix = ".wsp-create-" // name prefix of a file that is being created
)

// The paths of files are carbon's. The dots of a metric name separate directories. The
// file of a tagged series is
//
//	_tagged/HHH/HHH/SHA256OFTHENAME.wsp
//
// All paths are inside the tree: no path element is "..", because each dot of a name is
// replaced.

// PathOf returns the file path of a metric, relative to the tree. The name is canonical.
func PathOf(name string) string {
	if metric.IsTagged(name) {
		return taggedPath(hash(name), hash(name).String())
	}
	return strings.ReplaceAll(name, ".", "/") + suffix
}

// readablePathOf returns carbon's file path of a tagged series with
// TAG_HASH_FILENAMES = False.
func readablePathOf(name string) string {
	return taggedPath(hash(name), strings.ReplaceAll(name, ".", "_DOT_"))
}

func taggedPath(h nameHash, base string) string {
	s := h.String()
	return taggedDir + "/" + s[:3] + "/" + s[3:6] + "/" + base + suffix
}

// nameHash is the SHA-256 hash of a metric name.
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

// tree holds what a Store knows about its directories.
type tree struct {
	store *Store

	rescanning sync.Mutex    // held during Rescan and renames
	rescanned  chan struct{} // closed after the first Rescan
	once       sync.Once

	mu      sync.Mutex
	devices map[uint64]string   // by device number: one directory on each file system
	deleted map[string]struct{} // metrics deleted during the current Rescan; nil if none runs
}

func newTree(s *Store) *tree {
	return &tree{store: s, rescanned: make(chan struct{}), devices: make(map[uint64]string)}
}

// Rescan scans the tree and updates the index: it adds the metrics of new files and
// removes metrics without a file, except announced ones. It runs concurrently with
// other methods. As graphite-web does, it follows symbolic links, except those that
// lead to a directory above themselves. If it cannot read a directory, it logs that and
// removes no metrics. If it cannot read the root of the tree, it returns an error.
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
		s.logger.Warn("ignoring whisper files without a known metric name", "files", w.unnamed, "tree", s.dir, "tagged_log", s.log.path)
	}
	if w.unread > 0 {
		return nil
	}
	if w.files == 0 && s.index.Len() > 0 {
		s.logger.Warn("whisper tree is empty, but the index lists metrics; is a file system not mounted?", "tree", s.dir)
		return nil
	}
	removed := s.index.EndRescan()
	if w.added || len(removed) > 0 {
		s.saved.Store(-1) // the index has changed, even if its length has not
	}
	if len(removed) > 0 {
		s.logger.Info("removed metrics without a file from the index", "metrics", len(removed), "example", removed[0])
	}
	return nil
}

// Rescanned reports whether a Rescan has ended since the tree was opened.
func (s *Store) Rescanned() bool {
	select {
	case <-s.tree.rescanned:
		return true
	default:
		return false
	}
}

// walker is the state of one Rescan.
type walker struct {
	tree   *tree
	ctx    context.Context
	index  *index.Index
	log    *taggedLog
	logger *slog.Logger
	now    time.Time

	added   bool // a metric was added to the index
	files   int  // number of whisper files
	unnamed int  // number of files without a known metric name
	unread  int  // number of directories that could not be read
}

// walk scans a directory. prefix is its path relative to the tree, with a slash at the
// end, or empty for the root. links holds the target directories of the symbolic links
// that were followed to reach it.
func (w *walker) walk(dir, prefix string, links []fs.FileInfo) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	fsys := w.tree.store.fs
	info, err := fsys.Stat(dir)
	if err != nil {
		return err
	}
	w.tree.addDevice(info, dir)
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := dir + "/" + e.Name()
		isDir, links := e.IsDir(), links
		if e.Type()&fs.ModeSymlink != 0 {
			if isDir, links = w.follow(path, links); !isDir && !strings.HasSuffix(e.Name(), suffix) {
				continue
			}
		}
		switch {
		case strings.HasPrefix(e.Name(), "."):
			w.removeTemp(path, e)
		case isDir:
			if strings.Count(prefix, "/") > metric.MaxNodes+4 {
				continue
			}
			if err := w.walk(path, prefix+e.Name()+"/", links); err != nil {
				if w.ctx.Err() != nil {
					return err
				}
				if !errors.Is(err, fs.ErrNotExist) {
					w.unread++
					w.logger.Error("cannot scan directory", "path", path, "err", err)
				}
			}
		case strings.HasSuffix(e.Name(), suffix):
			w.files++
			w.addFile(prefix + strings.TrimSuffix(e.Name(), suffix))
		}
	}
	return nil
}

// follow reports whether a symbolic link leads to a directory to scan, which excludes
// directories that contain the link. If so, follow also returns links with the
// directory appended.
func (w *walker) follow(path string, links []fs.FileInfo) (isDir bool, with []fs.FileInfo) {
	fsys := w.tree.store.fs
	to, err := fsys.Stat(path)
	if err != nil || !to.IsDir() {
		return false, links
	}
	for dir := filepath.Dir(path); len(dir) >= len(w.tree.store.dir); dir = filepath.Dir(dir) {
		if info, err := fsys.Stat(dir); err == nil && os.SameFile(info, to) {
			return false, links
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for _, link := range links {
		if os.SameFile(link, to) {
			return false, links
		}
	}
	return true, append(links[:len(links):len(links)], to)
}

// addDevice records one directory of each file system, for sync.
func (t *tree) addDevice(info fs.FileInfo, path string) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		if _, known := t.devices[uint64(stat.Dev)]; !known {
			t.devices[uint64(stat.Dev)] = path
		}
	}
}

// addFile adds the metric of a file to the index. path is relative to the tree and
// without the suffix.
func (w *walker) addFile(path string) {
	name := strings.ReplaceAll(path, "/", ".")
	pathOf := PathOf
	if tagged, ok := strings.CutPrefix(path, taggedDir+"/"); ok {
		parts := strings.SplitN(tagged, "/", 3)
		base := parts[len(parts)-1]
		if h, ok := parseHash(base); ok && w.log.has(h) && taggedPath(h, base) == path+suffix {
			return // the index holds all names of the log
		}
		name = strings.ReplaceAll(base, "_DOT_", ".")
		pathOf = readablePathOf
	}
	if c, err := metric.Canonical(name); err != nil || c != name || pathOf(name) != path+suffix {
		w.unnamed++
		return
	}
	if w.index.Add(name) {
		w.added = true
	}
}

// removeTemp removes a temporary file that an interrupted create has left. It keeps
// files younger than an hour, because another process may still be creating them.
func (w *walker) removeTemp(path string, e fs.DirEntry) {
	if !strings.HasPrefix(e.Name(), tempPrefix) {
		return
	}
	info, err := e.Info()
	if err != nil || w.now.Sub(info.ModTime()) < time.Hour {
		return
	}
	if err := w.tree.store.fs.Remove(path); err != nil {
		w.logger.Warn("cannot remove temporary file", "path", path, "err", err)
	}
}

// sync syncs all file systems of the tree. It first waits for the first Rescan, which
// finds them.
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
		case errors.Is(err, fs.ErrNotExist): // it was removed or unmounted
			t.mu.Lock()
			delete(t.devices, device)
			t.mu.Unlock()
		default:
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
