package ingest

import (
	"context"
	"time"

	"carbon/cache"
)

const (
	// forgetAfter is how long a series without points stays in the cache.
	forgetAfter = time.Hour
	forgetEvery = time.Minute
)

// forgetLoop removes series that have ended from memory.
func (p *Pipeline) forgetLoop(ctx context.Context) {
	for wait(ctx, forgetEvery); ctx.Err() == nil; wait(ctx, forgetEvery) {
		p.forget()
	}
}

func (p *Pipeline) forget() {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	if p.replaying.Load() {
		return
	}
	f := p.filter.Load()
	p.cache.Forget(p.now().Add(-forgetAfter).UnixNano(), func(r cache.Ref) {
		p.encoder.forget(r)
		f.forget(r)
	})
}
