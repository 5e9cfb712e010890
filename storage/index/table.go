package index

import "math/bits"

// table finds numbers by hash. It holds them and a byte of each hash, no more:
// its user says what they hash to and which one is meant. It grows in small
// parts, so that no insertion takes long.
type table struct {
	parts [1 << partBits]part
}

const partBits = 8

type part struct {
	marks []uint8 // 0: nothing in that slot
	slots []uint32
	used  uint32
}

// find returns the number of that hash that is meant, or 0.
func (t *table) find(hash uint64, meant func(uint32) bool) uint32 {
	p := &t.parts[hash>>(64-partBits)]
	if p.used == 0 {
		return 0
	}
	want := mark(hash)
	for i := p.home(hash); p.marks[i] != 0; i = p.after(i) {
		if p.marks[i] == want && meant(p.slots[i]) {
			return p.slots[i]
		}
	}
	return 0
}

// insert puts a number in that is not there.
func (t *table) insert(hash uint64, v uint32, hashOf func(uint32) uint64) {
	p := &t.parts[hash>>(64-partBits)]
	if size := uint32(len(p.slots)); (p.used+1)*4 > size*3 {
		p.resize(size+size/2+4, hashOf)
	}
	p.put(hash, v)
	p.used++
}

// reserve makes room for n numbers in all.
func (t *table) reserve(n int, hashOf func(uint32) uint64) {
	for i := range t.parts {
		p := &t.parts[i]
		if size := uint32(n / len(t.parts) * 3 / 2); size > uint32(len(p.slots)) {
			p.resize(size, hashOf)
		}
	}
}

// remove takes a number out that is there.
func (t *table) remove(hash uint64, v uint32, hashOf func(uint32) uint64) {
	p := &t.parts[hash>>(64-partBits)]
	gap := p.home(hash)
	for p.slots[gap] != v {
		gap = p.after(gap)
	}
	p.used--
	// What follows moves up, unless that were before its home.
	n := uint32(len(p.slots))
	for i := p.after(gap); p.marks[i] != 0; i = p.after(i) {
		home := p.home(hashOf(p.slots[i]))
		if (i+n-home)%n >= (i+n-gap)%n {
			p.slots[gap], p.marks[gap] = p.slots[i], p.marks[i]
			gap = i
		}
	}
	p.slots[gap], p.marks[gap] = 0, 0
	if n > 64 && p.used < n/4 {
		p.resize(n/2, hashOf)
	}
}

func (p *part) resize(size uint32, hashOf func(uint32) uint64) {
	old := p.slots
	p.slots, p.marks = make([]uint32, size), make([]uint8, size)
	for _, v := range old {
		if v != 0 {
			p.put(hashOf(v), v)
		}
	}
}

func (p *part) put(hash uint64, v uint32) {
	i := p.home(hash)
	for p.marks[i] != 0 {
		i = p.after(i)
	}
	p.slots[i], p.marks[i] = v, mark(hash)
}

func (p *part) home(hash uint64) uint32 {
	return uint32(uint64(uint32(hash)) * uint64(len(p.slots)) >> 32)
}

func (p *part) after(i uint32) uint32 {
	if i++; i < uint32(len(p.slots)) {
		return i
	}
	return 0
}

// mark is a byte of a hash that part and home do not depend on, not 0.
func mark(hash uint64) uint8 { return uint8(hash>>40) | 1 }

// mix hashes a number.
func mix(v uint64) uint64 {
	high, low := bits.Mul64(v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	high, low = bits.Mul64(high^low, 0xa0761d6478bd642f)
	return high ^ low
}
