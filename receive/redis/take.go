package redis

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"carbon/metric"
)

// Limits of one batch of elements.
const (
	maxElements = 1000
	maxBytes    = 16 << 20 // of elements in memory until they are in the log

	// maxUnreliable is maxElements for Unreliable, where all elements must be kept,
	// however long they are.
	maxUnreliable = 100

	// fewElements is how many elements of a processing list are read at first,
	// because they may be long.
	fewElements = 16

	// blockTime is how long Redis waits for an element, in seconds. It is the least
	// that all versions support. A shutdown may have to wait for it.
	blockTime = 1
)

// session takes elements on one connection.
type session struct {
	*worker
	*client
	stopping, pushing context.Context
	batch             *metric.Batch
	waiting           int64 // elements in the list, as last reported

	taken    []reply // oldest first
	rejected []string
	bytes    int // of taken
}

func (w *worker) newSession(stopping, pushing context.Context, c *client) *session {
	s := &session{worker: w, client: c, stopping: stopping, pushing: pushing}
	s.batch = metric.NewBatch(func(points []metric.Datapoint) error { return w.o.Push(pushing, points) })
	return s
}

// take takes elements until stopping is done or an error.
func (w *worker) take(stopping, pushing context.Context, c *client) error {
	s := w.newSession(stopping, pushing, c)
	if w.o.Unreliable {
		return s.takeUnreliably()
	}
	if err := w.register(c); err != nil {
		return err
	}
	if err := s.takeUp(); err != nil {
		return err
	}
	adopted := time.Now()
	for stopping.Err() == nil {
		whole, err := s.next("RPOPLPUSH", w.list, w.processing)
		if err != nil {
			return err
		}
		if err := s.storeAndRemove(); err != nil {
			return err
		}
		if !whole { // the others are in the processing list
			if err := s.takeUp(); err != nil {
				return err
			}
		}
		// Not at once: after a restart of Redis all servers have to register again.
		if time.Since(adopted) > lease/2 {
			adopted = time.Now()
			if err := s.adopt(); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeUnreliably is take for Unreliable.
func (s *session) takeUnreliably() error {
	for s.stopping.Err() == nil {
		if _, err := s.next("RPOP", s.list); err != nil {
			return err
		}
		if err := s.store(); err != nil {
			return err
		}
	}
	return nil
}

// next takes the elements of the list, at most maxElements, or waits for an element
// for a second. whole is false if some of the moved elements are not in s.taken.
func (s *session) next(pop string, keys ...string) (whole bool, err error) {
	s.taken, s.bytes = s.taken[:0], 0
	n := int(min(s.waiting, maxElements))
	if s.o.Unreliable {
		n = min(n, maxUnreliable)
	}
	if n == 0 {
		n = 1
		s.send("B"+pop, append(keys, strconv.Itoa(blockTime))...)
	} else {
		for range n {
			s.send(pop, keys...)
		}
	}
	s.send("LLEN", s.list)
	if err := s.flush(replyTime); err != nil {
		return false, err
	}
	whole = true
	for range n {
		re, err := s.readElement()
		if err != nil {
			return false, err
		}
		if !s.keep(re) {
			whole = false
		}
	}
	re, err := s.read()
	s.waiting = re.n
	return whole, err
}

// readElement reads the reply to a pop command. That of BRPOP begins with the key of
// the list.
func (s *session) readElement() (reply, error) {
	re, err := s.read()
	if err == nil && re.kind == '*' {
		if re.null {
			return re, nil
		}
		if re.n != 2 {
			return re, errProtocol
		}
		if re, err = s.read(); err == nil {
			re, err = s.read()
		}
	}
	return re, err
}

// keep adds an element, if the reply has one, to s.taken. It returns false if there
// is no room.
func (s *session) keep(re reply) bool {
	if re.null || re.kind != '$' {
		return true
	}
	if !s.o.Unreliable && s.bytes > maxBytes {
		return false
	}
	s.taken = append(s.taken, re)
	s.bytes += len(re.text)
	return true
}

// takeUp stores the elements of this server's processing list.
func (s *session) takeUp() error {
	for n := fewElements; s.stopping.Err() == nil; {
		list, err := s.do("LRANGE", s.processing, strconv.Itoa(-n), "-1")
		if err != nil {
			return err
		}
		s.taken, s.bytes = s.taken[:0], 0
		whole := true
		for range list.n {
			re, err := s.read()
			if err != nil {
				return err
			}
			whole = s.keep(re) && whole
		}
		switch {
		case list.n == 0:
			return nil
		case !whole && n > 1: // the newest were kept, and the oldest are wanted
			n = max(1, n/fewElements)
			continue
		}
		slices.Reverse(s.taken) // the oldest is last in the list
		s.takenUp.Add(int64(len(s.taken)))
		if s.bytes < maxBytes/16 {
			n = min(2*n, maxElements)
		}
		if err := s.storeAndRemove(); err != nil {
			return err
		}
	}
	return nil
}

// store pushes the datapoints of s.taken.
func (s *session) store() error {
	s.rejected = s.rejected[:0]
	for _, re := range s.taken {
		s.worker.elements.Add(1)
		if re.long {
			s.o.Refused.Add(TooLong, nil)
			s.worker.rejected.Add(1)
			continue
		}
		readable, err := s.o.Message([]byte(re.text), s.batch)
		if err != nil {
			return err
		}
		if !readable {
			s.worker.rejected.Add(1)
			if len(re.text) <= maxRejectedSize {
				s.rejected = append(s.rejected, re.text)
			}
		}
	}
	return s.batch.Flush()
}

// storeAndRemove stores s.taken, and removes the elements from the processing list
// when they are in the log. It removes elements by their value: if another server
// has adopted them meanwhile, it removes no others.
func (s *session) storeAndRemove() error {
	if len(s.taken) == 0 {
		return nil
	}
	if err := s.store(); err != nil {
		return err
	}
	if err := s.o.Commit(s.pushing); err != nil {
		return err
	}
	replies := 0
	send := func(command string, arguments ...string) {
		s.send(command, arguments...)
		replies++
	}
	if len(s.rejected) > 0 {
		list := s.list + ":rejected"
		for _, element := range s.rejected {
			send("LPUSH", list, element)
		}
		send("LTRIM", list, "0", strconv.Itoa(maxRejected-1))
	}
	for _, re := range s.taken {
		if re.long {
			send("LTRIM", s.processing, "0", "-2") // the elements after it are removed already
		} else {
			send("LREM", s.processing, "-1", re.text)
		}
	}
	if err := s.flush(replyTime); err != nil {
		return err
	}
	var refused error
	for range replies {
		_, err := s.read()
		var e serverError
		if err != nil && !errors.As(err, &e) {
			return err
		}
		refused = errors.Join(refused, err)
	}
	return refused
}
