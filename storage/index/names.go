package index

import (
	"hash/maphash"
	"unsafe"
)

// names holds short texts once each, however often they are used: of a million
// metrics ten thousand may end in "cpu-total.user". A name's number is good until
// it is dropped as often as it was held.
type names struct {
	entries [][]name // a number is the entry's chunk and its place there; 0 is none
	next    uint32   // number never used
	free    uint32   // entry to use again; the others follow by name.at
	bytes   [][]byte // an address is a chunk and a place there
	used    int      // of the last chunk
	spare   [maxName/4 + 1]uint32
	table   table
	seed    maphash.Seed
}

type name struct {
	at     uint32 // of its bytes; their room is a multiple of 4
	length uint16
	uses   uint32
}

const (
	maxName   = 4096 // bytes, as metric.MaxTaggedLength
	nameBits  = 10   // of the place in a chunk of entries
	byteBits  = 16   // of the place in a chunk of bytes
	byteChunk = 1 << byteBits
)

func (s *names) init() {
	s.seed = maphash.MakeSeed()
	s.next = 1
}

func (s *names) entry(number uint32) *name {
	return &s.entries[number>>nameBits][number%(1<<nameBits)]
}

// text returns a name. It must not be used any more once the name may have been
// dropped: the bytes are used again.
func (s *names) text(number uint32) string {
	e := s.entry(number)
	return unsafe.String(&s.bytes[e.at>>byteBits][e.at%byteChunk], e.length)
}

// find returns the number of a name, 0 if nobody holds it.
func (s *names) find(text string) uint32 {
	return s.table.find(maphash.String(s.seed, text), func(number uint32) bool { return s.text(number) == text })
}

// hold returns the number of a name of at most maxName bytes, which it makes if
// need be.
func (s *names) hold(text string) uint32 {
	if number := s.find(text); number != 0 {
		s.held(number)
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
	*s.entry(number) = name{at: at, length: uint16(len(text)), uses: 1}
	s.table.insert(maphash.String(s.seed, text), number, s.hash)
	return number
}

// held counts one more use of a name.
func (s *names) held(number uint32) { s.entry(number).uses++ }

// drop ends one use of a name.
func (s *names) drop(number uint32) {
	e := s.entry(number)
	if e.uses--; e.uses > 0 {
		return
	}
	s.table.remove(s.hash(number), number, s.hash)
	size := room(int(e.length))
	*s.link(e.at), s.spare[size/4] = s.spare[size/4], e.at
	*e = name{at: s.free}
	s.free = number
}

func (s *names) hash(number uint32) uint64 { return maphash.String(s.seed, s.text(number)) }

// room is how many bytes a name of that length takes.
func room(length int) int { return max(length+3, 4) &^ 3 }

// alloc returns the address of room for a name. Free room of one size is linked.
func (s *names) alloc(length int) uint32 {
	size := room(length)
	if at := s.spare[size/4]; at != 0 {
		s.spare[size/4] = *s.link(at)
		return at
	}
	if len(s.bytes) == 0 || s.used+size > byteChunk {
		s.bytes = append(s.bytes, make([]byte, byteChunk))
		s.used = 0
		if len(s.bytes) == 1 {
			s.used = 4 // address 0 is none
		}
	}
	at := uint32(len(s.bytes)-1)<<byteBits | uint32(s.used)
	s.used += size
	return at
}

// link is the address that free room holds of the next of its size.
func (s *names) link(at uint32) *uint32 {
	return (*uint32)(unsafe.Pointer(&s.bytes[at>>byteBits][at%byteChunk]))
}
