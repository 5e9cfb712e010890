package cache

import "slices"

// Forget removes the series without points whose last point was stamped before, and
// calls freed, if it is not nil, with the Ref of each, which may then name another
// series. A series whose last points were stored late may stay until a later call.
// Add, Series, Follower, Follows, Name and a replay must not run concurrently.
func (c *Cache) Forget(before int64, freed func(Ref)) {
	c.seriesMu.Lock()
	defer c.seriesMu.Unlock()
	gone := newBitmap(len(*c.blocks.Load()) * blockSize)
	some := false
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		some = s.forget(before, gone) || some
		s.mu.Unlock()
	}
	if !some {
		return
	}
	for i := range c.tables {
		c.tables[i].forget(gone)
	}
	from := len(c.free)
	for b, block := range *c.blocks.Load() {
		for i := range block.links {
			l := &block.links[i]
			if gone.has(Ref(l.follower.Load())) {
				l.follower.Store(0)
			}
			r := Ref(b*blockSize + i)
			if !gone.has(r) {
				continue
			}
			c.names.drop(l.name)
			l.name = 0
			l.follower.Store(0)
			c.free = append(c.free, r)
		}
	}
	c.seriesCount.Add(int64(from - len(c.free)))
	c.compactNames()
	for _, r := range c.free[from:] {
		if freed != nil {
			freed(r)
		}
	}
	slices.Reverse(c.free[from:])
}

// compactNames moves names out of sparse chunks, which releases these chunks.
func (c *Cache) compactNames() {
	sparse := c.names.sparse()
	if len(sparse) == 0 {
		return
	}
	for i := range c.tables {
		t := &c.tables[i]
		t.mu.Lock() // excludes find, which reads names
		for _, slot := range t.slots {
			if slot.ref == 0 {
				continue
			}
			l := c.link(slot.ref)
			if !sparse[l.name>>addressBits] {
				continue
			}
			to := c.names.put(c.names.get(l.name))
			c.names.drop(l.name)
			s := c.shard(slot.ref)
			s.mu.Lock() // excludes Take, which reads names
			l.name = to
			s.mu.Unlock()
		}
		t.mu.Unlock()
	}
}

// bitmap is a set of Refs.
type bitmap []uint64

func newBitmap(n int) bitmap    { return make(bitmap, (n+63)/64) }
func (b bitmap) set(r Ref)      { b[r/64] |= 1 << (r % 64) }
func (b bitmap) has(r Ref) bool { return b[r/64]&(1<<(r%64)) != 0 }
