// Package metric holds the types that all other packages share: points, series,
// time windows and tags, and the rules and patterns for metric names.
package metric

// Point is a value at a time.
type Point struct {
	Time  int64 // unix seconds
	Value float64
}

// Datapoint is a point of a named metric, as in one plaintext line.
//
// Name may alias a read buffer. A function that keeps it after it returns must
// copy it.
type Datapoint struct {
	Name string
	Point
}

// Window is a time range in unix seconds. As in whisper, From is exclusive and
// Until is inclusive.
type Window struct{ From, Until int64 }

// Earlier returns the window with From moved back by seconds.
func (w Window) Earlier(seconds int64) Window { return Window{w.From - seconds, w.Until} }

// Shift returns the window moved by seconds, back in time if negative.
func (w Window) Shift(seconds int64) Window { return Window{w.From + seconds, w.Until + seconds} }

// Series is a sequence of values at a fixed step. Values[i] is the value at
// Start + i*Step; NaN means no value.
type Series struct {
	Name        string
	Tags        Tags
	Start, Step int64 // unix seconds; seconds per point
	Values      []float64
}

// Tags maps tag keys to values. The tags of a stored series include its metric
// name under the key "name".
type Tags map[string]string

// Node is a node of the tree of metric names. If a name is both a metric and the
// parent of other metrics, the tree has two nodes for it: a leaf and a branch.
type Node struct {
	Path string // the whole dotted name
	Leaf bool   // a metric has this name
}

// Layout describes how a metric is stored: its archives, from fine to coarse, and
// the rollup from one to the next.
type Layout struct {
	Archives     []Archive
	Aggregation  string  // method by Graphite name: average, sum, last, …
	XFilesFactor float64 // fraction of points that must be present for a rollup, 0 to 1
}

// Archive is one resolution of a metric.
type Archive struct {
	Step   int64 // seconds per point
	Points int64
}

// Retention returns how far back the archive reaches, in seconds.
func (a Archive) Retention() int64 { return a.Step * a.Points }
