package cache

// requeue puts a series where Take finds it, if Take may return any of its points.
func (s *shard) requeue(r Ref, e *entry) {
	n := s.takeable(r, e)
	if n == 0 {
		return
	}
	s.enqueue(r, e)
	if n >= s.readyAt {
		s.markReady(r, e)
	}
}

// setSince changes since, and removes the series from the queue and from late, which
// are ordered by it.
func (s *shard) setSince(e *entry, at int64) {
	if at != e.since {
		s.dequeue(e)
		e.state &^= late
		e.since = at
	}
}

// enqueue adds a series to the end of the queue, or to late if it belongs further
// forward, unless it is in the queue, in late or in delayed.
func (s *shard) enqueue(r Ref, e *entry) {
	switch {
	case e.state&(queued|late|delayed) != 0:
	case s.tail == 0:
		s.head, s.tail = r, r
		e.state |= queued
	case s.entry(s.tail).since <= e.since:
		s.entry(s.tail).next, e.prev = r, s.tail
		s.tail = r
		e.state |= queued
	default:
		s.late.push(item{e.since, r})
		e.state |= late
	}
	if e.state&(inFlight|delayed) == 0 && e.since < s.oldest.Load() {
		s.oldest.Store(e.since)
	}
}

// dequeue removes a series from the queue if it is there.
func (s *shard) dequeue(e *entry) {
	if e.state&queued == 0 {
		return
	}
	if e.prev == 0 {
		s.head = e.next
	} else {
		s.entry(e.prev).next = e.next
	}
	if e.next == 0 {
		s.tail = e.prev
	} else {
		s.entry(e.next).prev = e.prev
	}
	e.prev, e.next = 0, 0
	e.state &^= queued
}

// first returns the series with the oldest point that Take may return; 0: there is
// none.
func (s *shard) first() Ref {
	for len(s.late) > 0 {
		it := s.late[0]
		e := s.entry(it.ref)
		if e.state&(late|inFlight|delayed) == late && e.since == it.key && s.takeable(it.ref, e) > 0 {
			break
		}
		s.late.pop()
		if e.since == it.key {
			e.state &^= late
		}
	}
	r := s.head
	for r != 0 && s.entry(r).state&inFlight != 0 {
		r = s.entry(r).next
	}
	if len(s.late) > 0 && (r == 0 || s.late[0].key < s.entry(r).since) {
		return s.late[0].ref
	}
	return r
}

// refresh updates oldest after a change of first.
func (s *shard) refresh() {
	if r := s.first(); r == 0 {
		s.oldest.Store(never)
	} else {
		s.oldest.Store(s.entry(r).since)
	}
}

// item is a series in a heap.
type item struct {
	key int64
	ref Ref
}

// heap is a binary heap. The item with the smallest key comes first.
type heap []item

func (h *heap) push(it item) {
	s := append(*h, it)
	i := len(s) - 1
	for i > 0 && s[(i-1)/2].key > it.key {
		s[i] = s[(i-1)/2]
		i = (i - 1) / 2
	}
	s[i] = it
	*h = s
}

func (h *heap) pop() item {
	s := *h
	first, it := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(s) {
			break
		}
		if child+1 < len(s) && s[child+1].key < s[child].key {
			child++
		}
		if s[child].key >= it.key {
			break
		}
		s[i] = s[child]
		i = child
	}
	s[i] = it
	return first
}
