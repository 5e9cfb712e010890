package cache

import (
	"sync/atomic"
)

const (
	blockBits = 8
	blockSize = 1 << blockBits
)

// block holds the series of consecutive Refs, all of one shard. It has no pointers,
// so the garbage collector does not scan it.
type block struct {
	links   [blockSize]link
	entries [blockSize]entry // guarded by the shard
}

// link is what is needed to find a series.
type link struct {
	follower atomic.Uint32 // the Ref of the series that followed last time
	name     address       // 0: the Ref is free
}

func (c *Cache) block(r Ref) *block { return (*c.blocks.Load())[r>>blockBits] }

func (c *Cache) link(r Ref) *link { return &c.block(r).links[r%blockSize] }

// Follower returns the series that followed prev last time if it has this name,
// else 0. For a prev of 0 it returns 0.
func (c *Cache) Follower(prev Ref, name string) Ref {
	next := Ref(c.link(prev).follower.Load())
	if next == 0 || c.Name(next) != name {
		return 0
	}
	return next
}

// Follows remembers that r followed prev. For a prev of 0 it does nothing.
func (c *Cache) Follows(prev, r Ref) {
	if prev != 0 {
		c.link(prev).follower.Store(uint32(r))
	}
}

// Name returns the name of a series. It must not run concurrently with Forget; the
// string stays valid.
func (c *Cache) Name(r Ref) string { return c.names.get(c.link(r).name) }

// Series returns the series of a canonical name. If there is none it adds one, with
// a copy of the name.
func (c *Cache) Series(name string) (r Ref, added bool) {
	t, hash := c.table(name)
	t.mu.RLock()
	r = t.find(c, hash, name)
	t.mu.RUnlock()
	if r != 0 {
		return r, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r = t.find(c, hash, name); r != 0 {
		return r, false
	}
	r = c.make(name)
	t.insert(tableSlot{r, hash})
	return r, true
}

// find returns the series of a name; 0: there is none.
func (c *Cache) find(name string) Ref {
	t, hash := c.table(name)
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.find(c, hash, name)
}

// make adds a series. The lock of its table is held.
func (c *Cache) make(name string) Ref {
	c.seriesMu.Lock()
	defer c.seriesMu.Unlock()
	r := c.next
	if n := len(c.free); n > 0 {
		r, c.free = c.free[n-1], c.free[:n-1]
	} else {
		c.next++
		if blocks := *c.blocks.Load(); int(r>>blockBits) == len(blocks) {
			blocks = append(blocks, new(block))
			c.blocks.Store(&blocks)
		}
	}
	c.link(r).name = c.names.put(name)
	c.seriesCount.Add(1)
	return r
}
