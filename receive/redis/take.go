package redis

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"carbon/metric"
)

// How much is taken at once.
const (
	maxElements = 1000
	maxBytes    = 16 << 20 // of elements that are kept until they are in the log

	// maxUnreliable is how many are taken at once that must be kept, however long.
	maxUnreliable = 100

	// fewElements are taken up at once from a list whose elements may be long.
	fewElements = 16

	// blockTime is how long Redis waits for an element before it says that there is
	// none, in seconds: the least that all versions know. A shutdown may wait for it.
	blockTime = 1
)

// session is one connection of a Worker.
type session struct {
	*Worker
	*client
	ctx     context.Context
	batch   *metric.Batch
	waiting int64 // elements in the list when last asked

	taken    []reply // oldest first
	rejected []string
	bytes    int
}

// take takes elements until Shutdown or an error.
func (w *Worker) take(ctx context.Context, c *client) error {
	s := &session{Worker: w, client: c, ctx: ctx}
	s.batch = metric.NewBatch(func(points []metric.Datapoint) error { return w.o.Push(ctx, points) })
	if w.o.Unreliable {
		for w.stopping.Err() == nil {
			if _, err := s.next("RPOP", w.o.List); err != nil {
				return err
			}
			if err := s.store(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := w.signOn(c); err != nil {
		return err
	}
	if err := s.takeUp(); err != nil {
		return err
	}
	looked := time.Now()
	for w.stopping.Err() == nil {
		whole, err := s.next("RPOPLPUSH", w.o.List, w.processing)
		if err != nil {
			return err
		}
		if err := s.storeAndRemove(); err != nil {
			return err
		}
		if !whole { // what was not kept stands in the processing list
			if err := s.takeUp(); err != nil {
				return err
			}
		}
		// Not at once: after a restart of Redis all have to say again that they live.
		if time.Since(looked) > lease/2 {
			looked = time.Now()
			if err := s.adopt(); err != nil {
				return err
			}
		}
	}
	return nil
}

// next takes what is in the list, at most maxElements, or waits for an element for
// a second. whole is false when not all that was moved was kept.
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
	s.send("LLEN", s.o.List)
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

// readElement reads the reply to a pop: BRPOP answers with the list's key, too.
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

// keep adds an element to those to be stored, unless there is none, or no room. It
// reports false when there was no room.
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

// takeUp stores what stands in this server's processing list.
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
		case !whole && n > 1: // what was kept are the newest
			n = max(1, n/fewElements)
			continue
		}
		slices.Reverse(s.taken) // the oldest stands last
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

// store hands over the datapoints of the elements.
func (s *session) store() error {
	s.rejected = s.rejected[:0]
	for _, re := range s.taken {
		s.Worker.elements.Add(1)
		if re.long {
			s.o.Bad(TooLong, nil)
			s.Worker.rejected.Add(1)
			continue
		}
		readable, err := s.o.Message([]byte(re.text), s.batch)
		if err != nil {
			return err
		}
		if !readable {
			s.Worker.rejected.Add(1)
			if len(re.text) <= maxRejectedSize {
				s.rejected = append(s.rejected, re.text)
			}
		}
	}
	return s.batch.Flush()
}

// storeAndRemove stores the elements, and removes them from the processing list
// once they are in the log. An element is removed by its value: should another
// server have taken this one for dead, nothing else goes.
func (s *session) storeAndRemove() error {
	if len(s.taken) == 0 {
		return nil
	}
	if err := s.store(); err != nil {
		return err
	}
	if err := s.o.Commit(s.ctx); err != nil {
		return err
	}
	replies := 0
	send := func(command string, arguments ...string) {
		s.send(command, arguments...)
		replies++
	}
	if len(s.rejected) > 0 {
		list := s.o.List + ":rejected"
		for _, element := range s.rejected {
			send("LPUSH", list, element)
		}
		send("LTRIM", list, "0", strconv.Itoa(maxRejected-1))
	}
	for _, re := range s.taken {
		if re.long {
			send("LTRIM", s.processing, "0", "-2") // those that stood behind it are gone
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
