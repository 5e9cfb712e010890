package receivetest

import (
	"io"
	"net"
	"time"

	"carbon/receive"
)

// Stream returns a stream of what r reads. Its Wait returns at once. Its Close
// closes r if r is an io.Closer.
func Stream(r io.Reader) receive.Stream { return stream{r} }

type stream struct{ io.Reader }

func (stream) Wait() error { return nil }

func (s stream) Close() error {
	if c, ok := s.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Conn returns a connection as a receive.Server gives it to a protocol.
func Conn(c net.Conn) receive.Conn { return conn{c} }

type conn struct{ net.Conn }

func (conn) Wait() error { return nil }

// Dialog returns a connection on which r is received and whose answers go to w. It
// ignores deadlines.
func Dialog(r io.Reader, w io.Writer) receive.Conn { return dialog{Stream(r), w} }

type dialog struct {
	receive.Stream
	io.Writer
}

func (dialog) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (dialog) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (dialog) SetDeadline(time.Time) error      { return nil }
func (dialog) SetReadDeadline(time.Time) error  { return nil }
func (dialog) SetWriteDeadline(time.Time) error { return nil }
