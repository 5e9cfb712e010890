// Package disktest is a disk in memory for tests and simulations: it can be
// small, fail on demand, and lose what a real one loses when the process is
// killed or the power fails.
//
// A Disk is the hardware. Mount gives the file system on it as a running process
// has it; after Kill or PowerCut that one is dead, with every file opened
// through it, and the next process mounts the disk again.
//
// Everything is decided by the random numbers handed in: the same calls in the
// same order always have the same results.
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

// BlockSize is the unit in which room is taken, and in which a power cut keeps
// or loses what was not synced. A file or directory takes a block beside those
// of its content.
const BlockSize = 4096

// Options say what kind of disk it is.
type Options struct {
	Rand     *rand.Rand       // decides what a crash leaves; nil: always the same one
	Capacity int64            // bytes; 0 is without end
	Now      func() time.Time // stamps files; nil: a nanosecond later with every change
}

// Disk is a disk. All methods may be called concurrently.
type Disk struct {
	hook atomic.Pointer[func(Op) error]

	mu       sync.Mutex
	unlocked *sync.Cond // a file lock was given back
	rng      *rand.Rand
	now      func() time.Time
	capacity int64 // in blocks; 0 is without end
	used     int64 // in blocks
	inodes   uint64
	life     int // of the process that may use the disk; every crash begins another
	root     *node
	dirty    map[*node]struct{} // files with content not synced
	moves    []move             // changes of directories not synced, in order
	counts   Counts
}

// Op is one call to the file system: open, stat, lstat, readdir, mkdir, rename,
// remove, syncdir, syncall; and of files: read, write, fstat, truncate,
// allocate, lock, sync, close.
type Op struct {
	Name string
	Path string // absolute; the old name of a rename
	To   string // the new name of a rename
	At   int64  // offset of a read or write; the size of truncate and allocate
	Len  int    // bytes to read or write
}

// Counts is what a disk was asked to do.
type Counts struct {
	Calls         map[string]int64 // by name of the Op
	Read, Written int64            // bytes
}

// Crashes that a hook may order by returning them: the process dies, or the
// power fails, in the middle of the operation. A write is torn at any byte,
// another operation was done or was not.
var (
	ErrKill     = errors.New("killed")
	ErrPowerCut = errors.New("power cut")
)

// ErrDead is what a file system answers after a crash.
var ErrDead = errors.New("the process is dead")

// Short lets a hook break a read or write off: so many bytes are done, then it
// fails with Err, as any other operation does at once.
type Short struct {
	Done int
	Err  error
}

func (s *Short) Error() string { return s.Err.Error() }

// New makes an empty disk.
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

// Mount returns the file system as a process that starts now has it.
func (d *Disk) Mount() *FS {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &FS{d: d, life: d.life}
}

// SetCapacity makes the disk larger or smaller; 0 is without end. What is on it
// stays.
func (d *Disk) SetCapacity(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = (bytes + BlockSize - 1) / BlockSize
}

// Used returns how many bytes are taken.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used * BlockSize
}

// Counts returns what the disk was asked to do so far.
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

// SetHook has hook called before every operation, also those that would fail
// anyway; nil removes it. An error it returns is the operation's, and nothing is
// done; see also Short, ErrKill and ErrPowerCut. It may call methods of the Disk.
func (d *Disk) SetHook(hook func(Op) error) {
	if hook == nil {
		d.hook.Store(nil)
		return
	}
	d.hook.Store(&hook)
}

// call does one operation. do returns how much of op.Len it did, and is told to
// do at most so much.
func (d *Disk) call(life int, op Op, do func(most int) (int, error)) (int, error) {
	var fault error
	if hook := d.hook.Load(); hook != nil {
		fault = (*hook)(op)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if life != d.life {
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

// room takes blocks, if there are so many.
func (d *Disk) room(blocks int64) bool {
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
	names   map[string]*node // of a directory
	synced  map[string]*node // those of names that survive a power cut
	mod     time.Time
	links   uint64
	inode   uint64
	open    int
	holder  *File // of the advisory lock
}

// newNode leaves taking the room for it to the caller.
func (d *Disk) newNode(dir bool) *node {
	d.inodes++
	n := &node{dir: dir, mod: d.now(), links: 1, inode: d.inodes}
	if dir {
		n.names, n.synced = make(map[string]*node), make(map[string]*node)
	}
	return n
}

// unlinked takes a name from a node, and its room once nobody has it open.
func (d *Disk) unlinked(n *node) {
	n.links = 0
	d.free(n)
}

func (d *Disk) free(n *node) {
	if n.links == 0 && n.open == 0 {
		d.used -= 1 + int64(len(n.blocks))
		delete(d.dirty, n)
	}
}

// walk finds what a cleaned path names.
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

// parent finds the directory that a cleaned path is in, and its name there.
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

// info is what Stat tells; names of a directory come as this too.
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
