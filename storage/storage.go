// Package storage defines Store, the interface of storage engines, and interfaces
// for what only some of them can do. Each engine has a package of its own and runs
// the tests of package storagetest.
package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carbon/metric"
)

// ErrNotFound reports that no metric has the given name.
var ErrNotFound = errors.New("metric not found")

// ErrUnknownAggregation reports an aggregation method that does not exist.
var ErrUnknownAggregation = errors.New("unknown aggregation method")

// ErrFixedAggregation reports a metric whose aggregation method cannot be changed.
var ErrFixedAggregation = errors.New("its aggregation method cannot be changed")

// Store stores the points of metrics. All methods may be called concurrently, but
// only one caller at a time may write to a given metric.
type Store interface {
	// Write stores updates in order and returns how many it stored. If n is less
	// than len(updates), err says why updates[n] was not stored. Writing the same
	// points again does not change the store. If two points have the same time,
	// the later in the slice wins. Points older than the longest retention are
	// dropped.
	Write(ctx context.Context, updates []Update) (n int, err error)

	// Find returns the nodes that match a pattern, sorted by path. A branch comes
	// before a leaf with the same path. A pattern with a ';' is the exact name of
	// one tagged series.
	Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error)

	// Fetch returns the series of the named metrics in the order of q.Names,
	// without unknown names. The step of each series is that of the finest archive
	// whose retention reaches back from q.Now to q.From.
	Fetch(ctx context.Context, q Query) ([]metric.Series, error)

	// Sync makes everything written so far survive a power cut.
	Sync(ctx context.Context) error

	Close() error
}

// Update is a batch of points of one metric.
type Update struct {
	Name   string // canonical
	Points []metric.Point
}

// Query selects metrics and a window of time.
type Query struct {
	Names []string // canonical
	metric.Window
	Now int64 // unix seconds; retentions end here
}

// Tagger is a Store that finds tagged series.
type Tagger interface {
	// FindTagged returns the canonical names, sorted, of the series that match all
	// tag expressions, such as "dc=eu" and "host=~web.*".
	FindTagged(ctx context.Context, exprs []string) ([]string, error)
}

// TagIndex is a Tagger that lists tags and values, and to which series can be added.
type TagIndex interface {
	Tagger

	// Tags returns the tags that match a regular expression, anchored at their
	// start. They are sorted. It returns at most limit tags, or all if limit is 0.
	Tags(ctx context.Context, filter string, limit int) ([]string, error)

	// TagValues returns the values of a tag, selected in the same way. An unknown
	// tag has no values.
	TagValues(ctx context.Context, tag, filter string, limit int) ([]metric.TagCount, error)

	// Tag adds series to the tag index, whether they are stored or not. A series
	// without tags has the tag "name" only.
	Tag(ctx context.Context, names []string) error

	// Untag removes series from the tag index. It deletes no points, and the next
	// Write to a series adds it again.
	Untag(ctx context.Context, names []string) error
}

// Searcher is a Store that can find a limited number of nodes without visiting all
// that match.
type Searcher interface {
	// Search returns the first limit nodes, sorted by path, whose paths contain all
	// words, ignoring case. It returns metrics, and those branches whose parent
	// does not match. more reports whether further nodes match. Search does not
	// find tagged series.
	Search(ctx context.Context, words []string, limit int) (found []metric.Node, more bool, err error)

	// FindFirst returns the first limit nodes of the result of Find, and reports
	// whether there are more.
	FindFirst(ctx context.Context, pattern string, limit int) (found []metric.Node, more bool, err error)
}

// Announcer is a Store to which a metric can be announced before its first Write.
// The store then finds the metric while its points are pending.
type Announcer interface {
	Announce(name string)
}

// Deleter is a Store that can delete metrics.
type Deleter interface {
	// Delete deletes the named metrics with all their points and returns how many
	// existed. Names are canonical. Unknown names are ignored.
	Delete(ctx context.Context, names []string) (n int, err error)
}

// Aggregator is a Store whose aggregation methods can be read and changed. Names
// are canonical. The methods return ErrNotFound for an unknown metric.
type Aggregator interface {
	Aggregation(ctx context.Context, name string) (method string, err error)

	// SetAggregation changes the aggregation method for points written from now on
	// and returns the old one. It returns ErrUnknownAggregation if the method does
	// not exist and ErrFixedAggregation if the metric's method cannot be changed.
	SetAggregation(ctx context.Context, name, method string) (old string, err error)
}

// PendingFetcher is a Store that can answer a query as if pending points had been
// written: at the steps of its archives, rolled up by its rules.
type PendingFetcher interface {
	// FetchPending returns what Fetch will return once the pending points are
	// written, as far as that can be known without writing them. pending[i] holds
	// the points of q.Names[i], sorted by time, with at most one point per time.
	// Some of them may have been written already.
	FetchPending(ctx context.Context, q Query, pending [][]metric.Point) ([]metric.Series, error)
}

// DelayError is returned by Write for an update that the store defers on purpose,
// for instance because of a limit on the rate of new metrics. It is not a failure:
// the caller should write the update again at the time Until or later.
type DelayError struct {
	Until time.Time
}

func (e *DelayError) Error() string {
	return fmt.Sprintf("deferred until %s", e.Until.UTC().Format(time.RFC3339))
}

// Describer is a Store that can describe how it stores a metric.
type Describer interface {
	// Describe returns the layout of a metric. For an unknown metric it returns the
	// layout that it would get if it were created now.
	Describe(name string) (metric.Layout, error)
}

// Measurer is a Store that can report the disk usage of metrics.
type Measurer interface {
	// Measure returns the disk usage of a metric, and ErrNotFound if nothing is
	// stored for it.
	Measure(name string) (Usage, error)

	// Space returns the free and the total bytes of the disk that holds the
	// metrics. Both are 0 if they are unknown.
	Space() (free, total int64, err error)
}

// Usage is the disk usage of a metric and the times of its last use.
type Usage struct {
	Size      int64 // bytes
	Allocated int64 // bytes on disk
	Changed   int64 // unix seconds
	Read      int64 // unix seconds, as precisely as it is known
}
