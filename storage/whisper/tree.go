package whisper

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
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

// pathOf returns the file of a canonical name, below the tree's directory.
func pathOf(name string) string {
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

// tree is what is found in a directory of whisper files.
type tree struct {
	dir    string
	index  *index.Index
	log    *taggedLog
	logger *slog.Logger
	now    time.Time

	devices map[uint64]*os.File // one open directory of each file system
	unnamed int                 // files whose metric's name cannot be known
}

// scan puts the metrics that have a file into the index. Symbolic links are
// followed, as graphite-web does, unless they lead back to where they come from.
// A directory that cannot be read is logged and left out, but for the first.
func (t *tree) scan() error {
	t.devices = make(map[uint64]*os.File)
	if err := t.walk(t.dir, "", nil); err != nil {
		return err
	}
	if t.unnamed > 0 {
		t.logger.Warn("whisper files without a known name are not served", "files", t.unnamed, "tree", t.dir, "tagged_log", t.log.path)
	}
	return nil
}

// walk looks through a directory, whose path in the tree is below: empty or with
// a slash at the end.
func (t *tree) walk(dir, below string, above []fs.FileInfo) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	info, err := d.Stat()
	if err != nil {
		d.Close()
		return err
	}
	for _, a := range above {
		if os.SameFile(a, info) {
			d.Close()
			return nil
		}
	}
	entries, err := d.ReadDir(-1)
	if !t.keep(d, info) {
		d.Close()
	}
	if err != nil {
		return err
	}
	above = append(above[:len(above):len(above)], info)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := os.Stat(path)
			isDir = err == nil && target.IsDir()
		}
		switch {
		case strings.HasPrefix(e.Name(), "."):
			t.removeTemp(path, e)
		case isDir:
			if len(above) > metric.MaxNodes+4 {
				continue
			}
			if err := t.walk(path, below+e.Name()+"/", above); err != nil {
				t.logger.Error("directory is left out", "path", path, "err", err)
			}
		case strings.HasSuffix(e.Name(), suffix):
			t.file(below + strings.TrimSuffix(e.Name(), suffix))
		}
	}
	return nil
}

// keep takes over an open directory if it is the first of its file system.
func (t *tree) keep(d *os.File, info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || t.devices[uint64(stat.Dev)] != nil {
		return false
	}
	t.devices[uint64(stat.Dev)] = d
	return true
}

// file puts the metric of a file into the index; path is without the suffix.
func (t *tree) file(path string) {
	name := strings.ReplaceAll(path, "/", ".")
	wanted := pathOf
	if tagged, ok := strings.CutPrefix(path, taggedDir+"/"); ok {
		parts := strings.SplitN(tagged, "/", 3)
		base := parts[len(parts)-1]
		if h, ok := parseHash(base); ok && t.log.has(h) && taggedPath(h, base) == path+suffix {
			return // the log's names are in the index
		}
		name = strings.ReplaceAll(base, "_DOT_", ".")
		wanted = readablePathOf
	}
	if c, err := metric.Canonical(name); err != nil || c != name || wanted(name) != path+suffix {
		t.unnamed++
		return
	}
	t.index.Add(name)
}

// removeTemp removes what a creation left behind that did not come to its end.
// Younger ones may be in the making by another process.
func (t *tree) removeTemp(path string, e fs.DirEntry) {
	if !strings.HasPrefix(e.Name(), tempPrefix) {
		return
	}
	info, err := e.Info()
	if err != nil || t.now.Sub(info.ModTime()) < time.Hour {
		return
	}
	if err := os.Remove(path); err != nil {
		t.logger.Warn("leftover of a creation stays", "path", path, "err", err)
	}
}

// sync waits until all file systems of the tree hold what was written.
func (t *tree) sync() error {
	var errs []error
	for _, d := range t.devices {
		if err := syncFS(d); err != nil {
			errs = append(errs, fmt.Errorf("sync %s: %w", d.Name(), err))
		}
	}
	return errors.Join(errs...)
}

func (t *tree) close() error {
	var errs []error
	for _, d := range t.devices {
		errs = append(errs, d.Close())
	}
	return errors.Join(errs...)
}
