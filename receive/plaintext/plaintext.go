// Package plaintext reads carbon's line format: "name value timestamp", one
// datapoint a line.
//
// A line ends in LF; white space at both ends, a CR too, does not count, and
// blank lines are ignored. Exactly three fields stand between white space.
// Numbers are written as Python's float() reads them: sign, fraction, exponent,
// nan, inf, infinity in any case; not hexadecimal, no digit grouping. A line that
// cannot be read is refused by itself: its neighbours count. So is one that is too
// long, of which no more is kept than the limit; carbon closes the connection then.
//
// Timestamps are unix seconds whose fraction is cut off. One that is -1 after
// that means now. Those outside 1 to 2^32-1, which is what a whisper file can
// hold, are refused, with a reason of their own when they must be milliseconds, and
// so are NaN and infinite ones. NaN as a value is no datapoint and is dropped;
// infinities are values.
//
// Names are passed on as they stand; what is a valid name is not decided here.
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

// Reasons why a line is no datapoint, as given to Options.Refuse.
const (
	BadFields    = "not three fields"
	BadUTF8      = "invalid utf-8"
	BadValue     = "invalid value"
	BadTimestamp = "invalid timestamp"
	BadRange     = "timestamp out of range"
	Milliseconds = "timestamp in milliseconds"
	NaN          = "nan value"
	TooLong      = "line too long"
)

// DefaultMaxLine is the default of Options.MaxLine. It is carbon's limit (that of
// Twisted's LineOnlyReceiver).
const DefaultMaxLine = 16384

const (
	// bufferSize is how much is read at once: about a thousand lines.
	bufferSize = 64 << 10

	// batchSize is how many datapoints are handed over at once, at most.
	batchSize = 1024

	// restKept is the room for an unfinished line that a stream keeps between
	// reads even when it needs none.
	restKept = 512
)

// Options of a Format. The zero value is carbon's behaviour.
type Options struct {
	// MaxLine is the limit of a line in bytes, without its LF; 0 means
	// DefaultMaxLine.
	MaxLine int

	// Now is the time for timestamps of -1, in unix seconds; nil means the clock.
	Now func() int64

	// Refuse is told of each line that is no datapoint and why; nil means nobody.
	// The line aliases the read buffer. It is nil for NaN values, which are
	// dropped in silence, as carbon does.
	Refuse func(reason string, line []byte)
}

// Format reads streams of lines. It may serve any number of them at once, which
// share its buffers.
type Format struct {
	maxLine int
	now     func() int64
	bad     func(reason string, line []byte)
	buffers sync.Pool
}

// buffer is what reading needs while there is something to read.
type buffer struct {
	data  []byte
	batch []metric.Datapoint
}

// New returns a Format.
func New(o Options) *Format {
	f := &Format{maxLine: o.MaxLine, now: o.Now, bad: o.Refuse}
	if f.maxLine <= 0 {
		f.maxLine = DefaultMaxLine
	}
	if f.now == nil {
		f.now = func() int64 { return time.Now().Unix() }
	}
	if f.bad == nil {
		f.bad = func(string, []byte) {}
	}
	size := max(bufferSize, 2*f.maxLine)
	f.buffers.New = func() any {
		return &buffer{data: make([]byte, size), batch: make([]metric.Datapoint, 0, batchSize)}
	}
	return f
}

// Read reads lines until r ends and pushes their datapoints, in order, many at a
// time. The names alias a read buffer: they and the slice are good only until
// push returns, and push may change the slice's elements. An unterminated last
// line counts when r ends with io.EOF.
//
// Read returns nil at io.EOF, else the error of r or push.
//
// An idle stream holds no buffer, only its unfinished line.
func (f *Format) Read(s receive.Stream, push func([]metric.Datapoint) error) error {
	var rest unfinished
	return receive.ReadAll(s, func() (n int, err error) {
		n, rest, err = f.readOnce(s, rest, push)
		return n, err
	})
}

// unfinished is what was read of a line that goes on.
type unfinished struct {
	line    []byte
	tooLong bool // then nothing of it is kept
}

// readOnce does one read into a shared buffer, after the unfinished line of the
// read before. It returns how many bytes were read and the line now unfinished,
// in the memory of rest where it fits.
func (f *Format) readOnce(s receive.Stream, rest unfinished, push func([]metric.Datapoint) error) (int, unfinished, error) {
	b := f.buffers.Get().(*buffer)
	defer f.buffers.Put(b)

	old := copy(b.data, rest.line)
	// One byte is kept free for the newline that a last line may lack.
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
		f.bad(TooLong, tail)
		return n, unfinished{tooLong: true}, readErr
	}
	if len(tail) == 0 && cap(rest.line) > restKept {
		rest.line = nil
	}
	return n, unfinished{line: append(rest.line[:0], tail...)}, readErr
}

// Lines is Read for lines that are all there: data is empty or ends in a newline.
func (f *Format) Lines(data []byte, push func([]metric.Datapoint) error) error {
	b := f.buffers.Get().(*buffer)
	defer f.buffers.Put(b)
	return f.lines(data, b.batch, push)
}

// lines pushes the datapoints of data, which is empty or ends in a newline.
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
			f.bad(NaN, nil)
		default:
			f.bad(reason, line)
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

// alias returns b as a string without copying. It is only good while b is.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
