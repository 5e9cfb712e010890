package cache

import "context"

// Reserve waits until the cache has room, and claims it for n points until
// Release. A cache that was full has room again when less than 95 % of it is
// used. One reservation may go over the bound, so that it need not be a limit of
// batches.
//
// The error is ctx's.
func (c *Cache) Reserve(ctx context.Context, n int) error {
	for waited := false; !c.claim(n); waited = true {
		if !waited {
			c.overflow.Add(1)
		}
		c.gate.Lock()
		c.full.Store(true)
		space := c.space
		c.gate.Unlock()
		// What shrinks the cache looks at full after that: so it is seen here,
		// or it closes space.
		if c.claim(n) {
			return nil
		}
		select {
		case <-space:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Release gives a reservation back, when its points were added.
func (c *Cache) Release(n int) {
	c.claimed.Add(int64(-n))
	c.open()
}

// Unbound lifts the bound for good: from now on nobody waits. It is for the end,
// when what senders have sent must be taken in.
func (c *Cache) Unbound() {
	c.unbounded.Store(true)
	c.gate.Lock()
	defer c.gate.Unlock()
	c.letGo()
}

// claim takes room for n points if there is some.
func (c *Cache) claim(n int) bool {
	for {
		limit := c.max
		if c.full.Load() {
			limit = c.low
		}
		claimed := c.claimed.Load()
		if claimed >= limit && !c.unbounded.Load() {
			return false
		}
		if c.claimed.CompareAndSwap(claimed, claimed+int64(n)) {
			return true
		}
	}
}

// grow counts n points more, or fewer.
func (c *Cache) grow(n int) {
	if n == 0 {
		return
	}
	c.size.Add(int64(n))
	c.claimed.Add(int64(n))
	if n < 0 {
		c.open()
	}
}

// open lets senders go on if there is room for them again.
func (c *Cache) open() {
	if !c.full.Load() || c.claimed.Load() >= c.low {
		return
	}
	c.gate.Lock()
	defer c.gate.Unlock()
	c.letGo()
}

// letGo wakes those that wait. The gate is locked.
func (c *Cache) letGo() {
	if c.full.Load() {
		c.full.Store(false)
		close(c.space)
		c.space = make(chan struct{})
	}
}
