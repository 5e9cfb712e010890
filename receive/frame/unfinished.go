package frame

import (
	"container/list"
	"io"
	"sync"
)

// unfinishedLimit is how many bytes the unfinished frames of all streams may take. It
// is more if two of the longest do.
const unfinishedLimit = 128 << 20

// unfinished bounds the memory of unfinished frames. Who sends a frame as fast as he
// can gets room for it from whoever has sent the beginning of one and nothing since.
type unfinished struct {
	limit int64

	mu    sync.Mutex
	taken int64     // bytes
	order list.List // of *claim; the one that has waited longest is first
}

// claim is the memory that one stream has. All but closer is guarded by unfinished.mu.
type claim struct {
	closer  io.Closer // nil: the stream cannot be closed
	size    int64
	place   *list.Element // nil: it has nothing
	evicted bool
}

// resize changes the size of a claim. Others lose theirs, and their streams are closed,
// while there is not enough for all; with none to close it is ErrMemory.
func (u *unfinished) resize(c *claim, size int) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.evicted {
		return ErrMemory
	}
	if c.place == nil {
		c.place = u.order.PushBack(c)
	}
	u.order.MoveToBack(c.place)
	u.taken += int64(size) - c.size
	c.size = int64(size)
	for e := u.order.Front(); u.taken > u.limit && e != c.place; {
		next := e.Next()
		if oldest := e.Value.(*claim); oldest.closer != nil {
			oldest.evicted = true
			u.drop(oldest)
			go oldest.closer.Close() // with TLS it may wait for its peer
		}
		e = next
	}
	if u.taken > u.limit {
		u.drop(c)
		return ErrMemory
	}
	return nil
}

// moved notes that more of a frame has come.
func (u *unfinished) moved(c *claim) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.place != nil {
		u.order.MoveToBack(c.place)
	}
}

// release ends a claim. Its stream may have another one later.
func (u *unfinished) release(c *claim) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drop(c)
}

// wasTaken tells whether a claim was lost to another stream.
func (u *unfinished) wasTaken(c *claim) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return c.evicted
}

func (u *unfinished) drop(c *claim) {
	if c.place != nil {
		u.order.Remove(c.place)
	}
	u.taken -= c.size
	c.place, c.size = nil, 0
}
