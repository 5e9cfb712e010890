package ingest

import (
	"sync"
	"time"

	"carbon/cache"
)

// due returns which series are to be stored at now. While the cache or the log
// fill up beyond half, points wait for less long, down to not at all: at three
// quarters of the cache, or at the end of the log.
func (p *Pipeline) due(now time.Time) cache.Due {
	delay := p.o.WriteDelay
	if delay < 0 || p.hurried.Load() {
		return cache.Due{Before: never}
	}
	pressure := p.pressure()
	if pressure >= 1 {
		return cache.Due{Before: never, OldestFirst: true}
	}
	delay -= time.Duration(pressure * float64(delay))
	return cache.Due{Before: now.Add(-delay).UnixNano(), Points: p.o.WritePoints, OldestFirst: pressure > 0}
}

// early returns which series may be stored at now although they are not due, so
// that not all are due at once: those that have waited for half as long.
func (p *Pipeline) early(now time.Time) cache.Due {
	return cache.Due{Before: now.Add(-p.o.WriteDelay / 2).UnixNano(), Points: p.o.WritePoints, OldestFirst: true}
}

// pressure is how much the cache and the log ask for points to be stored, from 0
// to 1 and more.
func (p *Pipeline) pressure() float64 {
	pressure := 4 * (ratio(p.cache.Size(), p.cache.MaxPoints()) - 0.5)
	if p.o.Log != nil {
		pressure = max(pressure, 2*(ratio(p.o.Log.Size(), p.o.Log.MaxSize())-0.5))
	}
	if p.replaying.Load() {
		// A replay waits for its points to be stored when they fill half of the cache.
		pressure = max(pressure, 8*(ratio(p.cache.Takeable(), p.cache.MaxPoints())-0.375))
	}
	return max(0, pressure)
}

func ratio(a, b int64) float64 { return float64(a) / float64(b) }

// pressed tells whether a writer that sleeps should be woken.
func (p *Pipeline) pressed() bool {
	return p.o.WriteDelay < 0 || p.cache.Size() > p.cache.MaxPoints()/2 || p.o.Log != nil && p.o.Log.Size() > p.o.Log.MaxSize()/2
}

// pace grants the updates of series that are not due yet: as many as spread all
// series that have points over the time in which they may be stored early.
type pace struct {
	mu      sync.Mutex
	granted time.Time
	tokens  float64
}

// paceAhead is for how long what was not asked for may still be had.
const paceAhead = 5 * time.Second

// take grants up to n of series, of which each is to be stored once in period.
func (c *pace) take(now time.Time, n int, series int64, period time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	passed := now.Sub(c.granted)
	c.granted = now
	if passed > 0 {
		c.tokens += float64(series) * float64(passed) / float64(period)
	}
	c.tokens = min(c.tokens, 1+float64(series)*float64(paceAhead)/float64(period))
	n = min(n, int(c.tokens))
	c.tokens -= float64(n)
	return n
}

// giveBack returns what was granted and not used.
func (c *pace) giveBack(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens += float64(n)
}
