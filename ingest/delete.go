package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carbon/storage"
)

// maxDeletions is the maximum number of names in one record of the log. With
// names of up to 4 KiB they stay below wal.MaxRecord.
const maxDeletions = 2048

// Delete deletes metrics with all points that were pushed before, stored or
// pending, and returns how many of the metrics the store had. Names are canonical.
// Points pushed afterwards create the metric anew.
//
// Delete waits for the end of Replay, and for the log as Push does. After an error
// each metric is deleted now, or when the next run replays the log, or not at all.
func (p *Pipeline) Delete(ctx context.Context, names []string) (n int, err error) {
	deleter, ok := p.store.(storage.Deleter)
	if !ok {
		return 0, errors.New("delete: the store cannot delete metrics")
	}
	for p.replaying.Load() {
		if wait(ctx, 10*time.Millisecond); ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	var failed error
	err = p.retryUntilDone(ctx, "deletion not logged; trying again", func() error {
		// Points in flight would be stored after the deletion.
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

// drop logs the deletion of metrics, and drops their pending points.
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
		p.failures.succeeded(name) // no points are left that could fail
	}
	return nil
}
