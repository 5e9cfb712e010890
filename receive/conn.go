package receive

import (
	"net"
	"syscall"
	"time"
)

// conn is one client's connection as a Format reads it.
type conn struct {
	net.Conn
	server *Server
	raw    syscall.RawConn // nil: it has none

	encrypted *encrypted // nil: it is not
}

// Read reads what the client sent. At shutdown it returns an error when nothing
// has come for 200 ms.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.arm(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Wait returns when there is something to read, the end too.
func (c *conn) Wait() error {
	if c.raw == nil && c.encrypted == nil {
		return nil
	}
	if err := c.arm(); err != nil {
		return err
	}
	if c.encrypted != nil {
		return c.encrypted.Wait()
	}
	return c.raw.Read(readable)
}

// arm sets how long the next read may wait.
func (c *conn) arm() error {
	for {
		draining := c.server.drainUntil.Load()
		switch {
		case draining != 0:
			deadline := time.Now().Add(drainQuiet)
			if until := time.Unix(0, draining); deadline.After(until) {
				deadline = until
			}
			return c.SetReadDeadline(deadline)
		case c.server.o.IdleTimeout <= 0:
			return nil
		}
		if err := c.SetReadDeadline(time.Now().Add(c.server.o.IdleTimeout)); err != nil {
			return err
		}
		if c.server.drainUntil.Load() == 0 {
			return nil
		}
		// Shutdown came between, and its deadline was just overwritten.
	}
}
