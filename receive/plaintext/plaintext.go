// Package plaintext reads carbon's line format: one datapoint per line, as
// "name value timestamp".
//
// A line ends in LF and has exactly three fields, separated by white space. White
// space around them, including CR, is ignored, and so are blank lines. Numbers are
// written as Python's float() reads them: with sign, fraction and exponent, or nan,
// inf and infinity in any case; not in hexadecimal, and without digit grouping. A
// line that cannot be read or is too long is refused by itself; carbon closes the
// connection of a line that is too long.
//
// Timestamps are unix seconds. The fraction is cut off; -1 then means now.
// Timestamps outside 1 to 2^32-1, the range of a whisper file, are refused, with a
// reason of their own if they are milliseconds. Datapoints whose value is NaN are
// dropped, as in carbon. Infinite values are valid.
//
// Names are passed on unchanged and unchecked.
package plaintext

import (
	"bytes"
	"io"
	"sync"
	"time"
	"unsafe"

	"carbon/metric"
	"carbon/receive"
)

// Reasons why a line is refused, as given to Options.Refuse. Those of times are in
// package number.
const (
	BadFields = "not three fields"
	BadUTF8   = "invalid utf-8"
	BadValue  = "invalid value"
	NaN       = "nan value"
	TooLong   = "line too long"
)

// DefaultMaxLine is the default of Options.MaxLine. It is carbon's limit.
const DefaultMaxLine = 16384

const (
	// bufferSize is how many bytes one read takes: about a thousand lines.
	bufferSize = 64 << 10

	// batchSize is the maximum number of datapoints of a push.
	batchSize = 1024

	// restKept is the size in bytes of the buffer for unfinished lines that a stream
	// keeps between reads.
	restKept = 512
)

// Options of a Format. The zero value is carbon's behavior.
type Options struct {
	// MaxLine is the maximum line in bytes, without its LF; 0 means DefaultMaxLine.
	MaxLine int

	// Now returns the time of timestamps of -1, in unix seconds; nil means the clock.
	Now func() int64

	// Refuse is called for each line that is refused, with the reason; nil: it is not
	// reported. The line aliases the read buffer. It is nil for NaN values.
	Refuse func(reason string, line []byte)
}

// Format reads streams of lines, any number of them at a time.
type Format struct {
	maxLine int
	now     func() int64
	refuse  func(reason string, line []byte)
	buffers sync.Pool
}

// buffer is what one read needs. Streams share buffers.
type buffer struct {
	data  []byte
	batch []metric.Datapoint
}

// New returns a Format.
func New(o Options) *Format {
	f := &Format{maxLine: o.MaxLine, now: o.Now, refuse: o.Refuse}
	if f.maxLine <= 0 {
		f.maxLine = DefaultMaxLine
	}
	if f.now == nil {
		f.now = func() int64 { return time.Now().Unix() }
	}
	if f.refuse == nil {
		f.refuse = func(string, []byte) {}
	}
	size := max(bufferSize, 2*f.maxLine)
	f.buffers.New = func() any {
		return &buffer{data: make([]byte, size), batch: make([]metric.Datapoint, 0, batchSize)}
	}
	return f
}

// Read is a receive.Format. It reads an unterminated last line too. An idle stream
// holds no buffer, only its unfinished line.
func (f *Format) Read(s receive.Stream, push func([]metric.Datapoint) error) error {
	var rest unfinished
	return receive.ReadAll(s, func() (n int, err error) {
		n, rest, err = f.readOnce(s, rest, push)
		return n, err
	})
}

// unfinished is the beginning of a line that is not complete.
type unfinished struct {
	line    []byte
	tooLong bool // line is empty, and the rest of the line is dropped
}

// readOnce reads once into a shared buffer, behind the unfinished line of the read
// before. It returns the number of bytes and the new unfinished line, which reuses
// the memory of rest.
func (f *Format) readOnce(s receive.Stream, rest unfinished, push func([]metric.Datapoint) error) (int, unfinished, error) {
	b := f.buffers.Get().(*buffer)
	defer f.buffers.Put(b)

	old := copy(b.data, rest.line)
	// One byte stays free for the LF of an unterminated last line.
	n, readErr := s.Read(b.data[old : len(b.data)-1])
	data := b.data[:old+n]
	if rest.tooLong {
		end := bytes.IndexByte(data, '\n') + 1
		if end == 0 {
			return n, rest, readErr
		}
		data, rest.tooLong = data[end:], false
	}
	if readErr == io.EOF && len(data) > 0 {
		data = append(data, '\n')
	}

	end := bytes.LastIndexByte(data, '\n') + 1
	if err := f.lines(data[:end], b.batch, push); err != nil {
		return n, unfinished{}, err
	}
	tail := data[end:]
	if len(tail) > f.maxLine {
		f.refuse(TooLong, tail)
		return n, unfinished{tooLong: true}, readErr
	}
	if len(tail) == 0 && cap(rest.line) > restKept {
		rest.line = nil
	}
	return n, unfinished{line: append(rest.line[:0], tail...)}, readErr
}

// Lines pushes the datapoints of complete lines: data is empty or ends in LF.
func (f *Format) Lines(data []byte, push func([]metric.Datapoint) error) error {
	b := f.buffers.Get().(*buffer)
	defer f.buffers.Put(b)
	return f.lines(data, b.batch, push)
}

// lines is Lines with a batch to use.
func (f *Format) lines(data []byte, batch []metric.Datapoint, push func([]metric.Datapoint) error) error {
	for len(data) > 0 {
		d, n, reason := quickLine(data)
		if n == 0 {
			n = bytes.IndexByte(data, '\n') + 1
			if n-1 <= f.maxLine {
				d, reason = f.slowLine(data[:n-1])
			}
		}
		line := data[:n-1]
		data = data[n:]
		if len(line) > f.maxLine {
			reason = TooLong
		}
		switch reason {
		case "":
			batch = append(batch, d)
		case blank:
		case NaN:
			f.refuse(NaN, nil)
		default:
			f.refuse(reason, line)
		}
		if len(batch) == cap(batch) {
			if err := push(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		return push(batch)
	}
	return nil
}

// alias returns b as a string, without a copy. It is valid as long as b is unchanged.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
