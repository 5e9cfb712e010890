package ingest

import (
	"sync"
	"time"
)

// bucket grants so many of something in a second, as carbon's token bucket does:
// what was not asked for in one second may be had in the next, not later. A nil
// bucket grants everything.
type bucket struct {
	mu     sync.Mutex
	rate   float64 // per second
	tokens float64
	filled time.Time
}

// newBucket returns a bucket; nil for a rate of 0.
func newBucket(rate int, now time.Time) *bucket {
	if rate <= 0 {
		return nil
	}
	return &bucket{rate: float64(rate), tokens: float64(rate), filled: now}
}

// take grants up to n.
func (b *bucket) take(now time.Time, n int) int {
	if b == nil {
		return n
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if passed := now.Sub(b.filled).Seconds(); passed > 0 {
		b.tokens = min(b.rate, b.tokens+passed*b.rate)
		b.filled = now
	}
	n = min(n, int(b.tokens))
	b.tokens -= float64(n)
	return n
}

// giveBack returns what was granted and not used.
func (b *bucket) giveBack(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.rate, b.tokens+float64(n))
}
