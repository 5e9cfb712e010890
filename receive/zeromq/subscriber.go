package zeromq

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"carbon/metric"
	"carbon/receive"
	"carbon/receive/memory"
	"carbon/receive/zeromq/zmtp"
)

// CutOff is the reason of a message whose publisher closed the connection in the
// middle of it.
const CutOff = "message cut off"

// SubscriberOptions are the options of a Subscriber. Message is needed.
type SubscriberOptions struct {
	// Message adds the datapoints of a message to the batch. The frames are valid
	// until it returns. Its error is that of the batch, and closes the connection.
	Message func(frames [][]byte, batch *metric.Batch) error

	// Topics are the prefixes to subscribe to; empty: everything.
	Topics []string

	// MaxMessage is the maximum message in bytes; 0 means DefaultMaxMessage. A longer
	// one closes its connection.
	MaxMessage int

	// Memory bounds the unfinished messages of all connections; nil: they are not
	// bounded.
	Memory *memory.Pool

	// Refuse is called with the reason why a connection was closed; nil: it is not
	// reported.
	Refuse func(reason string, element []byte)
}

// Subscriber reads connections with publishers, any number of them at a time.
type Subscriber struct {
	o        SubscriberOptions
	batches  sync.Pool // of *metric.Batch
	messages atomic.Int64
}

// NewSubscriber returns a Subscriber.
func NewSubscriber(o SubscriberOptions) *Subscriber {
	if len(o.Topics) == 0 {
		o.Topics = []string{""}
	}
	if o.Refuse == nil {
		o.Refuse = func(string, []byte) {}
	}
	s := &Subscriber{o: o}
	s.batches.New = func() any { return metric.NewBatch(nil) }
	return s
}

// Messages returns how many messages were received since the start.
func (s *Subscriber) Messages() int64 { return s.messages.Load() }

// Serve reads a connection to its end. It is a receive.Protocol.
func (s *Subscriber) Serve(_ context.Context, nc receive.Conn, push func([]metric.Datapoint) error) error {
	c, err := zmtp.Handshake(nc, zmtp.Sub, zmtp.Options{MaxMessage: s.o.MaxMessage, Memory: s.o.Memory})
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
		s.o.Refuse(e.Reason, nil)
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.o.Refuse(CutOff, nil)
		return nil
	}
	return err
}

// read waits for a message, and reads those that were received with it.
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
