// Package storage is the contract between those who keep metrics and those who
// ask for them. Implementations live in packages of their own and prove
// themselves with package storagetest.
package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carbon/metric"
)

// ErrNotFound reports that there is no metric of the name asked for.
var ErrNotFound = errors.New("metric not found")

// ErrUnknownAggregation reports an aggregation method that no metric can have.
var ErrUnknownAggregation = errors.New("unknown aggregation method")

// ErrFixedAggregation reports a metric whose aggregation method stays as it is.
var ErrFixedAggregation = errors.New("its aggregation method cannot be changed")

// Store keeps points by metric. All methods may be called concurrently, except
// that one metric is written by one caller at a time.
type Store interface {
	// Write stores updates in order and reports how many it stored; err explains
	// the next, as io.Writer does. Writing the same points twice leaves the
	// store as if written once; of two points with the same time the later in
	// the slice wins. Points older than the longest retention are dropped.
	Write(ctx context.Context, updates []Update) (n int, err error)

	// Find returns the nodes that match a pattern, sorted by path, branches
	// before leaves of the same path. A pattern with a ';' names one tagged
	// series exactly.
	Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error)

	// Fetch returns the series of the named metrics in the order asked for;
	// unknown names are left out. The step of each is that of the finest archive
	// that reaches back from q.Now to q.From.
	Fetch(ctx context.Context, q Query) ([]metric.Series, error)

	// Sync returns when all that was written survives a power cut.
	Sync(ctx context.Context) error

	Close() error
}

// Update is a batch of points of one metric.
type Update struct {
	Name   string // canonical
	Points []metric.Point
}

// Query asks for metrics over a window.
type Query struct {
	Names []string // canonical
	metric.Window
	Now int64 // unix seconds; retentions are counted back from here
}

// Tagger is a Store that finds tagged series by tag expressions such as
// "dc=eu" or "host=~web.*", all of which must hold. It returns canonical names,
// sorted.
type Tagger interface {
	FindTagged(ctx context.Context, exprs []string) ([]string, error)
}

// TagIndex is a Tagger that can be asked for tags and told of series.
type TagIndex interface {
	Tagger

	// Tags returns the tags, sorted, that a regular expression matches at their
	// start; at most limit of them, 0 for all.
	Tags(ctx context.Context, filter string, limit int) ([]string, error)

	// TagValues does so for the values of a tag. There are none of an unknown one.
	TagValues(ctx context.Context, tag, filter string, limit int) ([]metric.TagCount, error)

	// Tag makes series known by their tags; one without tags has its name. They
	// need not be stored.
	Tag(ctx context.Context, names []string) error

	// Untag forgets what Tag or Write have told of the series. It deletes nothing
	// else, and the next points of a series make it known again.
	Untag(ctx context.Context, names []string) error
}

// Searcher is a Store that finds the first of many nodes without finding all.
type Searcher interface {
	// Search returns the first limit nodes, sorted by path, in whose paths all words
	// are, in upper or lower case: metrics, and branches that have a word which
	// those above them lack. more tells whether there are others. Tagged series
	// are not among them.
	Search(ctx context.Context, words []string, limit int) (found []metric.Node, more bool, err error)

	// FindFirst returns the first limit nodes of what Find returns.
	FindFirst(ctx context.Context, pattern string, limit int) (found []metric.Node, more bool, err error)
}

// Announcer is a Store that can be told of a metric before its first Write, so
// that it is found while its points still wait to be stored.
type Announcer interface {
	Announce(name string)
}

// Deleter is a Store that can forget metrics with all their points.
type Deleter interface {
	// Delete removes the named metrics and returns how many there were. Names are
	// canonical; unknown ones are passed over.
	Delete(ctx context.Context, names []string) (n int, err error)
}

// Aggregator is a Store that can be asked how it rolls up a metric, and told
// otherwise. Names are canonical; ErrNotFound says that there is no such metric.
type Aggregator interface {
	Aggregation(ctx context.Context, name string) (method string, err error)

	// SetAggregation changes it for points that come from now on. The error of a
	// method that there is not is ErrUnknownAggregation, that of a metric whose method
	// stays as it is ErrFixedAggregation.
	SetAggregation(ctx context.Context, name, method string) (old string, err error)
}

// PendingFetcher is a Store that can answer a query as if pending points had been
// written: at the steps of its archives, rolled up by its rules.
type PendingFetcher interface {
	// FetchPending returns what Fetch will return once the pending points are
	// written, as far as that can be known without writing them. pending[i] holds
	// the points of q.Names[i], sorted by time, at most one for each time. They
	// may have been written already.
	FetchPending(ctx context.Context, q Query, pending [][]metric.Point) ([]metric.Series, error)
}

// DelayError is returned by Write for an update that a store puts off on purpose,
// such as the creation of a metric beyond the rate that is allowed. It is no
// failure: the update is to be written again, not before Until.
type DelayError struct {
	Until time.Time
}

func (e *DelayError) Error() string {
	return fmt.Sprintf("put off until %s", e.Until.UTC().Format(time.RFC3339))
}

// Describer is a Store that knows how a metric is kept, or would be if it were
// created now.
type Describer interface {
	Describe(name string) (metric.Layout, error)
}

// Measurer is a Store that knows what room metrics take.
type Measurer interface {
	// Measure returns ErrNotFound for a metric of which nothing is stored yet.
	Measure(name string) (Usage, error)

	// Room returns the bytes that are free where metrics are stored, and all that
	// there are; 0 where that cannot be known.
	Room() (free, total int64, err error)
}

// Usage is what a stored metric takes, and when it was last of use.
type Usage struct {
	Size      int64 // bytes
	Allocated int64 // bytes that a disk keeps room for
	Changed   int64 // unix seconds
	Read      int64 // unix seconds, as far as it is known
}
