package index

import (
	"hash/maphash"
	"unsafe"
)

// names stores each node name once, with a reference count: of a million metrics, ten
// thousand may end in "cpu-total.user". The number of a name is valid until release
// was called for it as often as intern and retain.
type names struct {
	entries   [][]name              // indexed by the high and low bits of a number; number 0 is not used
	next      uint32                // lowest number that was never used
	free      uint32                // head of the list of free entries, linked by name.at; 0: empty
	bytes     [][]byte              // indexed by the high and low bits of an address
	used      int                   // bytes of the last chunk
	freeBytes [maxName/4 + 1]uint32 // heads of the lists of free blocks by size/4; 0: empty
	table     table
	seed      maphash.Seed
}

type name struct {
	at     uint32 // address of its bytes
	length uint16
	refs   uint32 // reference count
}

const (
	maxName   = 4096 // maximum length in bytes, as metric.MaxTaggedLength
	nameBits  = 10   // low bits of a number: the index in a chunk of entries
	byteBits  = 16   // low bits of an address: the index in a chunk of bytes
	byteChunk = 1 << byteBits
)

func (s *names) init() {
	s.seed = maphash.MakeSeed()
	s.next = 1
}

func (s *names) entry(number uint32) *name {
	return &s.entries[number>>nameBits][number%(1<<nameBits)]
}

// text returns a name. The string is valid only until the name is released, because
// its bytes are then reused.
func (s *names) text(number uint32) string {
	e := s.entry(number)
	return unsafe.String(&s.bytes[e.at>>byteBits][e.at%byteChunk], e.length)
}

// find returns the number of a name, or 0 if it is not stored.
func (s *names) find(text string) uint32 {
	return s.table.find(maphash.String(s.seed, text), func(number uint32) bool { return s.text(number) == text })
}

// intern adds a reference to a name of at most maxName bytes, which it stores if it is
// new, and returns its number.
func (s *names) intern(text string) uint32 {
	if number := s.find(text); number != 0 {
		s.retain(number)
		return number
	}
	number := s.free
	if number != 0 {
		s.free = s.entry(number).at
	} else {
		number = s.next
		s.next++
		if int(number>>nameBits) == len(s.entries) {
			s.entries = append(s.entries, make([]name, 1<<nameBits))
		}
	}
	at := s.alloc(len(text))
	copy(s.bytes[at>>byteBits][at%byteChunk:], text)
	*s.entry(number) = name{at: at, length: uint16(len(text)), refs: 1}
	s.table.insert(maphash.String(s.seed, text), number, s.hash)
	return number
}

// retain adds a reference to a name.
func (s *names) retain(number uint32) { s.entry(number).refs++ }

// release removes a reference to a name, and the name if it was the last.
func (s *names) release(number uint32) {
	e := s.entry(number)
	if e.refs--; e.refs > 0 {
		return
	}
	s.table.remove(s.hash(number), number, s.hash)
	size := allocSize(int(e.length))
	*s.nextFree(e.at), s.freeBytes[size/4] = s.freeBytes[size/4], e.at
	*e = name{at: s.free}
	s.free = number
}

func (s *names) hash(number uint32) uint64 { return maphash.String(s.seed, s.text(number)) }

// allocSize returns the number of bytes allocated for a name: its length, rounded up
// to a multiple of 4.
func allocSize(length int) int { return max(length+3, 4) &^ 3 }

// alloc returns the address of a block for a name. Free blocks of the same size form a
// linked list.
func (s *names) alloc(length int) uint32 {
	size := allocSize(length)
	if at := s.freeBytes[size/4]; at != 0 {
		s.freeBytes[size/4] = *s.nextFree(at)
		return at
	}
	if len(s.bytes) == 0 || s.used+size > byteChunk {
		s.bytes = append(s.bytes, make([]byte, byteChunk))
		s.used = 0
		if len(s.bytes) == 1 {
			s.used = 4 // address 0 is not used
		}
	}
	at := uint32(len(s.bytes)-1)<<byteBits | uint32(s.used)
	s.used += size
	return at
}

// nextFree returns the link of a free block: the address of the next one of its size.
func (s *names) nextFree(at uint32) *uint32 {
	return (*uint32)(unsafe.Pointer(&s.bytes[at>>byteBits][at%byteChunk]))
}
