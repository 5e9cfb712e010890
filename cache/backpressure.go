package cache

import "context"

// TryReserve reserves room for n points until Release, if the cache is not full.
// A cache that was full stays full until less than 95 % of it is reserved. One
// reservation may exceed MaxPoints, so n has no limit.
func (c *Cache) TryReserve(n int) bool {
	for {
		limit := c.max
		if c.full.Load() {
			limit = c.low
		}
		reserved := c.reserved.Load()
		if reserved >= limit && !c.unlimited.Load() {
			return false
		}
		if c.reserved.CompareAndSwap(reserved, reserved+int64(n)) {
			return true
		}
	}
}

// Reserve reserves room for n points as TryReserve does, and waits while the cache
// is full. The error is ctx's.
func (c *Cache) Reserve(ctx context.Context, n int) error {
	for waited := false; !c.TryReserve(n); waited = true {
		if !waited {
			c.overflow.Add(1)
		}
		c.waitMu.Lock()
		c.full.Store(true)
		space := c.space
		c.waitMu.Unlock()
		// Whoever shrinks the cache after full was set closes space. What was freed
		// before that is seen here.
		if c.TryReserve(n) {
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

// Release ends a reservation. The points that were added meanwhile keep their room
// until they are stored.
func (c *Cache) Release(n int) {
	c.reserved.Add(int64(-n))
	c.reopen()
}

// LiftLimit removes the limit for good: Reserve no longer waits. It is called
// during shutdown, when everything that clients have sent must be accepted.
func (c *Cache) LiftLimit() {
	c.unlimited.Store(true)
	c.waitMu.Lock()
	defer c.waitMu.Unlock()
	c.wakeWaiters()
}

// grow adds n, which may be negative, to the number of points.
func (c *Cache) grow(n int) {
	if n == 0 {
		return
	}
	c.size.Add(int64(n))
	c.reserved.Add(int64(n))
	if n < 0 {
		c.reopen()
	}
}

// reopen wakes waiting senders if the cache is no longer full.
func (c *Cache) reopen() {
	if !c.full.Load() || c.reserved.Load() >= c.low {
		return
	}
	c.waitMu.Lock()
	defer c.waitMu.Unlock()
	c.wakeWaiters()
}

// wakeWaiters wakes waiting senders. waitMu is held.
func (c *Cache) wakeWaiters() {
	if c.full.Load() {
		c.full.Store(false)
		close(c.space)
		c.space = make(chan struct{})
	}
}
