// Package frame reads streams of frames: a length of four bytes, the highest
// first, and then so many bytes. Carbon sends pickles and Protocol Buffers so.
package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrTooLong ends the reading of a stream with a frame over the limit.
var ErrTooLong = errors.New("frame too long")

// ErrMemory ends the reading of a stream whose unfinished frame had to go because all
// of them together took more memory than they may.
var ErrMemory = errors.New("too many unfinished frames")

// DefaultMaxLength is the default of Options.MaxLength. It is carbon's limit.
const DefaultMaxLength = 1 << 20

const (
	// bufferSize is how much is read at once.
	bufferSize = 64 << 10

	// copied is how much of an unfinished frame is copied to where more is read, at
	// most. To do so with more of it would cost much when it comes byte by byte.
	copied = 4 << 10

	header = 4
)

// Options of a Reader. The zero value is carbon's behaviour.
type Options struct {
	MaxLength int // of a frame in bytes, without its length; 0 means DefaultMaxLength
}

// Reader reads streams of frames. It may serve any number of them at once, which
// share its buffers.
type Reader struct {
	maxLength  int
	buffers    sync.Pool // *[]byte
	unfinished unfinished
}

// New returns a Reader.
func New(o Options) *Reader {
	r := &Reader{maxLength: o.MaxLength}
	if r.maxLength <= 0 {
		r.maxLength = DefaultMaxLength
	}
	r.unfinished.limit = max(unfinishedLimit, 2*int64(r.maxLength))
	r.buffers.New = func() any {
		b := make([]byte, bufferSize)
		return &b
	}
	return r
}

// Read gives each frame of a stream to take, which does not keep it, until the
// stream ends or take returns an error. A frame that the stream ends in is none.
//
// It returns nil at io.EOF, ErrTooLong, ErrMemory, or the error of r or take. Memory
// for a frame is taken as it comes, not as it is announced. When all unfinished frames
// take too much, the stream that has waited longest to go on with one is closed, if it
// is an io.Closer, or else the one that wants more.
//
// If r has a method Wait, it is called before each read and should return when
// there is something to read, or with the error that a read would give. Between
// frames a stream holds no buffer while it waits.
func (f *Reader) Read(r io.Reader, take func(frame []byte) error) error {
	s := stream{f: f, r: r}
	s.waiter, _ = r.(interface{ Wait() error })
	s.claim.closer, _ = r.(io.Closer)
	defer f.unfinished.release(&s.claim)
	for idle := 0; ; {
		if s.waiter != nil {
			if err := s.waiter.Wait(); err != nil {
				return s.end(err)
			}
		}
		n, err := s.once(take)
		if err != nil {
			return s.end(err)
		}
		if idle++; n > 0 {
			idle = 0
		}
		if idle == 100 {
			return io.ErrNoProgress
		}
	}
}

// end is why the reading of a stream ended.
func (s *stream) end(err error) error {
	switch {
	case s.f.unfinished.wasTaken(&s.claim):
		return ErrMemory
	case err == io.EOF:
		return nil
	}
	return err
}

// stream is one that is being read.
type stream struct {
	f      *Reader
	r      io.Reader
	waiter interface{ Wait() error }
	rest   []byte // what was read of a frame that goes on
	claim  claim  // to the memory of rest
}

// once reads once, and gives the frames that are complete then to take.
func (s *stream) once(take func([]byte) error) (n int, err error) {
	if len(s.rest) > copied {
		return s.onceLong(take)
	}
	b := s.f.buffers.Get().(*[]byte)
	defer s.f.buffers.Put(b)
	old := copy(*b, s.rest)
	n, readErr := s.r.Read((*b)[old:])
	left, err := s.frames((*b)[:old+n], take)
	if err != nil {
		return n, err
	}
	if err := s.keep(left); err != nil {
		return n, err
	}
	return n, readErr
}

// onceLong is once for a frame of which much is there already: it gathers in memory
// of its own.
func (s *stream) onceLong(take func([]byte) error) (n int, err error) {
	whole := header + int(binary.BigEndian.Uint32(s.rest)) // checked before it was kept
	if len(s.rest) == cap(s.rest) {
		if err := s.grow(min(whole, 2*len(s.rest))); err != nil {
			return 0, err
		}
	}
	n, readErr := s.r.Read(s.rest[len(s.rest):min(cap(s.rest), whole)])
	s.rest = s.rest[:len(s.rest)+n]
	if n > 0 {
		s.f.unfinished.moved(&s.claim)
	}
	if len(s.rest) == whole {
		if err := take(s.rest[header:]); err != nil {
			return n, err
		}
		s.keep(nil)
	}
	return n, readErr
}

// frames gives what is complete to take, and returns the rest.
func (s *stream) frames(data []byte, take func([]byte) error) (rest []byte, err error) {
	for len(data) >= header {
		length := binary.BigEndian.Uint32(data)
		if uint64(length) > uint64(s.f.maxLength) {
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

// keep holds on to the beginning of a frame.
func (s *stream) keep(rest []byte) error {
	if len(rest) == 0 {
		if s.rest != nil {
			s.f.unfinished.release(&s.claim)
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

// grow makes room for an unfinished frame.
func (s *stream) grow(size int) error {
	if err := s.f.unfinished.resize(&s.claim, size); err != nil {
		return err
	}
	grown := make([]byte, len(s.rest), size)
	copy(grown, s.rest)
	s.rest = grown
	return nil
}
