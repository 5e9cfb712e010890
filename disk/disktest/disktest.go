// Package disktest simulates a disk in memory, for tests and simulations. The disk
// can have a small capacity, fail on demand, and lose data as a real one does when
// the process is killed or the power fails.
//
// A Disk is the hardware. Mount returns its file system for one process. After Kill
// or PowerCut, that FS and all files opened through it return ErrDead, and the next
// process mounts the disk again.
//
// Options.Rand decides everything that is random: the same calls in the same order
// always have the same results.
package disktest

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// BlockSize is the unit of disk space, and the unit in which a power cut keeps or
// loses data that was not synced. A file or directory uses one block in addition to
// those of its content.
const BlockSize = 4096

// Options are the options of New.
type Options struct {
	Rand     *rand.Rand       // decides what survives a crash; nil: a generator with a fixed seed
	Capacity int64            // bytes; 0 means unlimited
	Now      func() time.Time // modification times; nil: each change is a nanosecond later than the last
}

// Disk is a simulated disk. All methods may be called concurrently.
type Disk struct {
	hook atomic.Pointer[func(Op) error]

	mu         sync.Mutex
	unlocked   *sync.Cond // a file lock was released
	rng        *rand.Rand
	now        func() time.Time
	capacity   int64 // in blocks; 0 means unlimited
	used       int64 // in blocks
	inodes     uint64
	generation int // of the process that may use the disk; a crash increments it
	root       *node
	dirty      map[*node]struct{} // files with content that was not synced
	dirChanges []dirChange        // not synced, in order
	counts     Counts
}

// Op is one call to a file system or file.
type Op struct {
	// Name is open, stat, lstat, readdir, mkdir, rename, remove, syncdir or syncall
	// for a file system, and read, write, fstat, truncate, allocate, lock, unlock,
	// sync or close for a file.
	Name string
	Path string // absolute; the old name of a rename
	To   string // the new name of a rename
	At   int64  // offset of a read or write; the size of truncate and allocate
	Len  int    // bytes to read or write
}

// Counts are the numbers of calls to a disk and of bytes transferred.
type Counts struct {
	Calls         map[string]int64 // by Op.Name
	Read, Written int64            // bytes
}

// A hook returns these errors to cause a crash in the middle of the operation: the
// process is killed or the power fails. A write is torn at any byte. Any other
// operation is done or not done.
var (
	ErrKill     = errors.New("killed")
	ErrPowerCut = errors.New("power cut")
)

// ErrDead is the error of every operation of a process that has crashed.
var ErrDead = errors.New("the process is dead")

// Short is an error that a hook returns to cause a short read or write: the
// operation transfers Done bytes and then fails with Err. Any other operation fails
// with Err at once.
type Short struct {
	Done int
	Err  error
}

func (s *Short) Error() string { return s.Err.Error() }

// New returns an empty disk.
func New(o Options) *Disk {
	d := &Disk{rng: o.Rand, now: o.Now, dirty: make(map[*node]struct{}), counts: Counts{Calls: make(map[string]int64)}}
	d.unlocked = sync.NewCond(&d.mu)
	if d.rng == nil {
		d.rng = rand.New(rand.NewPCG(1, 2))
	}
	if d.now == nil {
		var ticks int64
		d.now = func() time.Time {
			ticks++
			return time.Unix(0, ticks)
		}
	}
	d.SetCapacity(o.Capacity)
	d.root, d.used = d.newNode(true), 1
	return d
}

// Mount returns the file system for a process that starts now.
func (d *Disk) Mount() *FS {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &FS{d: d, generation: d.generation}
}

// SetCapacity changes the capacity of the disk; 0 means unlimited. It deletes
// nothing, even if the disk then holds more than its capacity.
func (d *Disk) SetCapacity(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = (bytes + BlockSize - 1) / BlockSize
}

// Used returns the number of bytes in use.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used * BlockSize
}

// Counts returns the counts since New.
func (d *Disk) Counts() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.counts
	c.Calls = make(map[string]int64, len(d.counts.Calls))
	for name, n := range d.counts.Calls {
		c.Calls[name] = n
	}
	return c
}

// SetHook sets a function that the disk calls before every operation, including
// those that will fail; nil removes it. If the hook returns an error, the operation
// does nothing and returns that error, except for Short, ErrKill and ErrPowerCut. The
// hook may call methods of the Disk.
func (d *Disk) SetHook(hook func(Op) error) {
	if hook == nil {
		d.hook.Store(nil)
		return
	}
	d.hook.Store(&hook)
}

// call performs one operation for a process. do transfers at most limit of op.Len
// bytes and returns how many it transferred.
func (d *Disk) call(generation int, op Op, do func(limit int) (int, error)) (int, error) {
	var fault error
	if hook := d.hook.Load(); hook != nil {
		fault = (*hook)(op)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if generation != d.generation {
		return 0, ErrDead
	}
	d.counts.Calls[op.Name]++
	if fault == nil {
		return do(op.Len)
	}
	if errors.Is(fault, ErrKill) || errors.Is(fault, ErrPowerCut) {
		if op.Len > 0 || d.rng.IntN(2) == 0 {
			do(d.rng.IntN(op.Len + 1))
		}
		d.crash(errors.Is(fault, ErrPowerCut))
		return 0, ErrDead
	}
	if short, ok := errors.AsType[*Short](fault); ok {
		if op.Len == 0 {
			return 0, short.Err
		}
		n, err := do(min(max(short.Done, 0), op.Len))
		if err == nil {
			err = short.Err
		}
		return n, err
	}
	return 0, fault
}

// reserve takes blocks from the free space. It reports whether there were enough.
func (d *Disk) reserve(blocks int64) bool {
	if d.capacity > 0 && d.used+blocks > d.capacity {
		return false
	}
	d.used += blocks
	return true
}

// node is a file or a directory.
type node struct {
	content // of a file
	dir     bool
	names   map[string]*node // entries of a directory
	synced  map[string]*node // entries after a power cut, if no change in dirChanges survives it
	mod     time.Time
	links   uint64
	inode   uint64
	open    int   // open Files
	holder  *File // of the advisory lock
}

// newNode returns a new file or directory. The caller reserves its block.
func (d *Disk) newNode(dir bool) *node {
	d.inodes++
	n := &node{dir: dir, mod: d.now(), links: 1, inode: d.inodes}
	if dir {
		n.names, n.synced = make(map[string]*node), make(map[string]*node)
	}
	return n
}

// unlink records that a node has no name any more. Its space is free once all its
// Files are closed.
func (d *Disk) unlink(n *node) {
	n.links = 0
	d.free(n)
}

// free releases the space of a node without a name and without open Files.
func (d *Disk) free(n *node) {
	if n.links == 0 && n.open == 0 {
		d.used -= 1 + int64(len(n.blocks))
		delete(d.dirty, n)
	}
}

// walk returns the node of a cleaned path.
func (d *Disk) walk(name string) (*node, error) {
	if len(name) >= 4096 {
		return nil, syscall.ENAMETOOLONG
	}
	n := d.root
	for part := range strings.SplitSeq(name[1:], "/") {
		if part == "" {
			continue
		}
		if !n.dir {
			return nil, syscall.ENOTDIR
		}
		if len(part) > 255 {
			return nil, syscall.ENAMETOOLONG
		}
		if n = n.names[part]; n == nil {
			return nil, syscall.ENOENT
		}
	}
	return n, nil
}

// parent returns the directory that holds a cleaned path, and the path's name in it.
func (d *Disk) parent(name string) (dir *node, base string, err error) {
	dirname, base := path.Split(name)
	dir, err = d.walk(path.Clean(dirname))
	switch {
	case err != nil:
		return nil, "", err
	case !dir.dir:
		return nil, "", syscall.ENOTDIR
	case len(base) > 255:
		return nil, "", syscall.ENAMETOOLONG
	}
	return dir, base, nil
}

// info implements fs.FileInfo for Stat and ReadDir.
type info struct {
	name string
	size int64
	mod  time.Time
	mode fs.FileMode
}

func (n *node) info(name string) info {
	if n.dir {
		return info{name, BlockSize, n.mod, fs.ModeDir | 0o755}
	}
	return info{name, n.size, n.mod, 0o644}
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return i.mod }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }
