package ingest

import (
	"encoding/binary"
	"errors"

	"carbon/cache"
	"carbon/codec/compact"
	"carbon/metric"
)

// A record of the log holds the points of one push, or the names of deleted
// metrics. Its first byte is its kind:
//
//	'P'  points, each:
//	       if the segment has no number for the series yet, a definition:
//	         uvarint 0
//	         uvarint number of the series
//	         uvarint length of the prefix shared with the name defined before in
//	           this record
//	         uvarint length of the rest of the name, and the rest
//	       uvarint 1 + zigzag(number of the series - number of the previous point - 1)
//	       the point in the format of package compact; its distance counts from the
//	         time of the previous point
//	'D'  names, each: uvarint length of the name, and the name
//
// Number, time and name before the first are 0 and empty. Numbers are valid within
// one segment of the log, so that each segment can be read alone. If the record
// with a definition is damaged, the points of its series in the rest of the segment
// are lost.
const (
	pointsRecord   = 'P'
	deletionRecord = 'D'
)

// maxNumber bounds the memory that a damaged record can make the decoder allocate.
const maxNumber = 1 << 26

// timeBound limits times on either side of 1970, as in the cache, so that the
// distances fit in 60 bits.
const timeBound = 1 << 58

var errBadRecord = errors.New("record cannot be decoded")

// encoder encodes records of points. It is used under the lock of the log.
type encoder struct {
	segment uint64
	next    uint32
	numbers []number // of the series, by Ref
}

// number is the number of a series in a segment.
type number struct {
	segment uint32 // the low bits of the segment's number, plus 1; 0: none
	number  uint32
}

// forget removes a series that the cache has forgotten: its Ref will name another.
func (e *encoder) forget(r cache.Ref) {
	if int(r) < len(e.numbers) {
		e.numbers[r] = number{}
	}
}

// points appends a record of points to b. refs are their series, name returns the
// name of a series.
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

// appendDeletion appends a record of deleted metrics to b.
func appendDeletion(b []byte, names []string) []byte {
	b = append(b, deletionRecord)
	for _, name := range names {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
	}
	return b
}

// common returns the length of the longest common prefix.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// decoder decodes the records of a log, in order.
type decoder struct {
	segment uint64
	refs    []cache.Ref // by number; 0: not wanted
	name    []byte

	// define is called with the name of a series and returns its Ref, or 0 if its
	// points are not wanted.
	define func(name string) cache.Ref
	point  func(r cache.Ref, p metric.Point)
	remove func(names []string)

	unknown int // points of numbers without a definition
}

// record decodes one record. If it returns an error, the points before the
// undecodable one have been delivered.
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
			return errBadRecord // a partial list is not trusted
		}
		names = append(names, string(b[n:n+int(length)]))
		b = b[n+int(length):]
	}
	d.remove(names)
	return nil
}

// unknownRef marks a number without a definition. No series has it.
const unknownRef = cache.Ref(1<<32 - 1)

// definition decodes a definition and returns its length; 0: it is invalid.
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
