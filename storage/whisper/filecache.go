package whisper

import (
	"sync"

	"carbon/disk"
)

// descriptors keeps files open that were written to, those used last, with what
// is known of them. A file is used under the lock of its metric's name: by one
// writer, or by readers, who take a view of it. Before each use it is looked at
// once whether it is still the file of its name, and has its length: other
// programs may have removed, replaced, moved aside or cut it.
type fileCache struct {
	fs  disk.FS
	max int

	mu     sync.Mutex
	byName map[string]*cachedFile
	ring   cachedFile // the ring of the kept, in the order of use
}

// kept is a file that is kept open.
type cachedFile struct {
	*file
	name       string // of the metric
	users      int
	dropped    bool // is closed when its last user is done
	prev, next *cachedFile
}

func newFileCache(fs disk.FS, max int) *fileCache {
	d := &fileCache{fs: fs, max: max, byName: make(map[string]*cachedFile)}
	d.ring.prev, d.ring.next = &d.ring, &d.ring
	return d
}

// get returns the file of a metric if it is kept and can be used; release gives it
// back.
func (d *fileCache) get(name string) *cachedFile {
	d.mu.Lock()
	k := d.byName[name]
	if k != nil {
		k.users++
		k.unlink()
		d.link(k)
	}
	d.mu.Unlock()
	if k == nil {
		return nil
	}
	if !d.isCurrent(k.file) {
		d.drop(name)
		d.release(k)
		return nil
	}
	return k
}

// fresh tells whether a file is still that of its path, with all its slots.
func (d *fileCache) isCurrent(f *file) bool {
	info, err := d.fs.Info(f.f.Name())
	return err == nil && info.Inode == f.id.Inode && info.Device == f.id.Device && info.Size >= f.size()
}

// keep keeps a file that was opened for writing, in use; release gives it back.
func (d *fileCache) add(name string, f *file) *cachedFile {
	k := &cachedFile{file: f, name: name, users: 1}
	var closing []*cachedFile
	d.mu.Lock()
	if old := d.byName[name]; old != nil {
		closing = d.remove(old, closing)
	}
	d.byName[name] = k
	d.link(k)
	for len(d.byName) > max(d.max, 0) {
		closing = d.remove(d.ring.prev, closing)
	}
	d.mu.Unlock()
	closeAll(closing)
	return k
}

// release ends a use.
func (d *fileCache) release(k *cachedFile) {
	d.mu.Lock()
	k.users--
	last := k.dropped && k.users == 0
	d.mu.Unlock()
	if last {
		_ = k.close()
	}
}

// drop lets go the file of a metric, if it is kept.
func (d *fileCache) drop(name string) {
	var closing []*cachedFile
	d.mu.Lock()
	if k := d.byName[name]; k != nil {
		closing = d.remove(k, closing)
	}
	d.mu.Unlock()
	closeAll(closing)
}

// shrink lets go half of the files, but for some, and tells whether there were any.
func (d *fileCache) shrink() bool {
	var closing []*cachedFile
	d.mu.Lock()
	for n := len(d.byName) / 2; len(d.byName) > n; {
		closing = d.remove(d.ring.prev, closing)
	}
	d.mu.Unlock()
	closeAll(closing)
	return len(closing) > 0
}

// open returns how many files are kept.
func (d *fileCache) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.byName)
}

// remove takes a file out; those that nobody uses are to be closed.
func (d *fileCache) remove(k *cachedFile, closing []*cachedFile) []*cachedFile {
	delete(d.byName, k.name)
	k.unlink()
	k.dropped = true
	if k.users == 0 {
		return append(closing, k)
	}
	return closing
}

func (d *fileCache) link(k *cachedFile) {
	k.prev, k.next = &d.ring, d.ring.next
	k.prev.next, k.next.prev = k, k
}

func (k *cachedFile) unlink() { k.prev.next, k.next.prev = k.next, k.prev }

func closeAll(files []*cachedFile) {
	for _, k := range files {
		_ = k.close() // what was written is checked by Sync
	}
}
