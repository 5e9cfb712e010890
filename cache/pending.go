package cache

import (
	"math/bits"
	"slices"

	"carbon/codec/compact"
	"carbon/metric"
)

const (
	// restart is a byte between points: the next distance counts from 0. No
	// encoded point begins with it.
	restart = 7

	// timeBound limits times on either side of 1970, so that every distance fits
	// into the bits that package compact has.
	timeBound = 1 << 58

	// minSortAt is the least sortAt.
	minSortAt = 4
)

// pendingPoints is a list of points in the order they were added, each encoded as
// the distance from the one before. The bytes are in buffers linked to a ring; all
// buffers but the last are full.
type pendingPoints struct {
	tail     uint32 // the last buffer; its next is the first
	last     uint32 // the time that the next distance counts from
	n        uint32 // points
	fill     uint8  // bytes used of the last buffer
	sortAt   uint8  // the list is sorted again when it has 1<<sortAt points
	unsorted bool   // times may be out of order or equal

	state state // of the entry that the list is in: placed here, an entry takes 32 bytes
}

// add appends a point to p. It reports whether p is to be sorted by sortPending.
func (m *bufferPool) add(p *pendingPoints, t int64, v float64) (sort bool) {
	t = min(max(t, -timeBound), timeBound)
	var buf [compact.MaxPoint]byte
	b := compact.AppendPoint(buf[:0], t-int64(p.last), v)
	for {
		if p.fill == bufferData || p.tail == 0 {
			m.extend(p)
		}
		n := copy(m.at(p.tail).data[p.fill:], b)
		p.fill += uint8(n)
		if n == len(b) {
			break
		}
		b = b[n:]
	}
	next := base(t)
	if p.n > 0 && t <= int64(p.last) || next == 0 {
		p.unsorted = true
	}
	p.last = next
	p.n++
	return p.n>>max(p.sortAt, minSortAt) != 0
}

// base returns what the distance after a point at t counts from.
func base(t int64) uint32 {
	if t == int64(uint32(t)) {
		return uint32(t)
	}
	return 0
}

// appendBytes appends encoded points to p without counting them.
func (m *bufferPool) appendBytes(p *pendingPoints, b []byte) {
	for len(b) > 0 {
		if p.fill == bufferData || p.tail == 0 {
			m.extend(p)
		}
		n := copy(m.at(p.tail).data[p.fill:], b)
		p.fill += uint8(n)
		b = b[n:]
	}
}

// bytes appends the encoded points of p to b.
func (m *bufferPool) bytes(b []byte, p *pendingPoints) []byte {
	if p.tail == 0 {
		return b
	}
	for i := m.at(p.tail).next; i != p.tail; i = m.at(i).next {
		b = append(b, m.at(i).data[:]...)
	}
	return append(b, m.at(p.tail).data[:p.fill]...)
}

// join returns the points of a followed by those of b, with the state of a. Neither
// may be used afterwards.
func (m *bufferPool) join(a, b pendingPoints) pendingPoints {
	b.state = a.state
	if b.n == 0 {
		return a
	}
	if a.n == 0 {
		return b
	}
	if a.fill == bufferData {
		m.extend(&a)
	}
	first, last := m.at(a.tail), m.at(b.tail)
	for i := a.fill; i < bufferData; i++ {
		first.data[i] = restart
	}
	first.next, last.next = last.next, first.next
	b.n += a.n
	b.unsorted = true
	b.sortAt = nextSort(b.n)
	return b
}

// cut removes the first n points from p, which must have more, and returns them in
// the memory of tmp.
func (m *bufferPool) cut(p *pendingPoints, n int, tmp *scratch) []metric.Point {
	first := m.at(p.tail).next
	var from int64
	points, b := tmp.points[:0], tmp.bytes[:0]
	i := first
	for {
		if i == p.tail {
			b = append(b, m.at(i).data[:p.fill]...)
		} else {
			b = append(b, m.at(i).data[:]...)
		}
		points, b, from = decodeSome(points, b, from, n+1)
		if len(points) > n {
			break
		}
		i = m.at(i).next
	}

	// The rest begins with point n, whose distance now counts from 0, followed by
	// the rest of its buffer. Padding makes both end at the end of a buffer.
	head := compact.AppendPoint(nil, points[n].Time, points[n].Value)
	head = append(head, b...)
	rest := pendingPoints{last: p.last, unsorted: p.unsorted, state: p.state}
	if pad := len(head) % bufferData; pad > 0 && i != p.tail {
		for range bufferData - pad {
			m.appendBytes(&rest, []byte{restart})
		}
	}
	m.appendBytes(&rest, head)
	if i != p.tail {
		mine, last := m.at(rest.tail), m.at(p.tail)
		last.next, mine.next = mine.next, m.at(i).next
		rest.tail, rest.fill = p.tail, p.fill
	}
	m.free, m.at(i).next = first, m.free
	rest.n = p.n - uint32(n)
	rest.sortAt = nextSort(rest.n)
	*p = rest
	tmp.points, tmp.bytes = points, b[:0]
	return points[:n]
}

// encode returns a list of points, which are sorted and unique by time.
func (m *bufferPool) encode(points []metric.Point) (p pendingPoints) {
	for _, point := range points {
		m.add(&p, point.Time, point.Value)
	}
	p.sortAt = nextSort(p.n)
	return p
}

// sortPending sorts p by time and keeps the last point of each time. It returns the
// number of points it removed.
func (m *bufferPool) sortPending(p *pendingPoints, tmp *scratch) (dropped int) {
	if p.unsorted {
		tmp.bytes = m.bytes(tmp.bytes[:0], p)
		tmp.points = sortUnique(decode(tmp.points[:0], tmp.bytes))
		dropped = int(p.n) - len(tmp.points)
		state := p.state
		m.release(p)
		*p = m.encode(tmp.points)
		p.state = state
	}
	p.sortAt = nextSort(p.n)
	return dropped
}

// nextSort returns the sortAt of a sorted list of n points: it is sorted again when
// it has about twice as many.
func nextSort(n uint32) uint8 { return uint8(max(minSortAt, bits.Len32(max(2*n, 1)-1))) }

// scratch is memory that is reused.
type scratch struct {
	bytes  []byte
	points []metric.Point
}

// decode appends the points in b to points.
func decode(points []metric.Point, b []byte) []metric.Point {
	points, _, _ = decodeSome(points, b, 0, int(^uint(0)>>1))
	return points
}

// decodeSome appends the points in b to points until there are most of them. It
// returns the rest of b, which may be an incomplete point, and the time that the
// next distance counts from. from is the time that the first one counts from.
func decodeSome(points []metric.Point, b []byte, from int64, most int) ([]metric.Point, []byte, int64) {
	for len(points) < most && len(b) > 0 {
		if b[0] == restart {
			b, from = b[1:], 0
			continue
		}
		distance, v, n := compact.Point(b)
		if n == 0 {
			break
		}
		points = append(points, metric.Point{Time: from + distance, Value: v})
		b, from = b[n:], int64(base(from+distance))
	}
	return points, b, from
}

// sortUnique sorts points by time and keeps the last of each time. points are in
// the order of their arrival. The result uses the same memory.
func sortUnique(points []metric.Point) []metric.Point {
	if isSortedUnique(points) {
		return points
	}
	slices.SortStableFunc(points, func(a, b metric.Point) int {
		switch {
		case a.Time < b.Time:
			return -1
		case a.Time > b.Time:
			return 1
		}
		return 0
	})
	kept := points[:1]
	for _, p := range points[1:] {
		if last := &kept[len(kept)-1]; last.Time == p.Time {
			*last = p
		} else {
			kept = append(kept, p)
		}
	}
	return kept
}

func isSortedUnique(points []metric.Point) bool {
	for i := 1; i < len(points); i++ {
		if points[i].Time <= points[i-1].Time {
			return false
		}
	}
	return true
}
