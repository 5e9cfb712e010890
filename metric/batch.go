package metric

import "unsafe"

// Capacity of a Batch. A full batch is pushed.
const (
	batchPoints = 1024
	batchNames  = 64 << 10 // bytes
)

// Batch collects datapoints and pushes many at once. It copies their names.
type Batch struct {
	push   func([]Datapoint) error
	points []Datapoint
	names  []byte
}

// NewBatch returns a Batch that passes its datapoints to push. Push must not keep
// the slice or the names.
func NewBatch(push func([]Datapoint) error) *Batch {
	return &Batch{push: push, points: make([]Datapoint, 0, batchPoints), names: make([]byte, 0, batchNames)}
}

// Reset empties the batch and makes it pass later datapoints to push.
func (b *Batch) Reset(push func([]Datapoint) error) {
	b.push, b.points, b.names = push, b.points[:0], b.names[:0]
}

// Add adds a datapoint with the name prefix+name. If the batch is full, Add
// flushes it first and returns the error of push.
func (b *Batch) Add(prefix, name string, p Point) error {
	n := len(prefix) + len(name)
	if len(b.points) == cap(b.points) || len(b.names)+n > cap(b.names) {
		if err := b.Flush(); err != nil {
			return err
		}
	}
	if n > cap(b.names) {
		b.points = append(b.points, Datapoint{prefix + name, p})
		return nil
	}
	start := len(b.names)
	b.names = append(append(b.names, prefix...), name...)
	own := b.names[start:]
	b.points = append(b.points, Datapoint{unsafe.String(unsafe.SliceData(own), len(own)), p})
	return nil
}

// Flush passes the collected datapoints to push, if there are any, and empties the
// batch.
func (b *Batch) Flush() error {
	if len(b.points) == 0 {
		return nil
	}
	err := b.push(b.points)
	clear(b.points)
	b.points, b.names = b.points[:0], b.names[:0]
	return err
}
