package cache

import (
	"slices"
)

// Forget lets go the series without points whose last point was stamped before,
// and tells freed of each, if it is not nil: its Ref is free for another series. A
// series whose last points were stored late may stay until another time. No Add,
// Series, Follower, Follows, Name or replay may run beside Forget.
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

// compactNames moves names out of chunks that are mostly empty, so that these go.
func (c *Cache) compactNames() {
	sparse := c.names.sparse()
	if len(sparse) == 0 {
		return
	}
	for i := range c.tables {
		t := &c.tables[i]
		t.mu.Lock() // find reads names there
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
			s.mu.Lock() // Take reads names there
			l.name = to
			s.mu.Unlock()
		}
		t.mu.Unlock()
	}
}

// bitmap is a set of Refs.
type bitmap []uint64

func newBitmap(n int) bitmap { return make(bitmap, (n+63)/64) }

func (b bitmap) set(r Ref) { b[r/64] |= 1 << (r % 64) }

func (b bitmap) has(r Ref) bool { return b[r/64]&(1<<(r%64)) != 0 }
