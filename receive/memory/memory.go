// Package memory bounds the memory that unfinished messages of many connections take
// together.
//
// A sender that goes on with its message gets room from senders that have sent the
// beginning of one and nothing since: their connections are closed.
package memory

import (
	"container/list"
	"errors"
	"io"
	"sync"
)

// ErrLost reports that a connection lost its memory to another one, or that its
// message does not fit the limit.
var ErrLost = errors.New("too many unfinished messages")

// Pool is the memory of many connections.
type Pool struct {
	limit int64

	mu    sync.Mutex
	taken int64     // bytes
	order list.List // of *Claim; the one that has waited longest is first
}

// New returns a Pool of limit bytes. The limit should be at least the length of the
// longest message.
func New(limit int64) *Pool { return &Pool{limit: limit} }

// Taken returns how many bytes are claimed.
func (p *Pool) Taken() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// Claim is the memory of one connection.
type Claim struct {
	pool   *Pool
	closer io.Closer

	// guarded by pool.mu
	size    int64
	element *list.Element // nil: nothing is claimed
	lost    bool
}

// Claim returns the claim of a connection, which has no memory yet. The pool closes
// the connection when it gives its memory to another one.
func (p *Pool) Claim(connection io.Closer) *Claim { return &Claim{pool: p, closer: connection} }

// Resize changes the size of the claim, in bytes. While there is not enough memory
// for all, it takes the memory of the connections that have waited longest. It
// returns ErrLost if the claim itself is lost, or exceeds the limit.
func (c *Claim) Resize(size int) error {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.lost || int64(size) > p.limit {
		return ErrLost
	}
	if c.element == nil {
		c.element = p.order.PushBack(c)
	}
	p.order.MoveToBack(c.element)
	p.taken += int64(size) - c.size
	c.size = int64(size)
	for p.taken > p.limit {
		oldest := p.order.Front().Value.(*Claim) // not c, which fits by itself
		oldest.lost = true
		oldest.drop()
		go oldest.closer.Close() // with TLS it may wait for its peer
	}
	return nil
}

// Touch notes that the sender goes on with its message.
func (c *Claim) Touch() {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if c.element != nil {
		c.pool.order.MoveToBack(c.element)
	}
}

// Release gives the memory back. The claim can be resized again.
func (c *Claim) Release() {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	c.drop()
}

// Lost reports whether another connection has got the memory.
func (c *Claim) Lost() bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return c.lost
}

// drop requires pool.mu.
func (c *Claim) drop() {
	if c.element != nil {
		c.pool.order.Remove(c.element)
	}
	c.pool.taken -= c.size
	c.element, c.size = nil, 0
}
