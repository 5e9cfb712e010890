package zmtp

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultQueue is the default maximum of messages that wait for a subscriber, as in
// libzmq.
const DefaultQueue = 1000

// Limits of the messages that wait for slow subscribers, in bytes.
const (
	queueBytes = 32 << 20 // for each
	totalBytes = 256 << 20
)

// Publisher sends messages to subscribers. It does not wait for slow ones: a message
// that does not fit a subscriber's queue is dropped for this subscriber and counted.
// Its methods may be called concurrently.
type Publisher struct {
	o     Options
	queue int

	mu          sync.RWMutex
	subscribers map[*subscriber]struct{}

	waiting atomic.Int64 // bytes in all queues
	sent    atomic.Int64
	dropped atomic.Int64
}

// NewPublisher returns a Publisher with queues of at most queue messages; 0 means
// DefaultQueue.
func NewPublisher(queue int, o Options) *Publisher {
	if queue <= 0 {
		queue = DefaultQueue
	}
	o.MaxMessage = maxTopicBytes // of what subscribers send
	return &Publisher{o: o, queue: queue, subscribers: map[*subscriber]struct{}{}}
}

// PublisherStats is a snapshot of a Publisher. Counts are since the start, for all
// subscribers together.
type PublisherStats struct {
	Subscribers int
	Sent        int64 // messages put into a queue
	Dropped     int64 // messages that did not fit a queue
	Waiting     int64 // bytes in all queues
}

// Stats returns the current figures.
func (p *Publisher) Stats() PublisherStats {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return PublisherStats{len(p.subscribers), p.sent.Load(), p.dropped.Load(), p.waiting.Load()}
}

// subscriber is a connection with a subscriber.
type subscriber struct {
	conn *Conn
	out  chan []byte // encoded messages

	mu     sync.Mutex
	topics topics

	waiting atomic.Int64  // bytes in out and being written
	unsent  atomic.Int64  // messages in out and being written
	gone    chan struct{} // closed when it cannot be written to
}

// Serve serves a subscriber until it closes the connection or violates the protocol.
// The error is nil, an *Error, or that of reading. The caller closes nc.
func (p *Publisher) Serve(nc net.Conn) error {
	c, err := Handshake(nc, Pub, p.o)
	if err != nil {
		if err == io.EOF {
			return nil
		}
		return err
	}
	defer c.Release()
	s := &subscriber{conn: c, out: make(chan []byte, p.queue), gone: make(chan struct{})}
	c.pong = func(frame []byte) { p.enqueue(s, frame) }
	nc.SetWriteDeadline(time.Time{}) // a subscriber may be slow
	if c.v == v1 {
		s.topics.add(nil) // it filters by itself
	}
	p.mu.Lock()
	p.subscribers[s] = struct{}{}
	p.mu.Unlock()
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() { p.write(s, stop) })

	err = s.read()
	select {
	case <-s.gone: // the subscriber has gone
		err = nil
	default:
	}

	p.mu.Lock()
	delete(p.subscribers, s)
	p.mu.Unlock()
	close(stop)
	nc.Close() // ends a write that waits
	writing.Wait()
	p.waiting.Add(-s.waiting.Load())
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// read applies the changes that the subscriber sends.
func (s *subscriber) read() error {
	apply := func(ch change) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !ch.add {
			s.topics.remove(ch.topic)
		} else if !s.topics.add(ch.topic) {
			return bad(Subscriptions)
		}
		return nil
	}
	for {
		frames, err := s.conn.readMessage(func(name, data []byte) error {
			if ch, ok := commandChange(name, data); ok {
				return apply(ch)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if ch, ok := messageChange(frames); ok && s.conn.v != v1 {
			if err := apply(ch); err != nil {
				return err
			}
		}
	}
}

// write sends the messages of the queue, several at a time.
func (p *Publisher) write(s *subscriber, stop <-chan struct{}) {
	defer close(s.gone)
	for {
		select {
		case <-stop:
			return
		case first := <-s.out:
			batch, bytes := net.Buffers{first}, int64(len(first))
			for len(batch) < 64 && len(s.out) > 0 {
				next := <-s.out
				batch, bytes = append(batch, next), bytes+int64(len(next))
			}
			n := int64(len(batch))
			if _, err := batch.WriteTo(s.conn.net); err != nil {
				s.conn.net.Close() // ends the read that waits
				return
			}
			s.waiting.Add(-bytes)
			p.waiting.Add(-bytes)
			s.unsent.Add(-n)
		}
	}
}

// Publish sends a message to its subscribers. It does not keep frames.
func (p *Publisher) Publish(frames [][]byte) {
	if len(frames) == 0 {
		return
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	var old, current []byte // encoded in ZMTP 1.0, and in 2.0 or 3
	for s := range p.subscribers {
		s.mu.Lock()
		wanted := s.topics.match(frames[0])
		s.mu.Unlock()
		if !wanted {
			continue
		}
		encoded := &current
		if s.conn.v == v1 {
			encoded = &old
		}
		if *encoded == nil {
			*encoded = appendMessage(nil, s.conn.v, frames)
		}
		if p.enqueue(s, *encoded) {
			p.sent.Add(1)
		} else {
			p.dropped.Add(1)
		}
	}
}

// enqueue puts an encoded message into the queue. It returns false if there is no room.
func (p *Publisher) enqueue(s *subscriber, message []byte) bool {
	n := int64(len(message))
	if s.waiting.Load()+n > queueBytes || p.waiting.Load()+n > totalBytes {
		return false
	}
	s.waiting.Add(n)
	p.waiting.Add(n)
	s.unsent.Add(1)
	select {
	case s.out <- message:
		return true
	default:
		s.waiting.Add(-n)
		p.waiting.Add(-n)
		s.unsent.Add(-1)
		return false
	}
}

// Flush waits until the queues of all subscribers are empty, or ctx is done.
func (p *Publisher) Flush(ctx context.Context) error {
	const interval = 5 * time.Millisecond
	for {
		if !p.unsent() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}

func (p *Publisher) unsent() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for s := range p.subscribers {
		select {
		case <-s.gone:
		default:
			if s.unsent.Load() > 0 {
				return true
			}
		}
	}
	return false
}
