package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carbon/storage"
)

// maxDeletions is how many names go into one record of the log, which they, of
// up to 4 KiB each, must not make longer than one may be.
const maxDeletions = 2048

// Delete deletes metrics with all that was pushed of them before, stored or not,
// and returns how many the store had. Names are canonical. What is pushed
// afterwards is of a new metric.
//
// Delete waits for the end of Replay, and for the log as Push does. After an
// error the metrics may be deleted or not, by the next start at the latest.
func (p *Pipeline) Delete(ctx context.Context, names []string) (n int, err error) {
	deleter, ok := p.store.(storage.Deleter)
	if !ok {
		return 0, errors.New("delete: the store cannot delete")
	}
	for p.replaying.Load() {
		if wait(ctx, 10*time.Millisecond); ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	var failed error
	err = p.retryUntilDone(ctx, "deletion waits for the log", func() error {
		// What is on its way into the store would be stored after it was deleted.
		p.writing.Lock()
		defer p.writing.Unlock()
		if err := p.drop(names); err != nil {
			return err
		}
		if err := p.commit(); err != nil {
			return err
		}
		n, failed = deleter.Delete(ctx, names)
		return nil
	})
	if err = errors.Join(err, failed); err != nil {
		return n, fmt.Errorf("delete: %w", err)
	}
	return n, nil
}

// drop drops what was pushed of metrics, in log and cache.
func (p *Pipeline) drop(names []string) error {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	for rest := names; len(rest) > 0; {
		some := rest[:min(len(rest), maxDeletions)]
		rest = rest[len(some):]
		_, err := p.append(p.now().UnixNano(), func(_ uint64, b []byte) []byte { return appendDeletion(b, some) })
		if err != nil {
			return err
		}
	}
	p.cache.Drop(names)
	for _, name := range names {
		p.failures.succeeded(name) // there is nothing left to fail
	}
	return nil
}
