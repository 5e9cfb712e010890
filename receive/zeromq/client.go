package zeromq

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"carbon/metric"
	"carbon/receive"
)

// After a connection is lost or refused the next try waits, twice as long each
// time.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// dialTime bounds one try.
const dialTime = 10 * time.Second

// At shutdown a connection is read until it has been empty for drainQuiet, but not
// longer than drainLimit: its publisher goes on publishing.
const (
	drainQuiet = 200 * time.Millisecond
	drainLimit = time.Second
)

// Client keeps a connection to a publisher, for ever.
type Client struct {
	addr string
	read receive.Format
	push receive.Push
	log  *slog.Logger

	dialing context.Context // until Shutdown
	stop    context.CancelFunc
	ended   chan struct{} // Serve has

	mu         sync.Mutex
	serving    bool
	conn       *drained // nil: none
	drainUntil time.Time
	abort      context.CancelFunc // of pushes
}

// NewClient returns a Client of the publisher at addr, which reads it with read
// and pushes to push. A nil logger discards.
func NewClient(addr string, read receive.Format, push receive.Push, logger *slog.Logger) *Client {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{addr: addr, read: read, push: push, log: logger.With("publisher", addr), ended: make(chan struct{})}
	c.dialing, c.stop = context.WithCancel(context.Background())
	return c
}

// Serve connects, and again whenever the connection is lost, until Shutdown. A
// publisher that is away is no error.
func (c *Client) Serve(ctx context.Context) error {
	defer close(c.ended)
	defer context.AfterFunc(ctx, c.drain)()
	ctx, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	c.mu.Lock()
	c.serving, c.abort = true, abort
	c.mu.Unlock()
	away := false
	for pause := minPause; c.dialing.Err() == nil; pause = min(2*pause, maxPause) {
		lasted, err := c.once(ctx)
		if c.dialing.Err() != nil {
			break
		}
		if lasted > time.Second {
			pause, away = minPause, false
		}
		if !away { // once until it is back
			c.log.Warn("publisher away", "err", err)
			away = true
		}
		select {
		case <-c.dialing.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// once connects and reads until the connection ends. It tells how long there was
// one.
func (c *Client) once(ctx context.Context) (lasted time.Duration, err error) {
	dialer := net.Dialer{Timeout: dialTime, KeepAlive: 10 * time.Second}
	nc, err := dialer.DialContext(c.dialing, "tcp", c.addr)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	began := time.Now()
	conn := &drained{Conn: nc, client: c}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.conn = nil
		c.mu.Unlock()
	}()
	c.log.Debug("connected")
	err = c.read(conn, func(points []metric.Datapoint) error { return c.push(ctx, points) })
	return time.Since(began), err
}

// Connected tells whether there is a connection.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn != nil
}

// drain makes the connection end when what was sent has been read.
func (c *Client) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drainUntil.IsZero() {
		c.drainUntil = time.Now().Add(drainLimit)
	}
	c.stop()
	if c.conn != nil {
		c.conn.SetReadDeadline(time.Now().Add(drainQuiet)) // for a read that waits
	}
}

// Shutdown makes Serve end and returns when it has. When ctx is done before, the
// connection is cut off, a waiting push too, and the error is ctx's.
func (c *Client) Shutdown(ctx context.Context) error {
	c.drain()
	c.mu.Lock()
	serving := c.serving
	c.mu.Unlock()
	if !serving {
		return nil
	}
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	c.abort()
	if c.conn != nil {
		c.conn.Close()
	}
	c.mu.Unlock()
	<-c.ended
	return ctx.Err()
}

// drained is a connection whose reads end at shutdown.
type drained struct {
	net.Conn
	client *Client
}

func (d *drained) Read(p []byte) (int, error) {
	d.client.mu.Lock()
	until := d.client.drainUntil
	d.client.mu.Unlock()
	if !until.IsZero() {
		deadline := time.Now().Add(drainQuiet)
		if deadline.After(until) {
			deadline = until
		}
		d.SetReadDeadline(deadline)
	}
	return d.Conn.Read(p)
}
