package index

import "math/bits"

// table is a hash table of numbers with linear probing. It stores only the numbers and
// a fingerprint of each hash; the caller supplies the hash function and compares the
// keys. It consists of many parts that grow separately, so that no insertion is slow.
type table struct {
	parts [1 << partBits]part
}

const partBits = 8

type part struct {
	fingerprints []uint8 // 0: the slot is free
	slots        []uint32
	used         uint32
}

// find returns the number with a hash for which match returns true, or 0.
func (t *table) find(hash uint64, match func(uint32) bool) uint32 {
	p := &t.parts[hash>>(64-partBits)]
	if p.used == 0 {
		return 0
	}
	print := fingerprint(hash)
	for i := p.home(hash); p.fingerprints[i] != 0; i = p.next(i) {
		if p.fingerprints[i] == print && match(p.slots[i]) {
			return p.slots[i]
		}
	}
	return 0
}

// insert adds a number, which must not be in the table.
func (t *table) insert(hash uint64, v uint32, hashOf func(uint32) uint64) {
	p := &t.parts[hash>>(64-partBits)]
	if size := uint32(len(p.slots)); (p.used+1)*4 > size*3 {
		p.resize(size+size/2+4, hashOf)
	}
	p.put(hash, v)
	p.used++
}

// reserve grows the table to hold n numbers in total.
func (t *table) reserve(n int, hashOf func(uint32) uint64) {
	for i := range t.parts {
		p := &t.parts[i]
		if size := uint32(n / len(t.parts) * 3 / 2); size > uint32(len(p.slots)) {
			p.resize(size, hashOf)
		}
	}
}

// remove removes a number, which must be in the table.
func (t *table) remove(hash uint64, v uint32, hashOf func(uint32) uint64) {
	p := &t.parts[hash>>(64-partBits)]
	gap := p.home(hash)
	for p.slots[gap] != v {
		gap = p.next(gap)
	}
	p.used--
	// Close the gap: move up the entries after it whose home slot is not after the gap.
	n := uint32(len(p.slots))
	for i := p.next(gap); p.fingerprints[i] != 0; i = p.next(i) {
		home := p.home(hashOf(p.slots[i]))
		if (i+n-home)%n >= (i+n-gap)%n {
			p.slots[gap], p.fingerprints[gap] = p.slots[i], p.fingerprints[i]
			gap = i
		}
	}
	p.slots[gap], p.fingerprints[gap] = 0, 0
	if n > 64 && p.used < n/4 {
		p.resize(n/2, hashOf)
	}
}

func (p *part) resize(size uint32, hashOf func(uint32) uint64) {
	old := p.slots
	p.slots, p.fingerprints = make([]uint32, size), make([]uint8, size)
	for _, v := range old {
		if v != 0 {
			p.put(hashOf(v), v)
		}
	}
}

func (p *part) put(hash uint64, v uint32) {
	i := p.home(hash)
	for p.fingerprints[i] != 0 {
		i = p.next(i)
	}
	p.slots[i], p.fingerprints[i] = v, fingerprint(hash)
}

// home returns the first slot to probe for a hash.
func (p *part) home(hash uint64) uint32 {
	return uint32(uint64(uint32(hash)) * uint64(len(p.slots)) >> 32)
}

func (p *part) next(i uint32) uint32 {
	if i++; i < uint32(len(p.slots)) {
		return i
	}
	return 0
}

// fingerprint returns a byte of a hash, never 0. Its bits determine neither the part
// nor the home slot.
func fingerprint(hash uint64) uint8 { return uint8(hash>>40) | 1 }

// mix returns a hash of a number.
func mix(v uint64) uint64 {
	high, low := bits.Mul64(v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	high, low = bits.Mul64(high^low, 0xa0761d6478bd642f)
	return high ^ low
}
