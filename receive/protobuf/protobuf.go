// Package protobuf reads carbon's Protocol Buffers: frames, each of which is a message
//
//	Payload { repeated Metric metrics = 1; }
//	Metric  { string metric = 1; repeated Point points = 2; }
//	Point   { uint32 timestamp = 1; double value = 2; }
//
// Fields with other numbers are skipped. A frame that cannot be read is refused as a
// whole, and the connection stays open.
package protobuf

import (
	"errors"
	"sync"
	"unsafe"

	"carbon/codec/protobuf"
	"carbon/metric"
	"carbon/receive"
	"carbon/receive/frame"
	"carbon/receive/number"
)

// Reasons why a frame or a point is refused, as given to Options.Refuse.
const (
	Malformed = "malformed message"
	NaN       = "nan value"
	TooLong   = "frame too long"
	Memory    = "too many unfinished frames"
)

const (
	// batchSize is the maximum number of datapoints of a push.
	batchSize = 1024

	// keptPoints is the maximum capacity of a buffer that is kept between frames.
	keptPoints = 64 << 10
)

// Options of a Format. The zero value is carbon's behavior.
type Options struct {
	// MaxLength is the maximum frame in bytes; 0 means frame.DefaultMaxLength.
	MaxLength int

	// Refuse is called for each frame or point that is refused, with the reason; nil:
	// it is not reported. Of a frame it gets the bytes, of a point the name; both alias
	// the read buffer. Of NaN values it gets nil.
	Refuse func(reason string, input []byte)
}

// Format reads streams of messages, any number of them at a time.
type Format struct {
	frames *frame.Reader
	refuse func(reason string, input []byte)
	points sync.Pool // *[]metric.Datapoint
}

// New returns a Format.
func New(o Options) *Format {
	f := &Format{frames: frame.New(frame.Options{MaxLength: o.MaxLength}), refuse: o.Refuse}
	if f.refuse == nil {
		f.refuse = func(string, []byte) {}
	}
	f.points.New = func() any { return new([]metric.Datapoint) }
	return f
}

// Read is a receive.Format. It returns nil at io.EOF, frame.ErrTooLong,
// frame.ErrMemory, or the error of the stream or of push.
func (f *Format) Read(s receive.Stream, push func([]metric.Datapoint) error) error {
	err := f.frames.Read(s, func(frame []byte) error { return f.frame(frame, push) })
	switch {
	case errors.Is(err, frame.ErrTooLong):
		f.refuse(TooLong, nil)
	case errors.Is(err, frame.ErrMemory):
		f.refuse(Memory, nil)
	}
	return err
}

// frame pushes the datapoints of one message.
func (f *Format) frame(frame []byte, push func([]metric.Datapoint) error) error {
	buffer := f.points.Get().(*[]metric.Datapoint)
	points, err := payload((*buffer)[:0], frame)
	if cap(points) <= keptPoints {
		*buffer = points
	}
	defer f.points.Put(buffer)
	if err != nil {
		f.refuse(Malformed, frame)
		return nil
	}
	good := points[:0]
	for _, p := range points {
		_, reason := number.Seconds(float64(p.Time))
		switch {
		case p.Value != p.Value:
			f.refuse(NaN, nil)
		case reason != "":
			f.refuse(reason, unsafe.Slice(unsafe.StringData(p.Name), len(p.Name)))
		default:
			good = append(good, p)
		}
	}
	for len(good) > 0 {
		n := min(batchSize, len(good))
		if err := push(good[:n]); err != nil {
			return err
		}
		good = good[n:]
	}
	return nil
}

// payload appends the datapoints of a Payload.
func payload(points []metric.Datapoint, message []byte) ([]metric.Datapoint, error) {
	err := each(message, 1, func(inner []byte) error {
		first := len(points)
		name := ""
		err := each(inner, 2, func(inner []byte) error {
			p, err := point(inner)
			points = append(points, metric.Datapoint{Point: p})
			return err
		})
		if err == nil {
			err = each(inner, 1, func(b []byte) error {
				name = unsafe.String(unsafe.SliceData(b), len(b))
				return nil
			})
		}
		for i := first; i < len(points); i++ {
			points[i].Name = name
		}
		return err
	})
	return points, err
}

// point reads a Point.
func point(message []byte) (p metric.Point, err error) {
	for len(message) > 0 {
		var field protobuf.Field
		if field, message, err = protobuf.Next(message); err != nil {
			return p, err
		}
		switch field.Number {
		case 1:
			seconds, err := field.Int()
			if err != nil {
				return p, err
			}
			p.Time = int64(uint32(seconds))
		case 2:
			if p.Value, err = field.Double(); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

// each calls take with the content of each field with the number, which must be a
// string or a message.
func each(message []byte, number int, take func(field []byte) error) error {
	for len(message) > 0 {
		field, rest, err := protobuf.Next(message)
		if err != nil {
			return err
		}
		message = rest
		if field.Number != number {
			continue
		}
		b, err := field.Bytes()
		if err != nil {
			return err
		}
		if err := take(b); err != nil {
			return err
		}
	}
	return nil
}
