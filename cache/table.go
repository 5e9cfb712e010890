package cache

import (
	"hash/maphash"
	"sync"
)

// table is a hash table with open addressing and linear probing. It finds the series
// of one part of all names. It is at most 7/8 full.
type table struct {
	mu    sync.RWMutex
	slots []tableSlot
	n     int

	_ [64]byte
}

// tableSlot holds a series and the lower half of the hash of its name. So find
// compares hardly any name of another series, and rebuild needs no name at all.
type tableSlot struct {
	ref  Ref // 0: free
	hash uint32
}

// table returns the table of a name, and the hash that it uses.
func (c *Cache) table(name string) (*table, uint32) {
	hash := maphash.String(c.seed, name)
	return &c.tables[hash>>(64-shardBits)], uint32(hash)
}

// home returns the slot where the search for a hash begins.
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

// rebuild moves all series into a new array of n slots.
func (t *table) rebuild(n int) {
	old := t.slots
	t.slots, t.n = make([]tableSlot, n), 0
	for _, s := range old {
		if s.ref != 0 {
			t.insert(s)
		}
	}
}

// forget removes the series that are gone.
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
