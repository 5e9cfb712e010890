package ingest

import (
	"sync"
	"time"
)

// tokenBucket grants so many of something in a second, as carbon's token tokenBucket does:
// what was not asked for in one second may be had in the next, not later. A nil
// tokenBucket grants everything.
type tokenBucket struct {
	mu     sync.Mutex
	rate   float64 // per second
	tokens float64
	filled time.Time
}

// newTokenBucket returns a tokenBucket; nil for a rate of 0.
func newTokenBucket(rate int, now time.Time) *tokenBucket {
	if rate <= 0 {
		return nil
	}
	return &tokenBucket{rate: float64(rate), tokens: float64(rate), filled: now}
}

// take grants up to n.
func (b *tokenBucket) take(now time.Time, n int) int {
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

// refund returns what was granted and not used.
func (b *tokenBucket) refund(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.rate, b.tokens+float64(n))
}
