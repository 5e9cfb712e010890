package receive

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// handshakeTime is how long a client may take to agree on encryption.
const handshakeTime = 30 * time.Second

// encrypted is a connection with TLS. There may be nothing to read on the socket
// and something in its buffers, so it waits by reading a little.
type encrypted struct {
	*tls.Conn
	room  []byte
	ahead []byte // in room: what was read and not yet given
}

// aheadSize is how much an idle connection with TLS holds, besides what TLS does.
const aheadSize = 4 << 10

func encrypt(c net.Conn, config *tls.Config) *encrypted {
	return &encrypted{Conn: tls.Server(c, config)}
}

// handshake agrees with the client on encryption.
func (c *encrypted) handshake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	return c.HandshakeContext(ctx)
}

// Wait returns when there is something to read, the end too.
func (c *encrypted) Wait() error {
	if len(c.ahead) > 0 {
		return nil
	}
	if c.room == nil {
		c.room = make([]byte, aheadSize)
	}
	n, err := c.Conn.Read(c.room)
	c.ahead = c.room[:n]
	if n > 0 {
		return nil
	}
	return err
}

// Read reads what Wait has, then the connection.
func (c *encrypted) Read(p []byte) (int, error) {
	if len(c.ahead) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.ahead)
	c.ahead = c.ahead[n:]
	return n, nil
}
