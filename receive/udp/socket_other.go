//go:build !linux

package udp

import (
	"errors"
	"net"
	"os"
	"time"
)

// atOnce is the maximum number of datagrams of one system call.
const atOnce = 1

// reader reads one datagram at a time.
type reader struct {
	conn   *net.UDPConn
	buffer []byte
}

func newReader(conn *net.UDPConn) (*reader, error) {
	return &reader{conn, make([]byte, maxDatagram)}, nil
}

// read calls take with a datagram, which take does not keep. It waits for at most wait,
// or without bound if wait is negative. It returns 0 when it was interrupted or the
// time is up.
func (r *reader) read(wait time.Duration, take func([][]byte)) (n int, err error) {
	if wait >= 0 {
		r.conn.SetReadDeadline(time.Now().Add(wait))
	}
	length, _, err := r.conn.ReadFromUDPAddrPort(r.buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	take([][]byte{r.buffer[:length]})
	return 1, nil
}

// interrupt ends a read that waits, or the next one.
func (r *reader) interrupt() { r.conn.SetReadDeadline(time.Now()) }

func (r *reader) close() error { return r.conn.Close() }

// setBuffer asks the kernel for a buffer. Its size is not known.
func (r *reader) setBuffer(size int) (got int) {
	for r.conn.SetReadBuffer(size) != nil && size > maxDatagram {
		size /= 2
	}
	return 0
}

// drops is not known on this system.
func (r *reader) drops() (n uint32, ok bool) { return 0, false }
