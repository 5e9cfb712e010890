// Package zeromq receives what ZeroMQ's publishers send: over connections that
// they make (Subscriber is a format of receive.Server), or that are made to them
// (Client).
package zeromq

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"carbon/metric"
	"carbon/receive/zeromq/zmtp"
)

// CutOff is the reason of a message whose publisher left in the middle of it.
const CutOff = "message cut off"

// Defaults of receiving from and publishing to ZeroMQ.
const (
	DefaultMaxMessage = zmtp.DefaultMaxMessage
	DefaultSendQueue  = zmtp.DefaultQueue
)

// Options of a Subscriber. Message is needed.
type Options struct {
	// Message adds the datapoints of one message to the batch. Its error is the
	// batch's and ends the connection. The frames are good until it returns.
	Message func(frames [][]byte, batch *metric.Batch) error

	// Topics are the prefixes to subscribe to; none means everything.
	Topics []string

	// MaxMessage is the limit of a message in bytes; 0 means DefaultMaxMessage. A longer one ends
	// its connection.
	MaxMessage int

	// Memory bounds the unfinished messages of all connections together; nil bounds
	// nothing.
	Memory *zmtp.Memory

	// Bad is told why a connection had to be ended; nil means nobody.
	Bad func(reason string, element []byte)
}

// Subscriber reads connections of publishers, any number at once.
type Subscriber struct {
	o        Options
	batches  sync.Pool
	messages atomic.Int64
}

// NewSubscriber returns a Subscriber.
func NewSubscriber(o Options) *Subscriber {
	if len(o.Topics) == 0 {
		o.Topics = []string{""}
	}
	if o.Bad == nil {
		o.Bad = func(string, []byte) {}
	}
	s := &Subscriber{o: o}
	s.batches.New = func() any { return metric.NewBatch(nil) }
	return s
}

// Messages is how many there were since the start.
func (s *Subscriber) Messages() int64 { return s.messages.Load() }

// Read is a receive.Format; r must be a net.Conn.
func (s *Subscriber) Read(r io.Reader, push func([]metric.Datapoint) error) error {
	c, err := zmtp.Handshake(r.(net.Conn), zmtp.Sub, zmtp.Options{MaxMessage: s.o.MaxMessage, Memory: s.o.Memory})
	if err == nil {
		defer c.Release()
		for _, topic := range s.o.Topics {
			c.Subscribe(topic)
		}
	}
	for err == nil {
		err = s.read(c, push)
	}
	var e *zmtp.Error
	switch {
	case err == io.EOF:
		return nil
	case errors.As(err, &e):
		s.o.Bad(e.Reason, nil)
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.o.Bad(CutOff, nil)
		return nil
	}
	return err
}

// read waits for a message, and takes those that came with it.
func (s *Subscriber) read(c *zmtp.Conn, push func([]metric.Datapoint) error) error {
	frames, err := c.ReadMessage()
	if err != nil {
		return err
	}
	batch := s.batches.Get().(*metric.Batch)
	defer s.batches.Put(batch)
	batch.Reset(push)
	for {
		s.messages.Add(1)
		if err := s.o.Message(frames, batch); err != nil {
			return err
		}
		if !c.Ready() {
			return batch.Flush()
		}
		if frames, err = c.ReadMessage(); err != nil {
			return errors.Join(batch.Flush(), err)
		}
	}
}
