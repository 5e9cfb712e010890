// Package pickle reads and writes carbon's pickles: frames, each of which is a list of
// (name, (time, value)).
//
// A tuple, a set or the keys of a dictionary may take the place of the list, and a
// list that of a tuple. Times and values are numbers, or texts that Python's float()
// reads. An element of another shape is refused by itself. A frame that cannot be
// read, or that names a class or function, is refused as a whole. The connection
// stays open in both cases.
//
// Times, NaN and infinite values are treated as in the line format (receive/plaintext).
// Names are passed on unchanged and unchecked.
package pickle

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"

	"carbon/codec/pickle"
	"carbon/metric"
	"carbon/receive"
	"carbon/receive/frame"
	"carbon/receive/number"
)

// Reasons why a frame or an element is refused, as given to Options.Refuse.
const (
	Unsafe    = "unsafe pickle"
	Malformed = "no pickle"
	NoList    = "no list in pickle"
	BadShape  = "not (name, (time, value))"
	BadValue  = "invalid value"
	NaN       = "nan value"
	TooLong   = "frame too long"
	Memory    = "too many unfinished frames"
)

// batchSize is the maximum number of datapoints of a push.
const batchSize = 1024

// Options of a Format. The zero value is carbon's behavior.
type Options struct {
	// MaxLength is the maximum frame in bytes; 0 means frame.DefaultMaxLength.
	MaxLength int

	// Now returns the time of timestamps of -1, in unix seconds; nil means the clock.
	Now func() int64

	// Refuse is called for each frame or element that is refused, with the reason;
	// nil: it is not reported. Of a frame it gets the bytes, which alias the read
	// buffer, of an element the name, and of NaN values nil.
	Refuse func(reason string, input []byte)
}

// Format reads streams of pickles, any number of them at a time.
type Format struct {
	frames   *frame.Reader
	now      func() int64
	refuse   func(reason string, input []byte)
	decoders sync.Pool     // of *decoder
	slots    chan struct{} // limits the frames decoded at a time: a hostile one takes sixty times its length
}

// decoder is what decoding a frame needs.
type decoder struct {
	pickle.Decoder
	batch []metric.Datapoint
}

// New returns a Format.
func New(o Options) *Format {
	f := &Format{
		frames: frame.New(frame.Options{MaxLength: o.MaxLength}),
		now:    o.Now,
		refuse: o.Refuse,
		slots:  make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
	}
	if f.now == nil {
		f.now = func() int64 { return time.Now().Unix() }
	}
	if f.refuse == nil {
		f.refuse = func(string, []byte) {}
	}
	f.decoders.New = func() any { return &decoder{batch: make([]metric.Datapoint, 0, batchSize)} }
	return f
}

// Read is a receive.Format. It returns nil at io.EOF, frame.ErrTooLong,
// frame.ErrMemory, or the error of the stream or of push.
func (f *Format) Read(s receive.Stream, push func([]metric.Datapoint) error) error {
	err := f.frames.Read(s, func(frame []byte) error {
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
		d := f.decoders.Get().(*decoder)
		defer f.decoders.Put(d)
		return f.frame(d, frame, push)
	})
	switch {
	case errors.Is(err, frame.ErrTooLong):
		f.refuse(TooLong, nil)
	case errors.Is(err, frame.ErrMemory):
		f.refuse(Memory, nil)
	}
	return err
}

// frame pushes the datapoints of one pickle.
func (f *Format) frame(d *decoder, frame []byte, push func([]metric.Datapoint) error) error {
	root, err := d.Decode(frame)
	switch {
	case errors.Is(err, pickle.ErrUnsafe):
		f.refuse(Unsafe, frame)
		return nil
	case err != nil:
		f.refuse(Malformed, frame)
		return nil
	}
	step := 1
	switch root.Kind() {
	case pickle.Tuple, pickle.List, pickle.Set:
	case pickle.Dict:
		step = 2 // the keys
	default:
		f.refuse(NoList, frame)
		return nil
	}
	items := d.Items(root)
	batch := d.batch
	for i := 0; i < len(items); i += step {
		point, reason := f.datapoint(&d.Decoder, items[i])
		switch reason {
		case "":
		case NaN:
			f.refuse(NaN, nil)
			continue
		default:
			f.refuse(reason, []byte(point.Name))
			continue
		}
		if batch = append(batch, point); len(batch) == cap(batch) {
			if err := push(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return push(batch)
}

// datapoint reads (name, (time, value)).
func (f *Format) datapoint(d *pickle.Decoder, v pickle.Value) (point metric.Datapoint, reason string) {
	name, at, ok := pair(d, v)
	if !ok || name.Kind() != pickle.Text {
		return point, BadShape
	}
	point.Name = d.Text(name)
	at, value, ok := pair(d, at)
	if !ok {
		return point, BadShape
	}
	t, ok := float(d, at)
	if !ok {
		return point, number.NoTime
	}
	if point.Value, ok = float(d, value); !ok {
		return point, BadValue
	}
	if point.Value != point.Value {
		return point, NaN
	}
	if point.Time, reason = number.Seconds(t); point.Time == number.Now {
		point.Time = f.now()
	}
	return point, reason
}

// pair returns the elements of a tuple or list of two.
func pair(d *pickle.Decoder, v pickle.Value) (first, second pickle.Value, ok bool) {
	if v.Kind() != pickle.Tuple && v.Kind() != pickle.List {
		return first, second, false
	}
	items := d.Items(v)
	if len(items) != 2 {
		return first, second, false
	}
	return items[0], items[1], true
}

// float is Python's float(v).
func float(d *pickle.Decoder, v pickle.Value) (float64, bool) {
	switch v.Kind() {
	case pickle.Number:
		return v.Number(), true
	case pickle.Text:
		text := strings.TrimSpace(d.Text(v))
		return number.Float(unsafe.Slice(unsafe.StringData(text), len(text)))
	}
	return 0, false
}
