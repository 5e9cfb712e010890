// Package metric holds the types every other room shares: a point, a series, a
// window of time, tags, and the rules and patterns for metric names.
package metric

// Point is one value at one time.
type Point struct {
	Time  int64 // unix seconds
	Value float64
}

// Datapoint is what one plaintext line says.
//
// The name may alias a read buffer: whoever keeps it beyond the call that
// handed it over copies it first.
type Datapoint struct {
	Name string
	Point
}

// Window is a range of time as whisper answers it: From is exclusive, Until is
// inclusive, both in unix seconds.
type Window struct{ From, Until int64 }

// Earlier returns the window with From moved back by seconds.
func (w Window) Earlier(seconds int64) Window { return Window{w.From - seconds, w.Until} }

// Shift returns the window moved by seconds, backwards if negative.
func (w Window) Shift(seconds int64) Window { return Window{w.From + seconds, w.Until + seconds} }

// Series is a row of values at a fixed step. Values[i] is the value at
// Start + i*Step; NaN is no value.
type Series struct {
	Name        string
	Tags        Tags
	Start, Step int64 // unix seconds; seconds per point
	Values      []float64
}

// Tags are the tags of a series by key. A series as stored carries its metric
// name as the tag "name".
type Tags map[string]string

// Node is a place in the tree of metric names. A name that is both a metric and
// the beginning of others is two nodes.
type Node struct {
	Path string // the whole dotted name
	Leaf bool   // there is a metric of this name
}

// Layout is how a metric is kept: archives from fine to coarse, and how finer
// points become coarser ones.
type Layout struct {
	Archives     []Archive
	Aggregation  string  // method by Graphite name: average, sum, last, …
	XFilesFactor float64 // share of known points that a rollup needs, 0 to 1
}

// Archive is one resolution of a metric.
type Archive struct {
	Step   int64 // seconds per point
	Points int64
}

// Retention is how far back the archive reaches, in seconds.
func (a Archive) Retention() int64 { return a.Step * a.Points }
