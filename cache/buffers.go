package cache

const (
	bufferData = 28 // bytes
	chunkBits  = 9  // of the number of buffers in a chunk
)

// buffer is a piece of an encoded list of points.
type buffer struct {
	next uint32
	data [bufferData]byte
}

// bufferPool allocates buffers. It numbers them from 1; 0 means no buffer.
type bufferPool struct {
	chunks [][]buffer
	fresh  uint32 // the first that was never used
	free   uint32 // the first of the released ones, which are linked by next
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

// extend appends an empty buffer to p.
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

// release empties p and releases its buffers.
func (m *bufferPool) release(p *pendingPoints) {
	if p.tail != 0 {
		last := m.at(p.tail)
		m.free, last.next = last.next, m.free
	}
	*p = pendingPoints{state: p.state}
}

// shrink frees all memory. No buffer may be in use.
func (m *bufferPool) shrink() {
	if len(m.chunks) > 1 {
		*m = bufferPool{}
	}
}
