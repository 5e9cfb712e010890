package cache

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	blockBits = 8
	blockSize = 1 << blockBits
)

// block is the series of consecutive Refs, all of one shard. It has no pointers:
// the garbage collector passes it over.
type block struct {
	links   [blockSize]link
	entries [blockSize]entry // guarded by the shard
}

// link is what a series is found by.
type link struct {
	follower atomic.Uint32 // the Ref of the series that came next last time
	name     place         // 0: the Ref is free
}

func (c *Cache) block(r Ref) *block { return (*c.blocks.Load())[r>>blockBits] }
func (c *Cache) link(r Ref) *link   { return &c.block(r).links[r%blockSize] }

// Follower returns the series that followed prev last time if it is called name,
// else 0; so it does if prev is 0.
func (c *Cache) Follower(prev Ref, name string) Ref {
	next := Ref(c.link(prev).follower.Load())
	if next == 0 || c.Name(next) != name {
		return 0
	}
	return next
}

// Follows remembers that r followed prev; it does nothing if prev is 0.
func (c *Cache) Follows(prev, r Ref) {
	if prev != 0 {
		c.link(prev).follower.Store(uint32(r))
	}
}

// Name returns the name of a series. It must not be called beside Forget; the
// string is good for ever.
func (c *Cache) Name(r Ref) string { return c.names.get(c.link(r).name) }

// Series returns the series of a canonical name, and makes it if there is none.
// The name is copied then.
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

// find returns the series of a name, 0 if there is none.
func (c *Cache) find(name string) Ref {
	t, hash := c.table(name)
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.find(c, hash, name)
}

// make makes a series.
func (c *Cache) make(name string) Ref {
	c.making.Lock()
	defer c.making.Unlock()
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
	c.known.Add(1)
	return r
}

// table finds series by name: those of a part of all names, by hash, each in the
// first free slot from where its hash says. It is never more than 7/8 full.
type table struct {
	mu    sync.RWMutex
	slots []tableSlot
	n     int

	_ [64]byte
}

// tableSlot is a series and the lower half of its name's hash, which spares looking at
// other names, and at all of them when the table is made anew.
type tableSlot struct {
	ref  Ref // 0: free
	hash uint32
}

// table returns where a hash belongs, and what of the hash counts there.
func (c *Cache) table(name string) (*table, uint32) {
	hash := maphash.String(c.seed, name)
	return &c.tables[hash>>(64-shardBits)], uint32(hash)
}

// home is where the search for a hash begins.
func (t *table) home(hash uint32) int { return int(uint64(hash) * uint64(len(t.slots)) >> 32) }

func (t *table) find(c *Cache, hash uint32, name string) Ref {
	if t.n == 0 {
		return 0
	}
	for i := t.home(hash); t.slots[i].ref != 0; {
		if t.slots[i].hash == hash && c.Name(t.slots[i].ref) == name {
			return t.slots[i].ref
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
	return 0
}

func (t *table) insert(s tableSlot) {
	if t.n+1 > len(t.slots)*7/8 {
		t.rebuild(max(16, len(t.slots)*5/4))
	}
	i := t.home(s.hash)
	for t.slots[i].ref != 0 {
		if i++; i == len(t.slots) {
			i = 0
		}
	}
	t.slots[i] = s
	t.n++
}

// rebuild makes the table anew with n slots.
func (t *table) rebuild(n int) {
	old := t.slots
	t.slots, t.n = make([]tableSlot, n), 0
	for _, s := range old {
		if s.ref != 0 {
			t.insert(s)
		}
	}
}

// Forget lets go the series without points whose last point was stamped before,
// and tells freed of each, if it is not nil: its Ref is free for another series. A
// series whose last points were stored late may stay until another time. No Add,
// Series, Follower, Follows, Name or replay may run beside Forget.
func (c *Cache) Forget(before int64, freed func(Ref)) {
	c.making.Lock()
	defer c.making.Unlock()
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
	c.known.Add(int64(from - len(c.free)))
	c.compactNames()
	for _, r := range c.free[from:] {
		if freed != nil {
			freed(r)
		}
	}
	slices.Reverse(c.free[from:])
}

// forget drops the series that are gone.
func (t *table) forget(gone bitmap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for i, s := range t.slots {
		if gone.has(s.ref) {
			t.slots[i].ref = 0
		} else if s.ref != 0 {
			n++
		}
	}
	if n < t.n {
		t.rebuild(max(16, n*5/4))
	}
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
			if !sparse[l.name>>placeBits] {
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

func newBitmap(n int) bitmap    { return make(bitmap, (n+63)/64) }
func (b bitmap) set(r Ref)      { b[r/64] |= 1 << (r % 64) }
func (b bitmap) has(r Ref) bool { return b[r/64]&(1<<(r%64)) != 0 }
