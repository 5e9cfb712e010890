package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"unsafe"

	"carbon/disk"
	"carbon/metric"
)

// FORMAT.md describes the format.
const (
	magic        = "carbon index 1\n\x00"
	blockHeader  = 12       // length, records, checksum
	blockTarget  = 64 << 10 // bytes of records after which a block ends
	maxBlockSize = blockTarget + 2*binary.MaxVarintLen64 + metric.MaxNameLength
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CorruptError reports a file that is not an intact snapshot.
type CorruptError struct {
	Path   string
	Offset int64 // of the block
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("index snapshot %s at byte %d: %s", e.Path, e.Offset, e.Reason)
}

// Save writes a snapshot: the names of all metrics except tagged series. It writes to
// path with the suffix ".tmp" and renames that file to path. If Save returns nil, the
// snapshot survives a power cut. The index can be used while Save runs.
func (x *Index) Save(d disk.FS, path string) error {
	temporary := path + ".tmp"
	f, err := d.Open(temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	err = x.save(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, d.Remove(temporary))
	}
	if err := d.Rename(temporary, path); err != nil {
		return errors.Join(err, d.Remove(temporary))
	}
	return d.SyncDir(filepath.Dir(path))
}

func (x *Index) save(f disk.File) error {
	e := &encoder{f: f, block: append(make([]byte, 0, blockHeader+maxBlockSize), make([]byte, blockHeader)...)}
	e.write([]byte(magic))
	pattern, err := metric.CompilePattern("**")
	if err != nil {
		return err
	}
	x.mu.RLock()
	w := walk{traversal: traversal{lock: &x.mu, tree: &x.tree}, nodes: pattern.Nodes()}
	w.found = func(path []byte, name string, _, leaf bool) {
		if !leaf || e.err != nil {
			return
		}
		e.add(path, name)
		if len(e.block) >= blockHeader+blockTarget {
			w.pause(e.flush)
		}
	}
	w.run()
	w.end()
	x.mu.RUnlock()
	if e.records > 0 {
		e.flush()
	}
	var end [blockHeader + 8]byte
	binary.LittleEndian.PutUint64(end[blockHeader:], e.total)
	binary.LittleEndian.PutUint32(end[8:], crc32.Checksum(end[blockHeader:], castagnoli))
	e.write(end[:])
	return e.err
}

// encoder writes the blocks of a snapshot.
type encoder struct {
	f       disk.File
	at      int64 // offset of the next write
	err     error // first write error
	block   []byte
	records uint32 // in block
	total   uint64 // names so far
	name    []byte // last name
}

func (e *encoder) add(path []byte, name string) {
	shared := 0
	if e.records > 0 {
		for shared < min(len(path), len(e.name)) && e.name[shared] == path[shared] {
			shared++
		}
		if shared == len(path) {
			for shared-len(path) < len(name) && shared < len(e.name) && e.name[shared] == name[shared-len(path)] {
				shared++
			}
		}
	}
	e.name = append(append(e.name[:0], path...), name...)
	e.block = binary.AppendUvarint(e.block, uint64(shared))
	e.block = binary.AppendUvarint(e.block, uint64(len(e.name)-shared))
	e.block = append(e.block, e.name[shared:]...)
	e.records++
	e.total++
}

func (e *encoder) flush() {
	records := e.block[blockHeader:]
	binary.LittleEndian.PutUint32(e.block, uint32(len(records)))
	binary.LittleEndian.PutUint32(e.block[4:], e.records)
	binary.LittleEndian.PutUint32(e.block[8:], crc32.Checksum(records, castagnoli))
	e.write(e.block)
	e.block, e.records = e.block[:blockHeader], 0
}

func (e *encoder) write(b []byte) {
	if e.err == nil {
		_, e.err = e.f.WriteAt(b, e.at)
		e.at += int64(len(b))
	}
}

// Load reads a snapshot and returns an index of its names. They count as not yet found
// by a rescan, so that the first one removes the metrics for which Add is not called.
//
// If the file is damaged anywhere, Load returns a *CorruptError and no index. Any other
// error is a read error.
func Load(d disk.FS, path string) (*Index, error) {
	f, err := d.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := loader{f: f, x: New(), nodes: []uint32{root}}
	if reason, err := l.load(); err != nil {
		return nil, err
	} else if reason != "" {
		return nil, &CorruptError{Path: path, Offset: l.at, Reason: reason}
	}
	return l.x, nil
}

// loader reads the blocks of a snapshot.
type loader struct {
	f     disk.File
	at    int64
	x     *Index
	block []byte
	name  []byte   // last name
	nodes []uint32 // nodes of the last name, from the root to the leaf
	ends  []int    // ends of these nodes in name, without the root
}

// load reads the file. It returns the reason if the file is corrupt.
func (l *loader) load() (reason string, err error) {
	head, err := l.read(0, len(magic))
	if err != nil || string(head) != magic {
		return "not an index snapshot of this version", ignoreEOF(err)
	}
	l.at = int64(len(magic))
	if err := l.reserve(); err != nil {
		return "", err
	}
	for {
		header, err := l.read(l.at, blockHeader)
		if err != nil {
			return "truncated", ignoreEOF(err)
		}
		size, records := binary.LittleEndian.Uint32(header), binary.LittleEndian.Uint32(header[4:])
		sum := binary.LittleEndian.Uint32(header[8:])
		last := size == 0
		if last {
			size = 8
		}
		if size > maxBlockSize {
			return "length of block out of bounds", nil
		}
		block, err := l.read(l.at+blockHeader, int(size))
		if err != nil {
			return "truncated", ignoreEOF(err)
		}
		if crc32.Checksum(block, castagnoli) != sum {
			return "checksum mismatch", nil
		}
		if last {
			if records != 0 || binary.LittleEndian.Uint64(block) != uint64(l.x.plainCount) {
				return "number of names differs from the number at the end", nil
			}
			return l.checkEnd(l.at + blockHeader + int64(size))
		}
		if reason := l.add(block, records); reason != "" {
			return reason, nil
		}
		l.at += blockHeader + int64(size)
	}
}

// reserve allocates the hash table for all names at once. load verifies their number at
// the end.
func (l *loader) reserve() error {
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	end, err := l.read(max(info.Size-8, 0), 8)
	if err != nil {
		return ignoreEOF(err)
	}
	const shortest = 3 // bytes of a record
	if n := binary.LittleEndian.Uint64(end); n <= uint64(info.Size)/shortest {
		l.x.tree.byParent.reserve(int(n)+int(n)/8, l.x.tree.hashOf)
	}
	return nil
}

func (l *loader) checkEnd(at int64) (reason string, err error) {
	switch _, err := l.read(at, 1); {
	case err == nil:
		return "data after the end", nil
	default:
		return "", ignoreEOF(err)
	}
}

// read reads n bytes at an offset. They are valid until the next read.
func (l *loader) read(at int64, n int) ([]byte, error) {
	l.block = slices.Grow(l.block[:0], n)[:n]
	_, err := l.f.ReadAt(l.block, at)
	return l.block, err
}

// ignoreEOF returns nil for the error of a file that is too short, which is corrupt.
func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// add adds the names of a block, which must be in ascending order.
func (l *loader) add(block []byte, records uint32) (reason string) {
	first := true
	for ; len(block) > 0 && records > 0; records-- {
		shared, n := binary.Uvarint(block)
		if n <= 0 {
			return "truncated record"
		}
		block = block[n:]
		size, n := binary.Uvarint(block)
		if n <= 0 || size > uint64(len(block)-n) {
			return "truncated record"
		}
		suffix := block[n : n+int(size)]
		block = block[n+int(size):]
		if first && shared > 0 || shared > uint64(len(l.name)) || !l.isGreater(int(shared), suffix, first) {
			return "names out of order"
		}
		first = false
		if reason := l.addName(int(shared), suffix); reason != "" {
			return reason
		}
	}
	if len(block) > 0 || records > 0 {
		return "number of records differs from the block header"
	}
	return ""
}

// isGreater reports whether a name is greater than the last name.
func (l *loader) isGreater(shared int, suffix []byte, first bool) bool {
	if first {
		return string(suffix) > string(l.name)
	}
	rest := l.name[shared:]
	return len(suffix) > 0 && (len(rest) == 0 || suffix[0] > rest[0])
}

func (l *loader) addName(shared int, suffix []byte) (reason string) {
	l.name = append(l.name[:shared], suffix...)
	name := unsafe.String(unsafe.SliceData(l.name), len(l.name)) // not retained
	if canonical, err := metric.Canonical(name); err != nil || canonical != name || metric.IsTagged(name) {
		return "name is not canonical"
	}
	// Reuse the nodes of the last name that end within the shared prefix.
	depth := 0
	for depth < len(l.ends) && l.ends[depth] < shared {
		depth++
	}
	l.ends, l.nodes = l.ends[:depth], l.nodes[:depth+1]
	start := 0
	if depth > 0 {
		start = l.ends[depth-1] + 1
	}
	tree := &l.x.tree
	for i := start; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			l.nodes = append(l.nodes, tree.makeChild(l.nodes[len(l.nodes)-1], name[start:i], i < len(name)))
			l.ends = append(l.ends, i)
			start = i + 1
		}
	}
	tree.node(l.nodes[len(l.nodes)-1]).state = leafFlag
	l.x.plainCount++
	return ""
}
