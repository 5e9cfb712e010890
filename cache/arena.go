package cache

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"
)

const (
	placeBits  = 15 // places of a chunk
	placeBytes = 2
	nameChunk  = placeBytes << placeBits
)

// place is where a name is: its chunk, and its offset there in units of
// placeBytes. 0 is none. There is room for 8 GiB of names.
type place uint32

// arena holds names, each behind its length. Bytes are written once: a string
// stays good when its name was dropped, and keeps its chunk from being collected.
//
// get may run beside put. Everything else excludes everything.
type arena struct {
	chunks atomic.Pointer[[][]byte]
	live   []int // bytes of the names in each chunk
	free   []int // chunks that are nil
	used   int   // bytes of the current chunk
	now    int   // the current chunk; 0: none
}

func (a *arena) get(p place) string {
	b := (*a.chunks.Load())[p>>placeBits][p%(1<<placeBits)*placeBytes:]
	n, size := uint64(b[0]), 1
	if n >= 0x80 {
		n, size = binary.Uvarint(b)
	}
	return unsafe.String(unsafe.SliceData(b[size:]), int(n))
}

// sizeOf is how many bytes a name takes.
func sizeOf(name string) int {
	var b [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(b[:], uint64(len(name))) + len(name)
	return (n + placeBytes - 1) / placeBytes * placeBytes
}

func (a *arena) put(name string) place {
	size := sizeOf(name)
	if a.now == 0 || a.used+size > nameChunk {
		a.now, a.used = a.add(max(size, nameChunk)), 0
	}
	chunk, at := a.now, a.used
	a.used += size
	b := (*a.chunks.Load())[chunk][at:]
	copy(b[binary.PutUvarint(b, uint64(len(name))):], name)
	a.live[chunk] += size
	return place(chunk<<placeBits | at/placeBytes)
}

// add adds a chunk and returns its number.
func (a *arena) add(size int) int {
	if a.chunks.Load() == nil {
		a.chunks.Store(&[][]byte{nil})
		a.live = []int{0}
	}
	chunks := *a.chunks.Load()
	if n := len(a.free); n > 0 {
		i := a.free[n-1]
		a.free = a.free[:n-1]
		chunks[i] = make([]byte, size)
		return i
	}
	if len(chunks) == 1<<(32-placeBits) {
		panic("cache: more than 8 GiB of names")
	}
	chunks = append(chunks, make([]byte, size))
	a.live = append(a.live, 0)
	a.chunks.Store(&chunks)
	return len(chunks) - 1
}

// drop lets a name go, and its chunk with its last.
func (a *arena) drop(p place) {
	chunk := int(p >> placeBits)
	a.live[chunk] -= sizeOf(a.get(p))
	if a.live[chunk] == 0 {
		(*a.chunks.Load())[chunk] = nil
		a.free = append(a.free, chunk)
		if chunk == a.now {
			a.now = 0
		}
	}
}

// sparse returns which chunks are less than half full of names; nil if few are.
func (a *arena) sparse() map[place]bool {
	sparse := make(map[place]bool)
	chunks := *a.chunks.Load()
	for i, chunk := range chunks {
		if chunk != nil && i != a.now && a.live[i] < len(chunk)/2 {
			sparse[place(i)] = true
		}
	}
	return sparse
}
