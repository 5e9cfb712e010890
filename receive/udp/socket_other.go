//go:build !linux

package udp

import "net"

// reader reads one datagram at a time.
type reader struct {
	conn   *net.UDPConn
	buffer []byte
}

func newReader(conn *net.UDPConn) (*reader, error) {
	return &reader{conn, make([]byte, maxDatagram)}, nil
}

// read waits for a datagram and gives it to take, which does not keep it.
func (r *reader) read(take func([][]byte)) (n int, err error) {
	length, _, err := r.conn.ReadFromUDPAddrPort(r.buffer)
	if err != nil {
		return 0, err
	}
	take([][]byte{r.buffer[:length]})
	return 1, nil
}

// rest is read without waiting, which cannot be done here.
func (r *reader) rest(func([][]byte)) (n int) { return 0 }

// setBuffer asks the kernel to hold so many bytes.
func setBuffer(conn *net.UDPConn, size int) {
	for conn.SetReadBuffer(size) != nil && size > maxDatagram {
		size /= 2
	}
}

// drops is not known here.
func drops(*net.UDPConn) (n uint32, ok bool) { return 0, false }
