package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"carbon/metric"
)

// Long lists of names stay in memory, as results and as answers, until the clients have
// read them. All lists together may take maxNameBytes. A larger list counts as
// maxNameBytes, so it is allowed while there is no other.
const (
	maxNameBytes = 256 << 20
	fewNames     = 10_000 // lists up to this length are not counted

	// namesWait is how long a long list waits for memory.
	namesWait = 5 * time.Second
)

// boundedFinder is a Finder that bounds the memory of results.
type boundedFinder struct {
	Finder
	s *server
}

// Find runs a few searches at a time for patterns that may match nearly all names: how
// many they match is known only when all are in memory.
func (f boundedFinder) Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error) {
	if strings.Contains(pattern, "**") || strings.Count(pattern, "*") > 2 {
		select {
		case f.s.wideFinds <- struct{}{}:
			defer func() { <-f.s.wideFinds }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	nodes, err := f.Finder.Find(ctx, pattern, w)
	if err == nil && len(nodes) > fewNames {
		size := 0
		for _, n := range nodes {
			size += nameSize(n.Path)
		}
		err = f.s.acquireNames(ctx, size)
	}
	return nodes, err
}

// findTagged returns the names of the series that match all tag expressions, for an
// answer that contains them all.
func (s *server) findTagged(ctx context.Context, exprs []string) ([]string, error) {
	names, err := s.Finder.FindTagged(ctx, exprs)
	if err == nil && len(names) > fewNames {
		size := 0
		for _, name := range names {
			size += nameSize(name)
		}
		err = s.acquireNames(ctx, size)
	}
	return names, err
}

// nameSize is roughly the bytes that a name takes as a result, in a list and in an answer.
func nameSize(name string) int { return 100 + 3*len(name) }

// acquireNames counts a list of names of the request. It waits for memory only for the
// first list of a request, so that requests cannot wait for each other.
func (s *server) acquireNames(ctx context.Context, size int) error {
	m := memoryOf(ctx)
	if m == nil {
		return nil
	}
	more := min(int64(size), maxNameBytes-m.names)
	if !s.nameBytes.TryAcquire(more) {
		wait, cancel := context.WithTimeout(ctx, namesWait)
		defer cancel()
		if m.names > 0 || s.nameBytes.Acquire(wait, more) != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fmt.Errorf("%w: limit %d MiB of names found", errOverloaded, maxNameBytes>>20)
		}
	}
	m.names += more
	return nil
}
