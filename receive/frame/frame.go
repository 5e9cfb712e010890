// Package frame reads streams of frames: a length in four bytes, big-endian, and
// that many bytes. carbon sends pickles and Protocol Buffers in frames.
package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"carbon/receive"
	"carbon/receive/memory"
)

// ErrTooLong ends a stream with a frame over the limit.
var ErrTooLong = errors.New("frame too long")

// ErrMemory ends a stream whose unfinished frame lost its memory to another stream.
var ErrMemory = errors.New("too many unfinished frames")

// DefaultMaxLength is the default of Options.MaxLength. It is carbon's limit.
const DefaultMaxLength = 1 << 20

const (
	// bufferSize is how many bytes one read takes at most.
	bufferSize = 64 << 10

	// copied is how many bytes of an unfinished frame are copied before each read.
	// A longer one has memory of its own, because to copy it for each of many small
	// reads would be slow.
	copied = 4 << 10

	// unfinishedLimit bounds the memory of the unfinished frames of all streams. The
	// limit is larger if two of the longest frames are.
	unfinishedLimit = 128 << 20

	header = 4
)

// Options of a Reader. The zero value is carbon's behavior.
type Options struct {
	MaxLength int // maximum frame in bytes, without its length; 0 means DefaultMaxLength
}

// Reader reads streams of frames, any number of them at a time.
type Reader struct {
	maxLength  int
	buffers    sync.Pool // *[]byte
	unfinished *memory.Pool
}

// New returns a Reader.
func New(o Options) *Reader {
	if o.MaxLength <= 0 {
		o.MaxLength = DefaultMaxLength
	}
	r := &Reader{maxLength: o.MaxLength, unfinished: memory.New(max(unfinishedLimit, 2*int64(o.MaxLength)))}
	r.buffers.New = func() any {
		b := make([]byte, bufferSize)
		return &b
	}
	return r
}

// Read calls take with each frame of a stream until the stream ends. take does not
// keep the frame. A frame that the stream ends in is ignored.
//
// It returns nil at io.EOF, ErrTooLong, ErrMemory, or the error of the stream or of
// take. Memory for a frame grows with the bytes received, not with the length
// announced. An idle stream holds no buffer.
func (r *Reader) Read(s receive.Stream, take func(frame []byte) error) error {
	u := stream{Stream: s, r: r, claim: r.unfinished.Claim(s)}
	defer u.claim.Release()
	err := receive.ReadAll(s, func() (int, error) { return u.read(take) })
	if u.claim.Lost() {
		return ErrMemory
	}
	return err
}

// stream is a stream that is being read.
type stream struct {
	receive.Stream
	r     *Reader
	rest  []byte // the beginning of an unfinished frame
	claim *memory.Claim
}

// read reads once and calls take with the frames that are complete then.
func (s *stream) read(take func([]byte) error) (n int, err error) {
	if len(s.rest) > copied {
		return s.readLong(take)
	}
	b := s.r.buffers.Get().(*[]byte)
	defer s.r.buffers.Put(b)
	old := copy(*b, s.rest)
	n, readErr := s.Read((*b)[old:])
	left, err := s.frames((*b)[:old+n], take)
	if err != nil {
		return n, err
	}
	if err := s.keep(left); err != nil {
		return n, err
	}
	return n, readErr
}

// readLong is read for a long unfinished frame, which is read into memory of its own.
func (s *stream) readLong(take func([]byte) error) (n int, err error) {
	whole := header + int(binary.BigEndian.Uint32(s.rest)) // frames has checked the length
	if len(s.rest) == cap(s.rest) {
		if err := s.grow(min(whole, 2*len(s.rest))); err != nil {
			return 0, err
		}
	}
	n, readErr := s.Read(s.rest[len(s.rest):min(cap(s.rest), whole)])
	s.rest = s.rest[:len(s.rest)+n]
	if n > 0 {
		s.claim.Touch()
	}
	if len(s.rest) == whole {
		if err := take(s.rest[header:]); err != nil {
			return n, err
		}
		s.keep(nil)
	}
	return n, readErr
}

// frames calls take with the complete frames of data and returns the rest.
func (s *stream) frames(data []byte, take func([]byte) error) (rest []byte, err error) {
	for len(data) >= header {
		length := binary.BigEndian.Uint32(data)
		if uint64(length) > uint64(s.r.maxLength) {
			return nil, fmt.Errorf("%w: %d bytes", ErrTooLong, length)
		}
		end := header + int(length)
		if end > len(data) {
			break
		}
		if err := take(data[header:end]); err != nil {
			return nil, err
		}
		data = data[end:]
	}
	return data, nil
}

// keep copies the beginning of a frame.
func (s *stream) keep(rest []byte) error {
	if len(rest) == 0 {
		if s.rest != nil {
			s.claim.Release()
		}
		s.rest = nil
		return nil
	}
	if len(rest) > cap(s.rest) {
		if err := s.grow(len(rest)); err != nil {
			return err
		}
	}
	s.rest = append(s.rest[:0], rest...)
	return nil
}

// grow makes room for an unfinished frame of size bytes.
func (s *stream) grow(size int) error {
	if err := s.claim.Resize(size); err != nil {
		return err
	}
	grown := make([]byte, len(s.rest), size)
	copy(grown, s.rest)
	s.rest = grown
	return nil
}
