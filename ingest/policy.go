package ingest

import (
	"sync"
	"time"

	"carbon/cache"
)

// due returns which series are to be stored at now. While the cache or the log
// fill up beyond half, points wait for less long, down to not at all: at three
// quarters of the cache, at the end of the log, or while it cannot be written.
func (p *Pipeline) due(now time.Time) cache.Due {
	delay := p.o.WriteDelay
	if delay == 0 || p.shuttingDown.Load() {
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
		if p.stalledRecently() { // the log's disk may be smaller than the log may become
			pressure = max(pressure, 1)
		}
	}
	if p.replaying.Load() {
		// A replay waits for its points to be stored when they fill half of the cache.
		pressure = max(pressure, 8*(ratio(p.cache.Takeable(), p.cache.MaxPoints())-0.375))
	}
	return max(0, pressure)
}

func ratio(a, b int64) float64 { return float64(a) / float64(b) }

// pressed tells whether a writer that sleeps should be woken.
func (p *Pipeline) needsWriter() bool {
	return p.o.WriteDelay == 0 || p.cache.Size() > p.cache.MaxPoints()/2 || p.o.Log != nil && p.o.Log.Size() > p.o.Log.MaxSize()/2
}

// paceParts is in how many parts the time in which series may be stored early is
// looked at.
const paceParts = 32

// pace grants the updates of series that are not due yet: as few as there must be
// so that not more of them become due later than can be stored at the same rate.
// Where series become due one after the other they wait for all of the delay;
// those that would become due together are spread over half of it.
type pace struct {
	mu      sync.Mutex
	planned time.Time // when rate was found
	granted time.Time
	rate    float64 // series a second
	tokens  float64
}

// take grants up to n series of a cache, each of which is due after delay.
func (c *pace) take(now time.Time, n int, waiting func(bounds []int64) []int, delay time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	part := delay / 2 / paceParts
	if since := now.Sub(c.planned); since >= part || since < 0 {
		c.planned = now
		c.rate = leastRate(waiting(paceBounds(now, delay)), part)
	}
	passed := min(now.Sub(c.granted), 10*time.Second)
	c.granted = now
	if passed > 0 {
		c.tokens += c.rate * passed.Seconds()
	}
	c.tokens = min(c.tokens, 1+10*c.rate)
	n = min(n, int(c.tokens))
	c.tokens -= float64(n)
	return n
}

// paceBounds returns the stamps of series that become due in one part, in two, …
// of half of delay.
func paceBounds(now time.Time, delay time.Duration) []int64 {
	bounds := make([]int64, paceParts)
	for i := range bounds {
		bounds[i] = now.Add(-delay + delay/2/paceParts*time.Duration(i+1)).UnixNano()
	}
	return bounds
}

// leastRate returns how many series a second must be stored if counts[i] are due
// in i+1 parts.
func leastRate(counts []int, part time.Duration) (rate float64) {
	for i, n := range counts {
		rate = max(rate, float64(n)/(float64(i+1)*part.Seconds()))
	}
	return rate
}

// refund returns what was granted and not used.
func (c *pace) refund(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens += float64(n)
}
