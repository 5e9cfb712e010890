package whisper

import (
	"sync"
	"sync/atomic"

	"carbon/disk"
)

// descriptors keeps files open that were written to, those used last, with what
// is known of them. A file is used under the lock of its metric's name: by one
// writer, or by readers, who take a view of it. Before each use it is looked at
// once whether it is still the file of its name, and has its length: other
// programs may have removed, replaced, moved aside or cut it.
type descriptors struct {
	fs  disk.FS
	max int

	mu     sync.Mutex
	byName map[string]*kept
	latest kept // the ring of the kept, in the order of use

	hits, misses atomic.Int64
}

// kept is a file that is kept open.
type kept struct {
	*file
	name       string // of the metric
	users      int
	dropped    bool // is closed when its last user is done
	prev, next *kept
}

func newDescriptors(fs disk.FS, max int) *descriptors {
	d := &descriptors{fs: fs, max: max, byName: make(map[string]*kept)}
	d.latest.prev, d.latest.next = &d.latest, &d.latest
	return d
}

// get returns the file of a metric if it is kept and can be used; release gives it
// back.
func (d *descriptors) get(name string) *kept {
	d.mu.Lock()
	k := d.byName[name]
	if k != nil {
		k.users++
		k.unlink()
		d.link(k)
	}
	d.mu.Unlock()
	if k == nil {
		d.misses.Add(1)
		return nil
	}
	if !d.fresh(k.file) {
		d.misses.Add(1)
		d.drop(name)
		d.release(k)
		return nil
	}
	d.hits.Add(1)
	return k
}

// fresh tells whether a file is still that of its path, with all its slots.
func (d *descriptors) fresh(f *file) bool {
	info, err := d.fs.Info(f.f.Name())
	return err == nil && info.Inode == f.id.Inode && info.Device == f.id.Device && info.Size >= f.size()
}

// keep keeps a file that was opened for writing, in use; release gives it back.
func (d *descriptors) keep(name string, f *file) *kept {
	k := &kept{file: f, name: name, users: 1}
	var closing []*kept
	d.mu.Lock()
	if old := d.byName[name]; old != nil {
		closing = d.remove(old, closing)
	}
	d.byName[name] = k
	d.link(k)
	for len(d.byName) > max(d.max, 0) {
		closing = d.remove(d.latest.prev, closing)
	}
	d.mu.Unlock()
	closeAll(closing)
	return k
}

// release ends a use.
func (d *descriptors) release(k *kept) {
	d.mu.Lock()
	k.users--
	last := k.dropped && k.users == 0
	d.mu.Unlock()
	if last {
		_ = k.close()
	}
}

// drop lets go the file of a metric, if it is kept.
func (d *descriptors) drop(name string) {
	var closing []*kept
	d.mu.Lock()
	if k := d.byName[name]; k != nil {
		closing = d.remove(k, closing)
	}
	d.mu.Unlock()
	closeAll(closing)
}

// shrink lets go half of the files, but for some, and tells whether there were any.
func (d *descriptors) shrink(least int) bool {
	var closing []*kept
	d.mu.Lock()
	for n := len(d.byName) / 2; len(d.byName) > max(n, least); {
		closing = d.remove(d.latest.prev, closing)
	}
	d.mu.Unlock()
	closeAll(closing)
	return len(closing) > 0
}

// open returns how many files are kept.
func (d *descriptors) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.byName)
}

// remove takes a file out; those that nobody uses are to be closed.
func (d *descriptors) remove(k *kept, closing []*kept) []*kept {
	delete(d.byName, k.name)
	k.unlink()
	k.dropped = true
	if k.users == 0 {
		return append(closing, k)
	}
	return closing
}

func (d *descriptors) link(k *kept) {
	k.prev, k.next = &d.latest, d.latest.next
	k.prev.next, k.next.prev = k, k
}

func (k *kept) unlink() { k.prev.next, k.next.prev = k.next, k.prev }

func closeAll(files []*kept) {
	for _, k := range files {
		_ = k.close() // what was written is checked by Sync
	}
}
