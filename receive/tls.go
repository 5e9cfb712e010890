package receive

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"
)

const (
	// handshakeTime bounds a client's TLS handshake.
	handshakeTime = 30 * time.Second

	// aheadSize is the buffer of an idle connection with TLS, besides those of TLS.
	aheadSize = 4 << 10
)

// encrypted is a connection with TLS. TLS may hold text that was received when the
// socket is empty, so that Wait has to read.
type encrypted struct {
	*tls.Conn
	buffer []byte
	ahead  []byte // part of buffer that is still to be read
}

func encrypt(c net.Conn, config *tls.Config) *encrypted {
	return &encrypted{Conn: tls.Server(c, config)}
}

// handshake negotiates with the client.
func (c *encrypted) handshake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	return c.HandshakeContext(ctx)
}

// Wait implements Stream.
func (c *encrypted) Wait() error {
	if len(c.ahead) > 0 {
		return nil
	}
	if c.buffer == nil {
		c.buffer = make([]byte, aheadSize)
	}
	n, err := c.Conn.Read(c.buffer)
	c.ahead = c.buffer[:n]
	if n > 0 || err == io.EOF { // Read will return it again
		return nil
	}
	return err
}

// Read returns what Wait has read, then reads the connection.
func (c *encrypted) Read(p []byte) (int, error) {
	if len(c.ahead) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.ahead)
	c.ahead = c.ahead[n:]
	return n, nil
}
