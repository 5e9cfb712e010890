package statsd

import (
	"bytes"

	"carbon/metric"
	"carbon/receive"
)

const (
	// streamBuffer is how many bytes one read takes, and so the maximum line.
	streamBuffer = 64 << 10

	// restKept is how many bytes of an unfinished line are not counted in
	// restsLimit. A stream keeps a buffer of this size.
	restKept = 512

	// restsLimit bounds the memory of the longer unfinished lines of all streams.
	restsLimit = 64 << 20
)

// Read aggregates a stream: after each read, the lines that are complete. As in
// statsd, it ignores an unterminated last line. It is a receive.Format that pushes
// nothing itself.
func (a *Aggregator) Read(s receive.Stream, _ func([]metric.Datapoint) error) error {
	u := stream{a: a, Stream: s}
	defer u.hold(0)
	return receive.ReadAll(s, u.read)
}

// stream is a stream that is being read.
type stream struct {
	receive.Stream
	a       *Aggregator
	rest    []byte // the unfinished line
	tooLong bool   // the unfinished line is dropped
	held    int    // bytes of rest that are counted in a.rests
}

func (s *stream) read() (int, error) {
	buffer := s.a.buffers.Get().(*[streamBuffer]byte)
	defer s.a.buffers.Put(buffer)
	old := copy(buffer[:], s.rest)
	n, err := s.Read(buffer[old:])
	data := buffer[:old+n]
	if s.tooLong {
		end := bytes.IndexByte(data, '\n') + 1
		data, s.tooLong = data[end:], end == 0
		if s.tooLong {
			data = nil
		}
	}
	if end := bytes.LastIndexByte(data, '\n') + 1; end > 0 {
		s.a.Packets([][]byte{data[:end]})
		data = data[end:]
	}
	if len(data) == streamBuffer {
		s.a.refuseOutside(TooLong, data)
		data, s.tooLong = nil, true
	}
	if !s.hold(len(data)) {
		s.a.refuseOutside(Full, data)
		data, s.tooLong = nil, true
		s.hold(0)
	}
	if len(data) <= restKept && cap(s.rest) > restKept {
		s.rest = nil
	}
	s.rest = append(s.rest[:0], data...)
	return n, err
}

// hold counts n bytes of the unfinished line. It returns false if those of all
// streams would exceed the limit.
func (s *stream) hold(n int) bool {
	if n <= restKept {
		n = 0
	}
	if all := s.a.rests.Add(int64(n - s.held)); all > restsLimit && n > s.held {
		s.a.rests.Add(int64(s.held - n))
		return false
	}
	s.held = n
	return true
}

// refuseOutside refuses a line without holding the lock that Packets holds.
func (a *Aggregator) refuseOutside(reason string, line []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse(reason, line)
}
