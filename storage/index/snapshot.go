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

// The format is described in FORMAT.md.
const (
	magic        = "carbon index 1\n\x00"
	blockHeader  = 12       // length, records, checksum
	blockTarget  = 64 << 10 // bytes of records after which a block ends
	maxBlockSize = blockTarget + 2*binary.MaxVarintLen64 + metric.MaxNameLength
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CorruptError reports a file that Save did not write, or that was damaged since.
type CorruptError struct {
	Path   string
	Offset int64 // of the block
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("index snapshot %s at byte %d: %s", e.Path, e.Offset, e.Reason)
}

// Save writes the names of all metrics to a file, tagged ones excepted, in place
// of what it held: under path with ".tmp" first, then renamed. When it returns
// nil they survive a power cut. Others may use the index meanwhile.
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
	w := walk{visit: visit{lock: &x.mu, tree: &x.tree}, nodes: pattern.Nodes()}
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

// encoder writes blocks.
type encoder struct {
	f       disk.File
	at      int64 // in the file
	err     error // the first of them
	block   []byte
	records uint32 // in block
	total   uint64
	name    []byte // the last
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

// Load returns an index of the names that Save wrote to a file. No check has
// confirmed them yet: the first removes those for which Add is not called.
//
// A file that is not whole gives no index at all: the error is a *CorruptError,
// or that of reading it.
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

// loader reads blocks.
type loader struct {
	f     disk.File
	at    int64
	x     *Index
	block []byte
	name  []byte   // the last
	nodes []uint32 // from the root to its leaf, which may be a tip
	ends  []int    // in name, of those below the root
}

// load returns why the file is no good, if it is not.
func (l *loader) load() (reason string, err error) {
	head, err := l.read(0, len(magic))
	if err != nil || string(head) != magic {
		return "no index, or of another version", unlessShort(err)
	}
	l.at = int64(len(magic))
	if err := l.reserve(); err != nil {
		return "", err
	}
	for {
		header, err := l.read(l.at, blockHeader)
		if err != nil {
			return "cut off", unlessShort(err)
		}
		size, records := binary.LittleEndian.Uint32(header), binary.LittleEndian.Uint32(header[4:])
		sum := binary.LittleEndian.Uint32(header[8:])
		last := size == 0
		if last {
			size = 8
		}
		if size > maxBlockSize {
			return "a block's length is out of bounds", nil
		}
		block, err := l.read(l.at+blockHeader, int(size))
		if err != nil {
			return "cut off", unlessShort(err)
		}
		if crc32.Checksum(block, castagnoli) != sum {
			return "checksum does not match", nil
		}
		if last {
			if records != 0 || binary.LittleEndian.Uint64(block) != uint64(l.x.plain) {
				return "names are missing", nil
			}
			return l.atEnd(l.at + blockHeader + int64(size))
		}
		if reason := l.add(block, records); reason != "" {
			return reason, nil
		}
		l.at += blockHeader + int64(size)
	}
}

// reserve makes room for all names at once. If their number is a lie, that shows
// in the end.
func (l *loader) reserve() error {
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	end, err := l.read(max(info.Size-8, 0), 8)
	if err != nil {
		return unlessShort(err)
	}
	const shortest = 3 // bytes of a record
	if n := binary.LittleEndian.Uint64(end); n <= uint64(info.Size)/shortest {
		l.x.tree.edges.reserve(int(n)+int(n)/8, l.x.tree.edgeOf)
	}
	return nil
}

func (l *loader) atEnd(at int64) (reason string, err error) {
	switch _, err := l.read(at, 1); {
	case err == nil:
		return "something follows the end", nil
	default:
		return "", unlessShort(err)
	}
}

// read returns n bytes, which are good until the next read.
func (l *loader) read(at int64, n int) ([]byte, error) {
	l.block = slices.Grow(l.block[:0], n)[:n]
	_, err := l.f.ReadAt(l.block, at)
	return l.block, err
}

// unlessShort drops the error that says the file is shorter than it should be.
func unlessShort(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// add takes the names of a block, which must rise.
func (l *loader) add(block []byte, records uint32) (reason string) {
	first := true
	for ; len(block) > 0 && records > 0; records-- {
		shared, n := binary.Uvarint(block)
		if n <= 0 {
			return "a record is cut off"
		}
		block = block[n:]
		size, n := binary.Uvarint(block)
		if n <= 0 || size > uint64(len(block)-n) {
			return "a record is cut off"
		}
		suffix := block[n : n+int(size)]
		block = block[n+int(size):]
		if first && shared > 0 || shared > uint64(len(l.name)) || !l.rises(int(shared), suffix, first) {
			return "names are out of order"
		}
		first = false
		if reason := l.addName(int(shared), suffix); reason != "" {
			return reason
		}
	}
	if len(block) > 0 || records > 0 {
		return "a block has another number of records than it says"
	}
	return ""
}

// rises tells whether a name is greater than the last.
func (l *loader) rises(shared int, suffix []byte, first bool) bool {
	if first {
		return string(suffix) > string(l.name)
	}
	rest := l.name[shared:]
	return len(suffix) > 0 && (len(rest) == 0 || suffix[0] > rest[0])
}

func (l *loader) addName(shared int, suffix []byte) (reason string) {
	l.name = append(l.name[:shared], suffix...)
	name := unsafe.String(unsafe.SliceData(l.name), len(l.name)) // not kept
	if canonical, err := metric.Canonical(name); err != nil || canonical != name || metric.IsTagged(name) {
		return "a name is not canonical"
	}
	// Nodes that end in a dot within what is shared are those of the last name.
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
	l.x.plain++
	return ""
}
