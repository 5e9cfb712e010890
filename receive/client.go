package receive

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive/redial"
)

const (
	// dialTime bounds one attempt to connect.
	dialTime = 10 * time.Second

	// clientDrainLimit bounds the reading of a connection at shutdown. Its peer does
	// not know of the shutdown and goes on sending.
	clientDrainLimit = time.Second
)

// ClientOptions are the options of a Client. All but Logger are needed.
type ClientOptions struct {
	Name     string // of the receiver, for the log
	Addr     string // of the peer, host:port
	Protocol Protocol
	Push     Push
	Logger   *slog.Logger // nil discards
}

// Client keeps a connection to a peer that sends datapoints.
type Client struct {
	o         ClientOptions
	loop      *redial.Loop
	life      *Life
	deadlines deadlines

	mu   sync.Mutex
	conn *conn // nil: not connected
}

var _ Receiver = (*Client)(nil)

// NewClient returns a Client. It connects in Serve.
func NewClient(o ClientOptions) *Client {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Client{
		o:    o,
		loop: redial.New(redial.Options{Addr: o.Addr, Logger: o.Logger.With("receiver", o.Name)}),
		life: NewLife(LifeOptions{}),
	}
}

// Addrs implements Receiver: there is none.
func (c *Client) Addrs() map[string]net.Addr { return nil }

// Serve implements Receiver. At shutdown it reads until nothing has come for 200 ms,
// for at most 1 s.
func (c *Client) Serve(ctx context.Context) error {
	return c.life.Serve(ctx, func(stopping, pushing context.Context) error {
		defer context.AfterFunc(stopping, c.drain)()
		c.loop.Run(stopping, func(dialing context.Context, connected func()) error {
			return c.session(dialing, pushing, connected)
		})
		return nil
	})
}

// Shutdown implements Receiver.
func (c *Client) Shutdown(ctx context.Context) error { return c.life.Shutdown(ctx) }

// session connects and reads until the connection ends.
func (c *Client) session(dialing, pushing context.Context, connected func()) error {
	dialer := net.Dialer{Timeout: dialTime, KeepAlive: 10 * time.Second}
	nc, err := dialer.DialContext(dialing, "tcp", c.o.Addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(pushing, func() { nc.Close() })()
	connection := newConn(nc, nil, &c.deadlines)
	c.setConn(connection)
	defer c.setConn(nil)
	connected()
	return c.o.Protocol(pushing, connection, func(points []metric.Datapoint) error { return c.o.Push(pushing, points) })
}

func (c *Client) setConn(connection *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = connection
}

// drain makes the connection end when what was sent has been read.
func (c *Client) drain() {
	c.deadlines.drain(clientDrainLimit)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.SetReadDeadline(time.Now().Add(drainQuiet)) // ends a read that waits
	}
}

// ActiveConnections returns 1 while there is a connection.
func (c *Client) ActiveConnections() int64 {
	if c.loop.Connected() {
		return 1
	}
	return 0
}

// Samples implements Receiver: whoever owns the Client counts.
func (c *Client) Samples() []instrumentation.Sample { return nil }
