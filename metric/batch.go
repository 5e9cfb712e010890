package metric

import "unsafe"

// Bounds of a Batch.
const (
	batchPoints = 1024
	batchNames  = 64 << 10 // bytes
)

// Batch collects datapoints and their names, which it copies, and hands many over
// at once.
type Batch struct {
	push   func([]Datapoint) error
	points []Datapoint
	names  []byte
}

// NewBatch returns a Batch that hands its datapoints to push, which keeps neither
// the slice nor the names.
func NewBatch(push func([]Datapoint) error) *Batch {
	return &Batch{push: push, points: make([]Datapoint, 0, batchPoints), names: make([]byte, 0, batchNames)}
}

// Reset makes an empty Batch hand its datapoints to push from now on.
func (b *Batch) Reset(push func([]Datapoint) error) {
	b.push, b.points, b.names = push, b.points[:0], b.names[:0]
}

// Add takes one datapoint, whose name is prefix and name together. The error is
// push's.
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

// Flush hands over what was added.
func (b *Batch) Flush() error {
	if len(b.points) == 0 {
		return nil
	}
	err := b.push(b.points)
	clear(b.points)
	b.points, b.names = b.points[:0], b.names[:0]
	return err
}
