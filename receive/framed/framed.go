// Package framed reads streams of frames: a length of four bytes, the highest
// first, and then so many bytes. Carbon sends pickles and Protocol Buffers so.
package framed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// ErrTooLong ends the reading of a stream with a frame over the limit.
var ErrTooLong = errors.New("frame too long")

// ErrMemory ends the reading of a stream whose unfinished frame would take more
// memory than all of them together may.
var ErrMemory = errors.New("too many unfinished frames")

const (
	// defaultMaxLength is carbon's.
	defaultMaxLength = 1 << 20

	// bufferSize is how much is read at once.
	bufferSize = 64 << 10

	// copied is how much of an unfinished frame is copied to where more is read, at
	// most. To do so with more of it would cost much when it comes byte by byte.
	copied = 4 << 10

	// unfinishedLimit is how many bytes the frames may take that are longer than
	// what is read at once and not there yet, on all streams together.
	unfinishedLimit = 512 << 20

	header = 4
)

// Options of a Reader. The zero value is carbon's behaviour.
type Options struct {
	MaxLength int // of a frame in bytes, without its length; 0 means 1 MiB
}

// Reader reads streams of frames. It may serve any number of them at once, which
// share its buffers.
type Reader struct {
	maxLength  int
	buffers    sync.Pool // *[]byte
	unfinished atomic.Int64
}

// New returns a Reader.
func New(o Options) *Reader {
	r := &Reader{maxLength: o.MaxLength}
	if r.maxLength <= 0 {
		r.maxLength = defaultMaxLength
	}
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
// for a frame is taken as it comes, not as it is announced.
//
// If r has a method Wait, it is called before each read and should return when
// there is something to read, or with the error that a read would give. Between
// frames a stream holds no buffer while it waits.
func (f *Reader) Read(r io.Reader, take func(frame []byte) error) error {
	s := stream{f: f, r: r}
	s.waiter, _ = r.(interface{ Wait() error })
	defer s.keep(nil)
	for idle := 0; ; {
		if s.waiter != nil {
			if err := s.waiter.Wait(); err != nil {
				return end(err)
			}
		}
		n, err := s.once(take)
		if err != nil {
			return end(err)
		}
		if idle++; n > 0 {
			idle = 0
		}
		if idle == 100 {
			return io.ErrNoProgress
		}
	}
}

func end(err error) error {
	if err == io.EOF {
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
		s.f.unfinished.Add(-int64(cap(s.rest)))
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
	more := int64(size - cap(s.rest))
	if s.f.unfinished.Add(more) > unfinishedLimit && size > header+bufferSize {
		s.f.unfinished.Add(-more)
		return ErrMemory
	}
	grown := make([]byte, len(s.rest), size)
	copy(grown, s.rest)
	s.rest = grown
	return nil
}
