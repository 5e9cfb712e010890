// Package metricstalk reads the messages of metrics_talk, which travel over ZeroMQ and
// through Redis: JSON with names, values and times, mostly compressed.
//
// A message is a list of objects {"name": text, "value": number, "time": seconds},
// or of lists [name, value, time], or one such object. It may be a zlib stream of
// that. It may be plaintext lines instead. Numbers may be text, and time may be
// left out, which means now. JSON is Python's: NaN is no value.
//
// Names in JSON are made safe (metric.SafeName) and get a prefix; those in lines
// are Graphite's own and stay.
//
// An element that cannot be used costs only itself. A message that is no JSON, or
// cannot be inflated, is refused as a whole.
package metricstalk

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"carbon/codec/pyjson"
	"carbon/metric"
	"carbon/receive/number"
)

// Reasons why a message or an element of it is no datapoint, as given to
// Options.Refuse. Those of number.Seconds are others.
const (
	BadZlib  = "zlib"              // cannot be inflated
	TooLong  = "inflated too long" // over MaxInflated
	BadJSON  = "json"
	BadShape = "shape" // an element that is no object and no triple
	BadName  = "name"  // no text, or nothing left of it
	BadValue = "value" // not a number
	NoValue  = "no value"
	Empty    = "empty message"
)

// Defaults for Options. The prefix is that of metrics_talk's own workers.
const (
	DefaultPrefix      = "demo."
	DefaultMaxInflated = 16 << 20
)

// Options of a Format. Lines is needed; zero means the default for the rest.
type Options struct {
	// Prefix is put before names in JSON; carbon.conf sets DefaultPrefix.
	Prefix string

	// MaxInflated is the limit of an inflated message in bytes; 0 means DefaultMaxInflated.
	MaxInflated int

	// Lines makes datapoints of plaintext lines, each of which ends in LF, and pushes
	// them. It returns the error of push.
	Lines func(lines []byte, push func([]metric.Datapoint) error) error

	// Now is the time for elements without one, in unix seconds; nil means the
	// clock.
	Now func() int64

	// Refuse is told of each message or element that is no datapoint and why; nil means
	// nobody. The element is nil where it says nothing: for a value that is none.
	Refuse func(reason string, element []byte)
}

// Format reads messages. It may be used by many goroutines.
type Format struct {
	o         Options
	inflaters sync.Pool
	slots     chan struct{} // one for each message being inflated and read
}

// atOnce is how many messages are inflated at once: each may take MaxInflated.
const atOnce = 4

// New returns a Format.
func New(o Options) *Format {
	if o.MaxInflated <= 0 {
		o.MaxInflated = DefaultMaxInflated
	}
	if o.Now == nil {
		o.Now = func() int64 { return time.Now().Unix() }
	}
	if o.Refuse == nil {
		o.Refuse = func(string, []byte) {}
	}
	return &Format{o: o, slots: make(chan struct{}, atOnce)}
}

// Is tells whether a message looks like JSON, or compressed.
func Is(message []byte) bool { return compressed(message) || looksLikeJSON(trimSpace(message)) }

func looksLikeJSON(text []byte) bool { return len(text) > 0 && (text[0] == '[' || text[0] == '{') }

func trimSpace(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

// Read adds the datapoints of a message to the batch. readable is false when there
// is nothing in it that could be understood. The error is the batch's.
func (f *Format) Read(message []byte, batch *metric.Batch) (readable bool, err error) {
	return f.read(message, batch, false)
}

// ReadJSON is Read for messages that must be JSON.
func (f *Format) ReadJSON(message []byte, batch *metric.Batch) (readable bool, err error) {
	return f.read(message, batch, true)
}

func (f *Format) read(message []byte, batch *metric.Batch, onlyJSON bool) (bool, error) {
	text := message
	if compressed(message) {
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
		unzip, _ := f.inflaters.Get().(*inflater)
		if unzip == nil {
			unzip = &inflater{}
		}
		defer f.inflaters.Put(unzip)
		var reason string
		if text, reason = unzip.inflate(message, f.o.MaxInflated); reason != "" {
			f.o.Refuse(reason, message)
			return false, nil
		}
	}
	switch text = trimSpace(text); {
	case len(text) == 0:
		f.o.Refuse(Empty, nil)
		return false, nil
	case onlyJSON, looksLikeJSON(text):
		return f.json(text, batch)
	}
	return f.ReadLines(text, batch)
}

// ReadLines adds the datapoints of plaintext lines.
func (f *Format) ReadLines(text []byte, batch *metric.Batch) (readable bool, err error) {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(slices.Clip(text), '\n') // a copy: text belongs to the caller
	}
	err = f.o.Lines(text, func(points []metric.Datapoint) error {
		readable = true
		for _, p := range points {
			if err := batch.Add("", p.Name, p.Point); err != nil {
				return err
			}
		}
		return nil
	})
	return readable, err
}

// json reads a document. It is looked through before anything of it is taken.
func (f *Format) json(text []byte, batch *metric.Batch) (readable bool, err error) {
	if pyjson.Valid(text) != nil {
		f.o.Refuse(BadJSON, text)
		return false, nil
	}
	e := element{decoder: pyjson.New(text), text: text}
	if e.decoder.Peek() == pyjson.Object {
		return true, f.one(&e, batch)
	}
	if e.decoder.Peek() != pyjson.List {
		f.o.Refuse(BadShape, text)
		return false, nil
	}
	return true, e.decoder.List(func() error { return f.one(&e, batch) })
}

// one reads one element of a list.
func (f *Format) one(e *element, batch *metric.Batch) error {
	start := e.decoder.Offset()
	reason, err := e.read()
	if err != nil {
		return err
	}
	var p metric.Point
	var name string
	if reason == "" {
		name, p, reason = f.datapoint(e)
	}
	switch reason {
	case "":
		return batch.Add(f.o.Prefix, name, p)
	case NoValue:
		f.o.Refuse(NoValue, nil)
	default:
		f.o.Refuse(reason, e.text[start:e.decoder.Offset()])
	}
	return nil
}

// datapoint makes one of what an element says.
func (f *Format) datapoint(e *element) (name string, p metric.Point, reason string) {
	if e.name.Kind == pyjson.Text {
		name = metric.SafeName(e.name.Text)
	}
	if name == "" {
		return "", p, BadName
	}
	if e.value.Kind == pyjson.None {
		return "", p, NoValue
	}
	v, ok := e.value.Float()
	if !ok {
		return "", p, BadValue
	}
	p.Value = v
	p.Time = number.Now
	if e.time.Kind != pyjson.None && e.time.Kind != pyjson.Invalid {
		t, ok := e.time.Float()
		if !ok {
			return "", p, number.NoTime
		}
		if p.Time, reason = number.Seconds(t); reason != "" {
			return "", p, reason
		}
	}
	if p.Time == number.Now {
		p.Time = f.o.Now()
	}
	return name, p, ""
}
