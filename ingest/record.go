package ingest

import (
	"encoding/binary"
	"errors"

	"carbon/cache"
	"carbon/codec/compact"
	"carbon/metric"
)

// A record of the log is what one push took, or names that were deleted. It begins
// with its kind:
//
//	'P'  points, each
//	       uvarint 0, if a number is given to a series first:
//	         uvarint number, uvarint how many bytes its name shares with the
//	         name before in this record, uvarint how many follow, these
//	       uvarint 1 + zigzag(number of the series - number of the point before - 1)
//	       the point as package compact writes it; the distance is from the time
//	       of the point before
//	'D'  names, each: uvarint how many bytes follow, these
//
// What is before the first is 0. Numbers hold within a segment of the log, so
// that each can be read alone; where the record that gives a number is damaged,
// the points of the number cannot be told whose they are and are left out.
const (
	pointsRecord   = 'P'
	deletionRecord = 'D'
)

// maxNumber bounds what a damaged record can make the decoder keep.
const maxNumber = 1 << 26

// timeBound is what times are cut to on either side of 1970, as by the cache, so
// that their distances have 60 bits.
const timeBound = 1 << 58

var errBadRecord = errors.New("record of the log is not understood")

// encoder writes the records of a log. It is used under the lock of the log.
type encoder struct {
	segment uint64
	next    uint32
	numbers []number // by Ref
}

// number is what a segment calls a series.
type number struct {
	segment uint32 // its last bits, plus 1; 0: none yet
	number  uint32
}

// forget is told that a Ref will mean another series.
func (e *encoder) forget(r cache.Ref) {
	if int(r) < len(e.numbers) {
		e.numbers[r] = number{}
	}
}

// points appends the record of points, of the series refs, to b.
func (e *encoder) points(segment uint64, b []byte, refs []cache.Ref, points []metric.Datapoint, name func(cache.Ref) string) []byte {
	if segment != e.segment {
		e.segment, e.next = segment, 0
	}
	current := uint32(segment)&(1<<31-1) + 1
	b = append(b, pointsRecord)
	last, t, defined := int64(0), int64(0), ""
	for i, r := range refs {
		if int(r) >= len(e.numbers) {
			e.numbers = append(e.numbers, make([]number, int(r)+1-len(e.numbers))...)
		}
		n := &e.numbers[r]
		if n.segment != current {
			*n = number{current, e.next}
			e.next++
			to := name(r)
			shared := common(defined, to)
			b = append(b, 0)
			b = binary.AppendUvarint(b, uint64(n.number))
			b = binary.AppendUvarint(b, uint64(shared))
			b = binary.AppendUvarint(b, uint64(len(to)-shared))
			b = append(b, to[shared:]...)
			defined = to
		}
		step := int64(n.number) - last - 1
		b = binary.AppendUvarint(b, 1+(uint64(step<<1)^uint64(step>>63)))
		last = int64(n.number)
		at := min(max(points[i].Time, -timeBound), timeBound)
		b = compact.AppendPoint(b, at-t, points[i].Value)
		t = at
	}
	return b
}

// appendDeletion appends the record of deleted names to b.
func appendDeletion(b []byte, names []string) []byte {
	b = append(b, deletionRecord)
	for _, name := range names {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
	}
	return b
}

// common returns how many bytes a and b have in common at their beginnings.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// decoder reads the records of a log, in order.
type decoder struct {
	segment uint64
	refs    []cache.Ref // by number; 0: not given
	name    []byte

	// define is given the name of a series, which is good until it returns, and
	// returns its Ref, or 0 if its points are not wanted.
	define func(name string) cache.Ref
	point  func(r cache.Ref, p metric.Point)
	remove func(names []string)

	unknown int // points of numbers that were not given
}

// record reads one record. What comes before something that is not understood
// counts.
func (d *decoder) record(segment uint64, b []byte) error {
	if segment != d.segment {
		d.segment = segment
		d.refs = d.refs[:0]
	}
	switch {
	case len(b) == 0:
		return errBadRecord
	case b[0] == pointsRecord:
		return d.points(b[1:])
	case b[0] == deletionRecord:
		return d.deletion(b[1:])
	}
	return errBadRecord
}

func (d *decoder) points(b []byte) error {
	last, t := int64(0), int64(0)
	d.name = d.name[:0]
	for len(b) > 0 {
		step, n := binary.Uvarint(b)
		if n <= 0 {
			return errBadRecord
		}
		b = b[n:]
		if step == 0 {
			if n = d.definition(b); n == 0 {
				return errBadRecord
			}
			b = b[n:]
			continue
		}
		step--
		last += (int64(step>>1) ^ -int64(step&1)) + 1
		distance, v, n := compact.Point(b)
		if n == 0 {
			return errBadRecord
		}
		b = b[n:]
		t += distance
		if last < 0 || last >= int64(len(d.refs)) || d.refs[last] == unknownRef {
			d.unknown++
			continue
		}
		if r := d.refs[last]; r != 0 {
			d.point(r, metric.Point{Time: t, Value: v})
		}
	}
	return nil
}

func (d *decoder) deletion(b []byte) error {
	var names []string
	for len(b) > 0 {
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return errBadRecord // none of them: which they were is not known
		}
		names = append(names, string(b[n:n+int(length)]))
		b = b[n+int(length):]
	}
	d.remove(names)
	return nil
}

// unknownRef stands for a number that was not given. No series has it.
const unknownRef = cache.Ref(1<<32 - 1)

// definition reads what gives a number to a series and returns its length, or 0.
func (d *decoder) definition(b []byte) (length int) {
	var fields [3]uint64 // number, shared, rest
	rest := b
	for i := range fields {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0
		}
		fields[i], rest = v, rest[n:]
	}
	number, shared, more := fields[0], fields[1], fields[2]
	if number >= maxNumber || shared > uint64(len(d.name)) || more > uint64(len(rest)) {
		return 0
	}
	d.name = append(d.name[:shared], rest[:more]...)
	for uint64(len(d.refs)) <= number {
		d.refs = append(d.refs, unknownRef)
	}
	d.refs[number] = d.define(string(d.name))
	return len(b) - len(rest) + int(more)
}
