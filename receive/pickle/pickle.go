// Package pickle reads carbon's pickles: frames, each of which is a list of
// (name, (time, value)).
//
// Lists and tuples, sets, and the keys of dictionaries are as good as each other.
// Times and values are numbers, or texts that Python's float() reads. An element
// of another shape is refused by itself; a frame that cannot be read, or that
// names a class or function, is refused whole. The connection stays in both cases.
//
// What is a time, and what becomes of NaN and infinities, is as in the line
// format. Names are passed on as they stand; what is a valid name is not decided
// here.
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

// Reasons why a frame or an element of it is no datapoint, as given to
// Options.Refuse.
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

// batchSize is how many datapoints are handed over at once, at most.
const batchSize = 1024

// Options of a Format. The zero value is carbon's behaviour.
type Options struct {
	// MaxLength is the limit of a frame in bytes; 0 means frame.DefaultMaxLength.
	MaxLength int

	// Now is the time for timestamps of -1, in unix seconds; nil means the clock.
	Now func() int64

	// Refuse is told of each frame or element that is no datapoint and why; nil means
	// nobody. It is told of a frame all, which aliases the read buffer, and of an
	// element its name, if it has one; of NaN nothing, which is dropped in silence.
	Refuse func(reason string, what []byte)
}

// Format reads streams of pickles. It may serve any number of them at once.
type Format struct {
	frames *frame.Reader
	now    func() int64
	bad    func(reason string, what []byte)
	works  sync.Pool     // *work
	turns  chan struct{} // as many frames are read at once: hostile ones can take sixty times their length
}

// work is what reading a frame needs.
type work struct {
	decoder pickle.Decoder
	batch   []metric.Datapoint
}

// New returns a Format.
func New(o Options) *Format {
	f := &Format{
		frames: frame.New(frame.Options{MaxLength: o.MaxLength}),
		now:    o.Now,
		bad:    o.Refuse,
		turns:  make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
	}
	if f.now == nil {
		f.now = func() int64 { return time.Now().Unix() }
	}
	if f.bad == nil {
		f.bad = func(string, []byte) {}
	}
	f.works.New = func() any { return &work{batch: make([]metric.Datapoint, 0, batchSize)} }
	return f
}

// Read reads frames until r ends and pushes their datapoints, in order, many at a
// time. The names alias a read buffer: they and the slice are good only until push
// returns, and push may change the slice's elements.
//
// It returns nil at io.EOF, frame.ErrTooLong or frame.ErrMemory, or the error of r
// or push.
func (f *Format) Read(s receive.Stream, push func([]metric.Datapoint) error) error {
	err := f.frames.Read(s, func(frame []byte) error {
		f.turns <- struct{}{}
		defer func() { <-f.turns }()
		w := f.works.Get().(*work)
		defer f.works.Put(w)
		return f.frame(w, frame, push)
	})
	switch {
	case errors.Is(err, frame.ErrTooLong):
		f.bad(TooLong, nil)
	case errors.Is(err, frame.ErrMemory):
		f.bad(Memory, nil)
	}
	return err
}

// frame pushes the datapoints of one pickle.
func (f *Format) frame(w *work, frame []byte, push func([]metric.Datapoint) error) error {
	root, err := w.decoder.Decode(frame)
	switch {
	case errors.Is(err, pickle.ErrUnsafe):
		f.bad(Unsafe, frame)
		return nil
	case err != nil:
		f.bad(Malformed, frame)
		return nil
	}
	step := 1
	switch root.Kind() {
	case pickle.Tuple, pickle.List, pickle.Set:
	case pickle.Dict:
		step = 2 // its keys
	default:
		f.bad(NoList, frame)
		return nil
	}
	items := w.decoder.Items(root)
	batch := w.batch
	for i := 0; i < len(items); i += step {
		point, reason := f.datapoint(&w.decoder, items[i])
		switch reason {
		case "":
		case NaN:
			f.bad(NaN, nil)
			continue
		default:
			f.bad(reason, []byte(point.Name))
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

// pair takes two things apart.
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
