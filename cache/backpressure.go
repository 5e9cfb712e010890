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
		c.waitMu.Lock()
		c.full.Store(true)
		space := c.space
		c.waitMu.Unlock()
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
	c.reopen()
}

// LiftLimit lifts the bound for good: from now on nobody waits. It is for the end,
// when what senders have sent must be taken in.
func (c *Cache) LiftLimit() {
	c.unlimited.Store(true)
	c.waitMu.Lock()
	defer c.waitMu.Unlock()
	c.wakeWaiters()
}

// claim takes room for n points if there is some.
func (c *Cache) claim(n int) bool {
	for {
		limit := c.max
		if c.full.Load() {
			limit = c.low
		}
		claimed := c.claimed.Load()
		if claimed >= limit && !c.unlimited.Load() {
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
		c.reopen()
	}
}

// open lets senders go on if there is room for them again.
func (c *Cache) reopen() {
	if !c.full.Load() || c.claimed.Load() >= c.low {
		return
	}
	c.waitMu.Lock()
	defer c.waitMu.Unlock()
	c.wakeWaiters()
}

// wakeWaiters wakes those that wait. The waitMu is locked.
func (c *Cache) wakeWaiters() {
	if c.full.Load() {
		c.full.Store(false)
		close(c.space)
		c.space = make(chan struct{})
	}
}
