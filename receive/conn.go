package receive

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// drainQuiet is how long nothing must have come on a connection at shutdown before
// it is closed.
const drainQuiet = 200 * time.Millisecond

// deadlines bounds how long the connections of a Server or Client wait for bytes.
type deadlines struct {
	idle  time.Duration // 0: without bound
	until atomic.Int64  // end of reading at shutdown, unix nanoseconds; 0 before
}

// drain bounds reading: from now on a read waits at most drainQuiet, and no read
// waits beyond limit from now. It returns false if it was called before.
func (d *deadlines) drain(limit time.Duration) bool {
	return d.until.CompareAndSwap(0, time.Now().Add(limit).UnixNano())
}

func (d *deadlines) draining() bool { return d.until.Load() != 0 }

// arm sets the deadline of the next read of a connection.
func (d *deadlines) arm(c net.Conn) error {
	for {
		until := d.until.Load()
		switch {
		case until != 0:
			deadline := time.Now().Add(drainQuiet)
			if end := time.Unix(0, until); deadline.After(end) {
				deadline = end
			}
			return c.SetReadDeadline(deadline)
		case d.idle <= 0:
			return nil
		}
		if err := c.SetReadDeadline(time.Now().Add(d.idle)); err != nil {
			return err
		}
		if d.until.Load() == 0 {
			return nil
		}
		// drain was called in between, and the deadline of shutdown was overwritten.
	}
}

// conn is a Conn whose reads end at shutdown.
type conn struct {
	net.Conn
	deadlines *deadlines
	raw       syscall.RawConn // nil: not a socket
	encrypted *encrypted      // nil: no TLS
}

// newConn wraps a connection. config is nil for one without TLS.
func newConn(nc net.Conn, config *tls.Config, d *deadlines) *conn {
	c := &conn{Conn: nc, deadlines: d}
	if config != nil {
		c.encrypted = encrypt(nc, config)
		c.Conn = c.encrypted
	} else if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn()
	}
	return c
}

// handshake negotiates TLS with the client, if the connection uses it.
func (c *conn) handshake(ctx context.Context) error {
	if c.encrypted == nil {
		return nil
	}
	return c.encrypted.handshake(ctx)
}

// Read reads what the client sent. At shutdown it returns an error when nothing has
// come for 200 ms.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.deadlines.arm(c); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Wait implements Conn.
func (c *conn) Wait() error {
	if c.raw == nil && c.encrypted == nil {
		return nil
	}
	if err := c.deadlines.arm(c); err != nil {
		return err
	}
	if c.encrypted != nil {
		return c.encrypted.Wait()
	}
	return c.raw.Read(readable)
}
