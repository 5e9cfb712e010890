package cache

import (
	"math/bits"
	"slices"

	"carbon/codec/compact"
	"carbon/metric"
)

// pile is points one behind the other, in the order they were added, each as its
// distance from the one before. Its segments are all full but for the last, and
// linked in a ring.
type pile struct {
	tail  uint32 // the last segment; its next is the first
	last  uint32 // the time that the next distance counts from
	n     uint32 // points
	fill  uint8  // bytes of the last segment that are used
	grade uint8  // at 1<<grade points it is to be settled
	mess  bool   // not by time, or there may be two of the same time

	state state // of the entry whose pile it is: here an entry gets by with 32 bytes
}

// add puts a point on a pile. It reports whether the pile is to be settled.
func (m *segments) add(p *pile, t int64, v float64) (settle bool) {
	t = min(max(t, -timeBound), timeBound)
	var buf [compact.MaxPoint]byte
	b := compact.AppendPoint(buf[:0], t-int64(p.last), v)
	for {
		if p.fill == segmentData || p.tail == 0 {
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
		p.mess = true
	}
	p.last = next
	p.n++
	return p.n>>max(p.grade, minGrade) != 0
}

// base is what the distance after a point of time t counts from.
func base(t int64) uint32 {
	if t == int64(uint32(t)) {
		return uint32(t)
	}
	return 0
}

// appendBytes appends bytes of points to a pile, but counts none.
func (m *segments) appendBytes(p *pile, b []byte) {
	for len(b) > 0 {
		if p.fill == segmentData || p.tail == 0 {
			m.extend(p)
		}
		n := copy(m.at(p.tail).data[p.fill:], b)
		p.fill += uint8(n)
		b = b[n:]
	}
}

// bytes appends the bytes of a pile to b.
func (m *segments) bytes(b []byte, p *pile) []byte {
	if p.tail == 0 {
		return b
	}
	for i := m.at(p.tail).next; i != p.tail; i = m.at(i).next {
		b = append(b, m.at(i).data[:]...)
	}
	return append(b, m.at(p.tail).data[:p.fill]...)
}

// join puts pile b behind pile a, as one; a's state is the result's.
func (m *segments) join(a, b pile) pile {
	b.state = a.state
	if b.n == 0 {
		return a
	}
	if a.n == 0 {
		return b
	}
	if a.fill == segmentData {
		m.extend(&a)
	}
	first, last := m.at(a.tail), m.at(b.tail)
	for i := a.fill; i < segmentData; i++ {
		first.data[i] = restart
	}
	first.next, last.next = last.next, first.next
	b.n += a.n
	b.mess = true
	b.grade = gradeOf(b.n)
	return b
}

// cut takes the first n points from a pile that has more, appended to points.
func (m *segments) cut(p *pile, n int, tmp *scratch) []metric.Point {
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

	// What is left begins with point n, counted from 0 now, and the rest of its
	// segment. Both end where a segment does.
	head := compact.AppendPoint(nil, points[n].Time, points[n].Value)
	head = append(head, b...)
	rest := pile{last: p.last, mess: p.mess, state: p.state}
	if pad := len(head) % segmentData; pad > 0 && i != p.tail {
		for range segmentData - pad {
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
	rest.grade = gradeOf(rest.n)
	*p = rest
	tmp.points, tmp.bytes = points, b[:0]
	return points[:n]
}

// encode returns a pile of points that are settled.
func (m *segments) encode(points []metric.Point) (p pile) {
	for _, point := range points {
		m.add(&p, point.Time, point.Value)
	}
	p.grade = gradeOf(p.n)
	return p
}

// settle sorts a pile by time and keeps the last of each time. It returns how
// many points went.
func (m *segments) settle(p *pile, tmp *scratch) (dropped int) {
	if p.mess {
		tmp.bytes = m.bytes(tmp.bytes[:0], p)
		tmp.points = settle(decode(tmp.points[:0], tmp.bytes))
		dropped = int(p.n) - len(tmp.points)
		state := p.state
		m.release(p)
		*p = m.encode(tmp.points)
		p.state = state
	}
	p.grade = gradeOf(p.n)
	return dropped
}

// gradeOf returns the grade of a pile of n settled points: it is settled again
// when there are twice as many, or somewhat more.
func gradeOf(n uint32) uint8 { return uint8(max(minGrade, bits.Len32(max(2*n, 1)-1))) }

// scratch is memory that is used again.
type scratch struct {
	bytes  []byte
	points []metric.Point
}

// decode appends the points in b to points.
func decode(points []metric.Point, b []byte) []metric.Point {
	points, _, _ = decodeSome(points, b, 0, int(^uint(0)>>1))
	return points
}

// decodeSome appends the points in b to points until there are most, and returns
// what is left of b: the bytes after, or the beginning of a point. from is what
// distances count from.
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

// settle sorts points by time and keeps the last of each time. It works in the
// memory of points, which are in the order they arrived.
func settle(points []metric.Point) []metric.Point {
	if settled(points) {
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

func settled(points []metric.Point) bool {
	for i := 1; i < len(points); i++ {
		if points[i].Time <= points[i-1].Time {
			return false
		}
	}
	return true
}
