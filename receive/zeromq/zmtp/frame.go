package zmtp

import (
	"encoding/binary"
	"io"
)

// Flags of a frame of ZMTP 2 and 3. ZMTP 1.0 has only the first.
const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// header is the header of a frame.
type header struct {
	length  uint64 // of the body
	more    bool   // the message has another frame
	command bool
}

// headerSize is the maximum header in bytes: that of ZMTP 1.0 with a long length.
const headerSize = 10

// header reads the header of the next frame. The error is io.EOF if the peer has closed
// the connection.
func (c *Conn) header() (header, error) {
	first, err := c.r.Peek(1)
	if err != nil {
		return header{}, err
	}
	b, err := c.take(c.headerLength(first[0]))
	if err != nil {
		return header{}, err
	}
	return c.parseHeader(b)
}

// headerLength returns the length of a header by its first byte.
func (c *Conn) headerLength(first byte) int {
	switch {
	case c.v == v1 && first == 0xFF:
		return 10
	case c.v != v1 && first&flagLong != 0:
		return 9
	}
	return 2
}

func (c *Conn) parseHeader(b []byte) (header, error) {
	if c.v == v1 {
		// The length includes the flags, which follow it.
		h := header{length: uint64(b[0]), more: b[len(b)-1]&flagMore != 0}
		if len(b) > 2 {
			h.length = binary.BigEndian.Uint64(b[1:])
		}
		if h.length == 0 {
			return h, bad(BadFrame)
		}
		h.length--
		return h, nil
	}
	h := header{length: uint64(b[1]), more: b[0]&flagMore != 0, command: c.v >= v30 && b[0]&flagCommand != 0}
	if len(b) > 2 {
		h.length = binary.BigEndian.Uint64(b[1:])
	}
	if h.command && h.more {
		return h, bad(BadFrame)
	}
	return h, nil
}

// readMessage returns the frames of the next message, which are valid until the next
// read. It calls command for each command before it.
func (c *Conn) readMessage(command func(name, data []byte) error) ([][]byte, error) {
	if cap(c.body) > keptBody {
		c.Release() // before it waits for the next
	}
	frames, err := c.readFrames(command)
	if err != nil && c.claim != nil && c.claim.Lost() {
		return nil, bad(OutOfMemory)
	}
	return frames, err
}

func (c *Conn) readFrames(command func(name, data []byte) error) ([][]byte, error) {
	c.body, c.sizes, c.list = c.body[:0], c.sizes[:0], c.list[:0]
	for {
		h, err := c.header()
		if err == io.EOF && len(c.sizes) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if h.command {
			if err := c.readCommand(h, command); err != nil {
				return nil, err
			}
			continue
		}
		switch {
		case h.length > uint64(c.o.MaxMessage-len(c.body)):
			return nil, bad(TooLong)
		case len(c.sizes) == maxFrames:
			return nil, bad(TooMany)
		case !h.more && len(c.sizes) == 0 && h.length <= bufferSize:
			// The usual message: one frame, which stays in the read buffer.
			b, err := c.take(int(h.length))
			c.list = append(c.list, b)
			return c.list, err
		}
		if err := c.readBody(int(h.length)); err != nil {
			return nil, err
		}
		c.sizes = append(c.sizes, int(h.length))
		if h.more {
			continue
		}
		rest := c.body
		for _, size := range c.sizes {
			c.list = append(c.list, rest[:size:size])
			rest = rest[size:]
		}
		return c.list, nil
	}
}

// keptBody is the size in bytes of the buffer that a connection keeps between
// messages. It is not claimed from Memory.
const keptBody = 64 << 10

// readBody appends n bytes to the body, whose buffer grows as they are received.
func (c *Conn) readBody(n int) error {
	for n > 0 {
		if len(c.body) == cap(c.body) {
			if err := c.grow(n); err != nil {
				return err
			}
		}
		part := c.body[len(c.body):min(cap(c.body), len(c.body)+n)]
		got, err := c.r.Read(part)
		c.body = c.body[:len(c.body)+got]
		n -= got
		if got > 0 && c.claim != nil {
			c.claim.Touch()
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// grow doubles the buffer of the body, as far as n more bytes need it.
func (c *Conn) grow(n int) error {
	size := min(max(2*cap(c.body), bufferSize), len(c.body)+n)
	if size > keptBody && c.claim != nil && c.claim.Resize(size) != nil {
		return bad(OutOfMemory)
	}
	c.body = append(make([]byte, 0, size), c.body...)
	return nil
}

// Release gives the memory of the last message back. It is called when the connection
// has ended.
func (c *Conn) Release() {
	if c.claim != nil {
		c.claim.Release()
	}
	c.body = nil
}

// Ready reports whether a complete frame is in the read buffer.
func (c *Conn) Ready() bool {
	n := c.r.Buffered()
	if n == 0 {
		return false
	}
	b, _ := c.r.Peek(min(n, headerSize))
	size := c.headerLength(b[0])
	if n < size {
		return false
	}
	h, err := c.parseHeader(b[:size])
	return err != nil || h.length <= uint64(n-size)
}

// appendFrame appends a frame in a version of the protocol.
func appendFrame(b []byte, v version, flags byte, body []byte) []byte {
	if v == v1 {
		if n := len(body) + 1; n < 0xFF {
			b = append(b, byte(n))
		} else {
			b = binary.BigEndian.AppendUint64(append(b, 0xFF), uint64(n))
		}
		return append(append(b, flags), body...)
	}
	if len(body) < 256 {
		b = append(b, flags, byte(len(body)))
	} else {
		b = binary.BigEndian.AppendUint64(append(b, flags|flagLong), uint64(len(body)))
	}
	return append(b, body...)
}

// appendMessage appends the frames of a message.
func appendMessage(b []byte, v version, frames [][]byte) []byte {
	for i, f := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags = flagMore
		}
		b = appendFrame(b, v, flags, f)
	}
	return b
}
