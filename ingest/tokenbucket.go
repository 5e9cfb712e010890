package ingest

import (
	"sync"
	"time"
)

// tokenBucket limits a rate as carbon's TokenBucket does: tokens that are not used
// within a second can be used in the next one, but not later. A nil tokenBucket
// has no limit.
//
// Unlike golang.org/x/time/rate it grants as many of n tokens as there are, and
// takes back unused ones.
type tokenBucket struct {
	mu     sync.Mutex
	rate   float64 // tokens per second
	tokens float64
	filled time.Time
}

// newTokenBucket returns a tokenBucket; nil if rate is 0.
func newTokenBucket(rate int, now time.Time) *tokenBucket {
	if rate <= 0 {
		return nil
	}
	return &tokenBucket{rate: float64(rate), tokens: float64(rate), filled: now}
}

// take takes up to n tokens and returns their number.
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

// refund puts unused tokens back.
func (b *tokenBucket) refund(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.rate, b.tokens+float64(n))
}
