package whisper

import (
	"context"

	"carbon/metric"
)

// FindTagged implements storage.Tagger. The error is a *metric.TagExprError.
func (s *Store) FindTagged(ctx context.Context, exprs []string) ([]string, error) {
	return s.index.FindTagged(ctx, exprs)
}

// Tags implements storage.TagIndex. The error is a *metric.TagExprError.
func (s *Store) Tags(ctx context.Context, filter string, limit int) ([]string, error) {
	return s.index.Tags(ctx, filter, limit)
}

// TagValues implements storage.TagIndex. The error is a *metric.TagExprError.
func (s *Store) TagValues(ctx context.Context, tag, filter string, limit int) ([]metric.TagCount, error) {
	return s.index.Values(ctx, tag, filter, limit)
}

// Tag implements storage.TagIndex. Series that are never written are lost when the
// store is closed.
func (s *Store) Tag(_ context.Context, names []string) error {
	for _, name := range names {
		s.index.Tag(name)
	}
	return nil
}

// Untag implements storage.TagIndex. It keeps the files of tagged series. Their names
// are unknown until the next Write.
func (s *Store) Untag(_ context.Context, names []string) error {
	for _, name := range names {
		lock := s.lock(name)
		lock.Lock()
		if s.index.Untag(name) && metric.IsTagged(name) {
			s.log.remove(name)
		}
		lock.Unlock()
	}
	return s.log.flush()
}
