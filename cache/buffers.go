package cache

const (
	bufferData = 28
	chunkBits  = 9 // bufferPool of a chunk

	// restart is a byte between points: the next distance counts from 0. No point
	// begins with it.
	restart = 7

	// timeBound is the time that all beyond are taken for, so that no distance
	// needs more bits than compact has.
	timeBound = 1 << 58

	// A pending of fewer than 1<<minSortAt points is not settled.
	minSortAt = 4
)

// buffer is a piece of a pending.
type buffer struct {
	next uint32
	data [bufferData]byte
}

// bufferPool are the memory of parts. They are named by numbers; 0 is none.
type bufferPool struct {
	chunks [][]buffer
	fresh  uint32 // the first that was never used
	free   uint32 // the first of those that are free, linked by next
}

func (m *bufferPool) at(i uint32) *buffer {
	return &m.chunks[i>>chunkBits][i%(1<<chunkBits)]
}

func (m *bufferPool) get() uint32 {
	if i := m.free; i != 0 {
		m.free = m.at(i).next
		return i
	}
	if int(m.fresh>>chunkBits) == len(m.chunks) {
		m.chunks = append(m.chunks, make([]buffer, 1<<chunkBits))
		m.fresh = max(m.fresh, 1)
	}
	m.fresh++
	return m.fresh - 1
}

// extend appends an empty buffer to a pending.
func (m *bufferPool) extend(p *pendingPoints) {
	i := m.get()
	s := m.at(i)
	s.next = i
	if p.tail != 0 {
		last := m.at(p.tail)
		s.next, last.next = last.next, i
	}
	p.tail, p.fill = i, 0
}

// release gives the bufferPool of a pending back.
func (m *bufferPool) release(p *pendingPoints) {
	if p.tail != 0 {
		last := m.at(p.tail)
		m.free, last.next = last.next, m.free
	}
	*p = pendingPoints{state: p.state}
}

// shrink gives all memory back; there must be no pending.
func (m *bufferPool) shrink() {
	if len(m.chunks) > 1 {
		*m = bufferPool{}
	}
}
