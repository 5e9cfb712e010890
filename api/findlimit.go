package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"carbon/metric"
)

// Lists of many names stay in memory, as what is found and as the answer made of it,
// until their clients have taken them. All at once they may take maxFound bytes, or
// one of them what it takes. Short ones do not count.
const (
	maxFound = 256 << 20
	fewFound = 10_000

	// foundPatience is how long such a list waits for others to be taken.
	foundPatience = 5 * time.Second
)

// heldFinder is a Finder that bounds what matches patterns, for all requests.
type heldFinder struct {
	Finder
	s *server
}

// Find looks for patterns that may match nearly all names in few requests at a time,
// as how many they match shows only when all are in memory.
func (f heldFinder) Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error) {
	if strings.Contains(pattern, "**") || strings.Count(pattern, "*") > 2 {
		select {
		case f.s.wide <- struct{}{}:
			defer func() { <-f.s.wide }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	nodes, err := f.Finder.Find(ctx, pattern, w)
	if err == nil && len(nodes) > fewFound {
		size := 0
		for _, n := range nodes {
			size += foundSize(n.Path)
		}
		err = f.s.holdFound(ctx, size)
	}
	return nodes, err
}

// findTagged returns the names of the series for which tag expressions hold, for an
// answer that has them all.
func (s *server) findTagged(ctx context.Context, exprs []string) ([]string, error) {
	names, err := s.Finder.FindTagged(ctx, exprs)
	if err == nil && len(names) > fewFound {
		size := 0
		for _, name := range names {
			size += foundSize(name)
		}
		err = s.holdFound(ctx, size)
	}
	return names, err
}

// foundSize is about how many bytes a name takes: found, listed, and in an answer.
func foundSize(name string) int { return 100 + 3*len(name) }

// holdFound counts what was found for the request of a context. The first time it
// waits until there is room; then it does not, lest requests wait for each other.
func (s *server) holdFound(ctx context.Context, size int) error {
	h, ok := ctx.Value(heldKey{}).(*held)
	if !ok {
		return nil
	}
	more := min(int64(size), maxFound-h.found)
	if !s.found.TryAcquire(more) {
		wait, cancel := context.WithTimeout(ctx, foundPatience)
		defer cancel()
		if h.found > 0 || s.found.Acquire(wait, more) != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fmt.Errorf("%w: limit %d MiB of names found", errOverloaded, maxFound>>20)
		}
	}
	h.found += more
	return nil
}
