package cache

const (
	segmentData = 28
	chunkBits   = 9 // segments of a chunk

	// restart is a byte between points: the next distance counts from 0. No point
	// begins with it.
	restart = 7

	// timeBound is the time that all beyond are taken for, so that no distance
	// needs more bits than compact has.
	timeBound = 1 << 58

	// A pile of fewer than 1<<minGrade points is not settled.
	minGrade = 4
)

// segment is a piece of a pile.
type segment struct {
	next uint32
	data [segmentData]byte
}

// segments are the memory of piles. They are named by numbers; 0 is none.
type segments struct {
	chunks [][]segment
	fresh  uint32 // the first that was never used
	free   uint32 // the first of those that are free, linked by next
}

func (m *segments) at(i uint32) *segment {
	return &m.chunks[i>>chunkBits][i%(1<<chunkBits)]
}

func (m *segments) get() uint32 {
	if i := m.free; i != 0 {
		m.free = m.at(i).next
		return i
	}
	if int(m.fresh>>chunkBits) == len(m.chunks) {
		m.chunks = append(m.chunks, make([]segment, 1<<chunkBits))
		m.fresh = max(m.fresh, 1)
	}
	m.fresh++
	return m.fresh - 1
}

// extend appends an empty segment to a pile.
func (m *segments) extend(p *pile) {
	i := m.get()
	s := m.at(i)
	s.next = i
	if p.tail != 0 {
		last := m.at(p.tail)
		s.next, last.next = last.next, i
	}
	p.tail, p.fill = i, 0
}

// release gives the segments of a pile back.
func (m *segments) release(p *pile) {
	if p.tail != 0 {
		last := m.at(p.tail)
		m.free, last.next = last.next, m.free
	}
	*p = pile{state: p.state}
}

// shrink gives all memory back; there must be no pile.
func (m *segments) shrink() {
	if len(m.chunks) > 1 {
		*m = segments{}
	}
}
