// Package metricstalk reads the messages of metrics_talk, which are sent over ZeroMQ
// and through Redis: JSON with names, values and times, usually compressed.
//
// A message is a list of objects {"name": text, "value": number, "time": seconds} or
// of lists [name, value, time], or a single such object. It may be compressed by
// zlib. It may consist of plaintext lines instead. Numbers may be text. A missing
// time means now. JSON is as Python writes it: NaN is a missing value.
//
// Names in JSON are made safe (metric.SafeName) and get a prefix. Names in lines are
// kept.
//
// An element that cannot be read is refused by itself. A message that is not JSON or
// cannot be decompressed is refused as a whole.
package metricstalk

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"carbon/codec/pyjson"
	"carbon/metric"
	"carbon/receive/jsonpoint"
)

// Reasons why a message is refused. Packages jsonpoint and number have those of
// elements.
const (
	BadZlib = "zlib"              // cannot be decompressed
	TooLong = "inflated too long" // over MaxInflated
	BadJSON = "json"
	Empty   = "empty message"
)

// Defaults for Options. The prefix is that of metrics_talk's workers.
const (
	DefaultPrefix      = "demo."
	DefaultMaxInflated = 16 << 20
)

// Options of a Format. Lines is needed.
type Options struct {
	// Prefix is put before names in JSON. It has no default: pass DefaultPrefix.
	Prefix string

	// MaxInflated is the maximum message in bytes after decompression; 0 means
	// DefaultMaxInflated.
	MaxInflated int

	// Lines makes datapoints of plaintext lines, each of which ends in LF, and pushes
	// them. It returns the error of push.
	Lines func(lines []byte, push func([]metric.Datapoint) error) error

	// Now returns the time of elements without one, in unix seconds; nil means the
	// clock.
	Now func() int64

	// Refuse is called for each message or element that is refused, with the reason;
	// nil: it is not reported. The element is nil if its value is missing.
	Refuse func(reason string, element []byte)
}

// Format reads messages. Goroutines may use it concurrently.
type Format struct {
	o         Options
	inflaters sync.Pool
	slots     chan struct{} // holds an element for each decompressed message
}

// maxAtOnce is the maximum number of decompressed messages in memory.
const maxAtOnce = 4

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
	return &Format{o: o, slots: make(chan struct{}, maxAtOnce)}
}

// Is reports whether a message may be JSON or compressed, by its first bytes.
func Is(message []byte) bool { return compressed(message) || mayBeJSON(trimSpace(message)) }

func mayBeJSON(text []byte) bool { return len(text) > 0 && (text[0] == '[' || text[0] == '{') }

func trimSpace(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

// Read adds the datapoints of a message to the batch. readable is false if the message
// was refused as a whole. The error is that of the batch.
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
		z, _ := f.inflaters.Get().(*inflater)
		if z == nil {
			z = &inflater{}
		}
		defer f.inflaters.Put(z)
		var reason string
		if text, reason = z.inflate(message, f.o.MaxInflated); reason != "" {
			f.o.Refuse(reason, message)
			return false, nil
		}
	}
	switch text = trimSpace(text); {
	case len(text) == 0:
		f.o.Refuse(Empty, nil)
		return false, nil
	case onlyJSON, mayBeJSON(text):
		return f.readDocument(text, batch)
	}
	return f.ReadLines(text, batch)
}

// ReadLines adds the datapoints of plaintext lines to the batch.
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

// readDocument adds the datapoints of a JSON document to the batch. It checks the
// whole document before it adds any of them.
func (f *Format) readDocument(text []byte, batch *metric.Batch) (readable bool, err error) {
	if pyjson.Valid(text) != nil {
		f.o.Refuse(BadJSON, text)
		return false, nil
	}
	e := element{decoder: pyjson.New(text), text: text, now: f.o.Now()}
	switch e.decoder.Peek() {
	case pyjson.Object:
		return true, f.readElement(&e, batch)
	case pyjson.List:
		return true, e.decoder.List(func() error { return f.readElement(&e, batch) })
	}
	f.o.Refuse(jsonpoint.BadShape, text)
	return false, nil
}

// readElement adds the datapoint of the next element.
func (f *Format) readElement(e *element, batch *metric.Batch) error {
	start := e.decoder.Offset()
	reason, err := e.read()
	if err != nil {
		return err
	}
	var p metric.Point
	var name string
	if reason == "" {
		name, p, reason = e.datapoint()
	}
	switch reason {
	case "":
		return batch.Add(f.o.Prefix, name, p)
	case jsonpoint.NoValue:
		f.o.Refuse(reason, nil)
	default:
		f.o.Refuse(reason, e.text[start:e.decoder.Offset()])
	}
	return nil
}
