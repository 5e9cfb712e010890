package whisper

import (
	"sync"

	"carbon/disk"
)

// fileCache keeps the most recently used files open for writing, with their headers. A
// caller uses a file under the lock of its metric: one writer, or several readers, each
// with its own view. Because other programs may remove, replace, rename or truncate a
// file, get checks its inode and size.
type fileCache struct {
	fs  disk.FS
	max int

	mu     sync.Mutex
	byName map[string]*cachedFile
	ring   cachedFile // head of a ring of all files, the most recently used first
}

// cachedFile is a file in the cache.
type cachedFile struct {
	*file
	name       string // of the metric
	users      int
	dropped    bool // no longer in the cache; its last user closes it
	prev, next *cachedFile
}

func newFileCache(fs disk.FS, max int) *fileCache {
	c := &fileCache{fs: fs, max: max, byName: make(map[string]*cachedFile)}
	c.ring.prev, c.ring.next = &c.ring, &c.ring
	return c
}

// get returns the file of a metric, or nil if it is not in the cache or was replaced.
// The caller must release it.
func (c *fileCache) get(name string) *cachedFile {
	c.mu.Lock()
	cached := c.byName[name]
	if cached != nil {
		cached.users++
		cached.unlink()
		c.link(cached)
	}
	c.mu.Unlock()
	if cached == nil {
		return nil
	}
	if !c.isCurrent(cached.file) {
		c.drop(name)
		c.release(cached)
		return nil
	}
	return cached
}

// isCurrent reports whether a file is still the one at its path and is not truncated.
func (c *fileCache) isCurrent(f *file) bool {
	info, err := c.fs.Info(f.f.Name())
	return err == nil && info.Inode == f.id.Inode && info.Device == f.id.Device && info.Size >= f.size()
}

// add adds a file that was opened for writing. The caller must release the result.
func (c *fileCache) add(name string, f *file) *cachedFile {
	cached := &cachedFile{file: f, name: name, users: 1}
	var closing []*cachedFile
	c.mu.Lock()
	if old := c.byName[name]; old != nil {
		closing = c.remove(old, closing)
	}
	c.byName[name] = cached
	c.link(cached)
	for len(c.byName) > max(c.max, 0) {
		closing = c.remove(c.ring.prev, closing)
	}
	c.mu.Unlock()
	closeAll(closing)
	return cached
}

// release ends the use of a file that get or add returned.
func (c *fileCache) release(cached *cachedFile) {
	c.mu.Lock()
	cached.users--
	last := cached.dropped && cached.users == 0
	c.mu.Unlock()
	if last {
		_ = cached.close()
	}
}

// drop removes the file of a metric from the cache.
func (c *fileCache) drop(name string) {
	var closing []*cachedFile
	c.mu.Lock()
	if cached := c.byName[name]; cached != nil {
		closing = c.remove(cached, closing)
	}
	c.mu.Unlock()
	closeAll(closing)
}

// shrink removes the less recently used half of the files, and reports whether it closed any.
func (c *fileCache) shrink() bool {
	var closing []*cachedFile
	c.mu.Lock()
	for n := len(c.byName) / 2; len(c.byName) > n; {
		closing = c.remove(c.ring.prev, closing)
	}
	c.mu.Unlock()
	closeAll(closing)
	return len(closing) > 0
}

// open returns the number of files in the cache.
func (c *fileCache) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.byName)
}

// remove removes a file from the cache. If the file has no users, remove appends it to
// closing. The caller holds c.mu.
func (c *fileCache) remove(cached *cachedFile, closing []*cachedFile) []*cachedFile {
	delete(c.byName, cached.name)
	cached.unlink()
	cached.dropped = true
	if cached.users == 0 {
		return append(closing, cached)
	}
	return closing
}

func (c *fileCache) link(cached *cachedFile) {
	cached.prev, cached.next = &c.ring, c.ring.next
	cached.prev.next, cached.next.prev = cached, cached
}

func (cached *cachedFile) unlink() { cached.prev.next, cached.next.prev = cached.next, cached.prev }

func closeAll(files []*cachedFile) {
	for _, cached := range files {
		_ = cached.close() // Sync reports write errors
	}
}
