package ingest

import (
	"sync"
	"time"

	"carbon/cache"
)

// due returns which series are to be stored at now. While the cache or the log is
// more than half full, the write delay shrinks. It is zero when the cache is three
// quarters full, the log is full, or the log cannot be written.
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

// early returns which series may be stored at now although they are not due:
// those that have waited for half of the write delay.
func (p *Pipeline) early(now time.Time) cache.Due {
	return cache.Due{Before: now.Add(-p.o.WriteDelay / 2).UnixNano(), Points: p.o.WritePoints, OldestFirst: true}
}

// pressure returns how urgently the cache and the log need points to be stored:
// 0 while both are at most half full, 1 or more for at once.
func (p *Pipeline) pressure() float64 {
	pressure := 4 * (ratio(p.cache.Size(), p.cache.MaxPoints()) - 0.5)
	if p.o.Log != nil {
		pressure = max(pressure, 2*(ratio(p.o.Log.Size(), p.o.Log.MaxSize())-0.5))
		if p.stalledRecently() { // the disk may be full before the log reaches MaxSize
			pressure = max(pressure, 1)
		}
	}
	if p.replaying.Load() {
		// Replay waits for writers when its points fill half of the cache.
		pressure = max(pressure, 8*(ratio(p.cache.Takeable(), p.cache.MaxPoints())-0.375))
	}
	return max(0, pressure)
}

func ratio(a, b int64) float64 { return float64(a) / float64(b) }

// needsWriter reports whether to wake a writer that sleeps.
func (p *Pipeline) needsWriter() bool {
	return p.o.WriteDelay == 0 || p.cache.Size() > p.cache.MaxPoints()/2 || p.o.Log != nil && p.o.Log.Size() > p.o.Log.MaxSize()/2
}

// paceParts is the number of intervals that pace divides the second half of the
// write delay into.
const paceParts = 32

// pace limits the rate of early updates. It allows the lowest rate that keeps the
// later updates, when series become due, at or below the same rate. Series that
// become due one after the other wait for the whole write delay; series that would
// become due at the same time are spread over the second half of it.
type pace struct {
	mu      sync.Mutex
	planned time.Time // when rate was computed
	granted time.Time
	rate    float64 // series per second
	tokens  float64
}

// take grants up to n early updates. waiting is Cache.Waiting; delay is the write
// delay.
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

// paceBounds returns, for each interval of the second half of delay, the latest
// stamp of series that become due until its end.
func paceBounds(now time.Time, delay time.Duration) []int64 {
	bounds := make([]int64, paceParts)
	for i := range bounds {
		bounds[i] = now.Add(-delay + delay/2/paceParts*time.Duration(i+1)).UnixNano()
	}
	return bounds
}

// leastRate returns the lowest rate, in series per second, at which counts[i]
// series are stored within i+1 parts, for each i.
func leastRate(counts []int, part time.Duration) (rate float64) {
	for i, n := range counts {
		rate = max(rate, float64(n)/(float64(i+1)*part.Seconds()))
	}
	return rate
}

// refund returns grants that were not used.
func (c *pace) refund(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens += float64(n)
}
