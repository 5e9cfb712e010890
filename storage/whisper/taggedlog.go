package whisper

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"

	"carbon/disk"
	"carbon/metric"
)

// taggedLog holds the names of tagged series, one line each: their files are
// called by a hash and hold no name. It is only ever appended to, and one
// process writes to it.
type taggedLog struct {
	path string

	mu    sync.Mutex
	known map[nameHash]struct{}
	fs    disk.FS
	f     disk.File // nil: nothing was appended yet
	size  int64     // of whole lines
	torn  bool      // there may be something after size
}

// readTaggedLog reads the log and calls each for every name in it. There may be
// no such file. A last line without an end was never confirmed and does not
// count; other lines that are no canonical tagged names are logged.
func readTaggedLog(fsys disk.FS, path string, logger *slog.Logger, each func(name string)) (*taggedLog, error) {
	l := &taggedLog{fs: fsys, path: path, known: make(map[nameHash]struct{})}
	f, err := fsys.Open(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	bad := 0
	l.size, l.torn, err = readLines(io.NewSectionReader(f, 0, math.MaxInt64), func(line []byte) {
		name := string(line)
		if c, err := metric.Canonical(name); err != nil || c != name || !metric.IsTagged(name) {
			bad++
			return
		}
		l.known[hash(name)] = struct{}{}
		each(name)
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if bad > 0 || l.torn {
		logger.Warn("lines of the tagged log are left out", "path", path, "bad", bad, "torn_end", l.torn)
	}
	return l, nil
}

// readLines calls each for the whole lines of r and returns their length in
// all. torn tells that something follows that has no end. The rest of a line
// longer than any name is not kept; each gets an empty line for it.
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

// add appends the names that are not in the log yet, and returns when they
// survive a power cut.
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
	for _, h := range hashes { // a name twice in names is two equal lines
		l.known[h] = struct{}{}
	}
	return nil
}

func (l *taggedLog) append(lines []byte) error {
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
	l.torn = true // until all is well
	if _, err := l.f.WriteAt(lines, l.size); err != nil {
		return err
	}
	if err := l.f.Sync(); err != nil {
		return err
	}
	l.torn = false
	l.size += int64(len(lines))
	return nil
}

// openSynced opens a file for writing. If it has to be made, its name survives a
// power cut too.
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
