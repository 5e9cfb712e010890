package cache

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"
)

const (
	addressBits  = 15 // of the offset within a chunk
	addressBytes = 2  // unit of the offset
	nameChunk    = addressBytes << addressBits
)

// address is where a name is stored: the number of its chunk, and the offset within
// the chunk in units of addressBytes. 0 is no address. There is room for 8 GiB of
// names.
type address uint32

// arena stores names in chunks, each name after its length. Bytes are written only
// once: a string stays valid after its name was dropped, and keeps its chunk from
// being collected.
//
// get may run concurrently with put. All other methods need exclusive use.
type arena struct {
	chunks    atomic.Pointer[[][]byte]
	liveBytes []int // bytes of the names in each chunk
	free      []int // chunks that are nil
	used      int   // bytes of the current chunk
	current   int   // chunk that put writes to; 0: none
}

func (a *arena) get(p address) string {
	b := (*a.chunks.Load())[p>>addressBits][p%(1<<addressBits)*addressBytes:]
	n, size := uint64(b[0]), 1
	if n >= 0x80 {
		n, size = binary.Uvarint(b)
	}
	return unsafe.String(unsafe.SliceData(b[size:]), int(n))
}

// sizeOf returns the number of bytes that a name takes.
func sizeOf(name string) int {
	var b [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(b[:], uint64(len(name))) + len(name)
	return (n + addressBytes - 1) / addressBytes * addressBytes
}

func (a *arena) put(name string) address {
	size := sizeOf(name)
	if a.current == 0 || a.used+size > nameChunk {
		a.current, a.used = a.add(max(size, nameChunk)), 0
	}
	chunk, at := a.current, a.used
	a.used += size
	b := (*a.chunks.Load())[chunk][at:]
	copy(b[binary.PutUvarint(b, uint64(len(name))):], name)
	a.liveBytes[chunk] += size
	return address(chunk<<addressBits | at/addressBytes)
}

// add adds a chunk and returns its number.
func (a *arena) add(size int) int {
	if a.chunks.Load() == nil {
		a.chunks.Store(&[][]byte{nil})
		a.liveBytes = []int{0}
	}
	chunks := *a.chunks.Load()
	if n := len(a.free); n > 0 {
		i := a.free[n-1]
		a.free = a.free[:n-1]
		chunks[i] = make([]byte, size)
		return i
	}
	if len(chunks) == 1<<(32-addressBits) {
		panic("cache: more than 8 GiB of names")
	}
	chunks = append(chunks, make([]byte, size))
	a.liveBytes = append(a.liveBytes, 0)
	a.chunks.Store(&chunks)
	return len(chunks) - 1
}

// drop removes a name. It releases the chunk with its last name.
func (a *arena) drop(p address) {
	chunk := int(p >> addressBits)
	a.liveBytes[chunk] -= sizeOf(a.get(p))
	if a.liveBytes[chunk] == 0 {
		(*a.chunks.Load())[chunk] = nil
		a.free = append(a.free, chunk)
		if chunk == a.current {
			a.current = 0
		}
	}
}

// sparse returns the chunks that are less than half full of names.
func (a *arena) sparse() map[address]bool {
	sparse := make(map[address]bool)
	chunks := *a.chunks.Load()
	for i, chunk := range chunks {
		if chunk != nil && i != a.current && a.liveBytes[i] < len(chunk)/2 {
			sparse[address(i)] = true
		}
	}
	return sparse
}
