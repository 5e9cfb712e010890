package whisper

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"carbon/disk"
	"carbon/metric"
)

// taggedLog is a file of the names of tagged series, because their whisper files are
// named by a hash. Each line is a name. A line with "- " before the name says that the
// series was deleted; names contain no spaces. The log is only appended to, except that
// readTaggedLog compacts it if most lines are obsolete. Only one process writes to it.
type taggedLog struct {
	path string

	mu    sync.Mutex
	known map[nameHash]struct{}
	fs    disk.FS
	f     disk.File // nil until the first append
	size  int64     // of the complete lines, in bytes
	torn  bool      // whether there may be data after size

	removals []byte // lines of removed names, for the next append
}

const deletedPrefix = "- "

// readTaggedLog reads the log. It calls added for each line with a name, and removed for
// each line that deletes a name. The file may be missing. An incomplete last line is
// ignored, because add did not return after writing it. readTaggedLog logs a warning about
// incomplete and invalid lines.
func readTaggedLog(fsys disk.FS, path string, logger *slog.Logger, added, removed func(name string)) (*taggedLog, error) {
	l := &taggedLog{fs: fsys, path: path, known: make(map[nameHash]struct{})}
	f, err := fsys.Open(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, bad := 0, 0
	l.size, l.torn, err = readLines(io.NewSectionReader(f, 0, math.MaxInt64), func(line []byte) {
		lines++
		name, deleted, ok := parseLine(line)
		if !ok {
			bad++
			return
		}
		if deleted {
			delete(l.known, hash(name))
			removed(name)
			return
		}
		l.known[hash(name)] = struct{}{}
		added(name)
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if bad > 0 || l.torn {
		logger.Warn("ignoring invalid lines of tagged log", "path", path, "bad", bad, "torn_end", l.torn)
	}
	if obsolete := lines - len(l.known); obsolete > lines/2 && bad == 0 {
		if err := l.compact(f); err != nil {
			logger.Warn("cannot compact tagged log", "path", path, "err", err)
		}
	}
	return l, nil
}

// TaggedNames reads the tagged log, which a Store may be using. It returns the names of
// tagged series by the paths of their files, relative to the tree. The log may be missing.
func TaggedNames(fsys disk.FS, log string) (names map[string]string, err error) {
	names = make(map[string]string)
	f, err := fsys.Open(log, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_, _, err = readLines(io.NewSectionReader(f, 0, math.MaxInt64), func(line []byte) {
		switch name, deleted, ok := parseLine(line); {
		case deleted:
			delete(names, PathOf(name))
		case ok:
			names[PathOf(name)] = name
		}
	})
	return names, err
}

// parseLine returns the name in a line, and whether the line deletes it. ok is false if
// the name is not the canonical name of a tagged series.
func parseLine(line []byte) (name string, deleted, ok bool) {
	name, deleted = strings.CutPrefix(string(line), deletedPrefix)
	c, err := metric.Canonical(name)
	return name, deleted, err == nil && c == name && metric.IsTagged(name)
}

// compact replaces the log with one that holds only the known names, in the order of
// their first lines.
func (l *taggedLog) compact(old disk.File) (err error) {
	temp := l.path + ".tmp"
	f, err := l.fs.Open(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	size := int64(0)
	write := func(b []byte) {
		if err == nil && len(b) > 0 {
			_, err = f.WriteAt(b, size)
			size += int64(len(b))
		}
	}
	var b []byte
	missing := maps.Clone(l.known)
	_, _, readErr := readLines(io.NewSectionReader(old, 0, l.size), func(line []byte) {
		h := hash(string(line))
		if _, ok := missing[h]; !ok {
			return
		}
		delete(missing, h)
		if b = append(append(b, line...), '\n'); len(b) >= compactChunk {
			write(b)
			b = b[:0]
		}
	})
	write(b)
	err = errors.Join(readErr, err)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = l.fs.Rename(temp, l.path)
	}
	if err != nil {
		return errors.Join(err, l.fs.Remove(temp))
	}
	l.size, l.torn = size, false
	return l.fs.SyncDir(filepath.Dir(l.path))
}

// compactChunk is the size in bytes of compact's writes.
const compactChunk = 64 << 10

// readLines calls each for every complete line of r and returns the total length of
// these lines. torn reports whether an incomplete line follows. For a line longer than
// any valid name, each gets an empty line.
func readLines(r io.Reader, each func(line []byte)) (size int64, torn bool, err error) {
	b := bufio.NewReaderSize(r, 2*metric.MaxTaggedLength)
	length, long := int64(0), false
	for {
		line, err := b.ReadSlice('\n')
		length += int64(len(line))
		switch {
		case err == nil:
			if long {
				line = line[len(line)-1:]
			}
			each(bytes.TrimSuffix(line, []byte("\n")))
			size += length
			length, long = 0, false
		case errors.Is(err, bufio.ErrBufferFull):
			long = true
		case err == io.EOF:
			return size, length > 0, nil
		default:
			return size, true, err
		}
	}
}

func (l *taggedLog) has(h nameHash) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.known[h]
	return ok
}

// add appends the names that are not in the log and syncs it.
func (l *taggedLog) add(names []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []byte
	var hashes []nameHash
	for _, name := range names {
		h := hash(name)
		if _, ok := l.known[h]; !ok {
			lines = append(append(lines, name...), '\n')
			hashes = append(hashes, h)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	if err := l.append(lines); err != nil {
		return fmt.Errorf("append to %s: %w", l.path, err)
	}
	for _, h := range hashes { // a name that is twice in names has two lines, which does no harm
		l.known[h] = struct{}{}
	}
	return nil
}

// remove removes a name. The removal is durable after the next flush or the next add
// that appends to the log.
func (l *taggedLog) remove(name string) {
	h := hash(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.known[h]; ok {
		delete(l.known, h)
		l.removals = append(append(append(l.removals, deletedPrefix...), name...), '\n')
	}
}

// flush appends the pending removals and syncs the log.
func (l *taggedLog) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.removals) == 0 {
		return nil
	}
	if err := l.append(nil); err != nil {
		return fmt.Errorf("append to %s: %w", l.path, err)
	}
	return nil
}

func (l *taggedLog) append(lines []byte) error {
	lines = slices.Concat(l.removals, lines)
	if l.f == nil {
		f, err := openSynced(l.fs, l.path)
		if err != nil {
			return err
		}
		l.f = f
	}
	if l.torn {
		if err := l.f.Truncate(l.size); err != nil {
			return err
		}
	}
	l.torn = true // until the write and the sync have succeeded
	if _, err := l.f.WriteAt(lines, l.size); err != nil {
		return err
	}
	if err := l.f.Sync(); err != nil {
		return err
	}
	l.torn = false
	l.size += int64(len(lines))
	l.removals = nil
	return nil
}

// openSynced opens a file for writing. If the file is missing, openSynced creates it and
// syncs its directory.
func openSynced(fsys disk.FS, path string) (disk.File, error) {
	dir := filepath.Dir(path)
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, err
	}
	f, err := fsys.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if err := fsys.SyncDir(dir); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (l *taggedLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
