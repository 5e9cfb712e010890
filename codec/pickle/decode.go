package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

var (
	// ErrUnsafe reports a pickle that would run code or build an object: it names or
	// calls a class or a function, or refers to an external object.
	ErrUnsafe = errors.New("pickle refused")

	// ErrMalformed reports bytes that are not a pickle.
	ErrMalformed = errors.New("malformed pickle")
)

// maxProtocol is the newest protocol.
const maxProtocol = 5

// keptValues bounds the memory that a Decoder keeps between pickles, in values.
const keptValues = 64 << 10

// Decoder reads pickles of plain values, and reuses its memory for the next one. It builds
// no objects and calls nothing. Its memory is bounded by the length of the pickle: at most
// about 60 bytes for each of its bytes, usually a few. A pickle with more values than its
// length makes plausible is malformed.
//
// The zero value is ready to use. A Decoder is not safe for concurrent use.
type Decoder struct {
	data []byte // the pickle
	at   int    // position of the next byte to read

	stack []Value
	marks []int // positions in stack
	memo  []Value

	most int // maximum number of values on the stack and in the memo

	tuples []Value   // the elements of all tuples
	lists  [][]Value // the elements of all lists, dicts and sets
	texts  []byte    // texts that the pickle does not contain verbatim
}

// Decode reads one pickle, of protocol 0 to 5. Bytes after its end are ignored. The value
// aliases data. The error wraps ErrUnsafe or ErrMalformed and contains the position.
func (d *Decoder) Decode(data []byte) (Value, error) {
	d.reset(data)
	for {
		d.quick()
		if d.at >= len(data) {
			return Value{}, d.fail(ErrMalformed)
		}
		op := data[d.at]
		d.at++
		if op == opStop {
			if len(d.stack) == d.fence() {
				return Value{}, d.fail(ErrMalformed)
			}
			return d.stack[len(d.stack)-1], nil
		}
		if err := d.step(op); err != nil {
			return Value{}, d.fail(err)
		}
		if len(d.stack) > d.most || len(d.memo) > d.most || len(d.marks) > d.most || len(d.lists) > d.most {
			return Value{}, d.fail(ErrMalformed)
		}
	}
}

func (d *Decoder) fail(err error) error { return fmt.Errorf("%w at byte %d", err, d.at) }

func (d *Decoder) reset(data []byte) {
	if cap(d.stack)+cap(d.memo)+cap(d.tuples)+4*cap(d.lists) > 4*keptValues || cap(d.texts) > keptValues {
		*d = Decoder{}
	}
	kept := 0
	for i, l := range d.lists[:cap(d.lists)] {
		if kept += cap(l); kept > keptValues {
			d.lists[:cap(d.lists)][i] = nil
		}
	}
	d.data, d.at = data, 0
	d.most = 1000 + len(data)/3
	d.stack, d.marks, d.memo = d.stack[:0], d.marks[:0], d.memo[:0]
	d.tuples, d.lists, d.texts = d.tuples[:0], d.lists[:0], d.texts[:0]
}

// step executes one opcode.
func (d *Decoder) step(op byte) error {
	switch op {
	case opBinInt, opBinInt1, opBinInt2, opBinFloat, opLong1, opLong4, opInt, opLong, opFloat:
		return d.number(op)
	case opNone:
		d.push(Value{})
	case opNewTrue:
		d.push(numberValue(1))
	case opNewFalse:
		d.push(numberValue(0))

	case opShortBinUnicode, opShortBinString, opShortBinBytes:
		return d.text(1)
	case opBinUnicode, opBinString, opBinBytes:
		return d.text(4)
	case opBinUnicode8, opBinBytes8:
		return d.text(8)
	case opString:
		return d.quoted()
	case opUnicode:
		return d.unicode()

	case opEmptyTuple:
		d.push(Value{kind: Tuple})
	case opTuple1, opTuple2, opTuple3:
		return d.tuple(len(d.stack) - 1 - int(op-opTuple1))
	case opTuple:
		return d.tuple(d.mark())
	case opEmptyList:
		d.newList(List)
	case opEmptySet:
		d.newList(Set)
	case opEmptyDict:
		d.newList(Dict)
	case opAppend:
		return d.extend(List, len(d.stack)-1)
	case opAppends:
		return d.extend(List, d.mark())
	case opAddItems:
		return d.extend(Set, d.mark())
	case opSetItem:
		return d.extend(Dict, len(d.stack)-2)
	case opSetItems:
		return d.extend(Dict, d.mark())
	case opList:
		return d.collect(List, d.mark())
	case opDict:
		return d.collect(Dict, d.mark())
	case opFrozenSet:
		return d.collect(Set, d.mark())

	case opMark, opPop, opPopMark, opDup:
		return d.rearrange(op)
	case opBinPut, opLongBinPut, opPut, opMemoize, opBinGet, opLongBinGet, opGet:
		return d.useMemo(op)
	case opProto, opFrame:
		return d.header(op)

	case opGlobal, opStackGlobal, opReduce, opBuild, opInst, opObj, opNewObj, opNewObjEx,
		opPersID, opBinPersID, opExt1, opExt2, opExt4, opByteArray8, opNextBuffer, opReadonlyBuffer:
		return ErrUnsafe
	default:
		return ErrMalformed
	}
	return nil
}

// number pushes a number.
func (d *Decoder) number(op byte) error {
	switch op {
	case opLong1, opLong4:
		b := d.counted(1 + 3*int(op-opLong1))
		if b == nil {
			return ErrMalformed
		}
		d.push(longValue(b))
		return nil
	case opInt, opLong, opFloat:
		v, ok := numberText(op, d.line())
		if !ok {
			return ErrMalformed
		}
		d.push(v)
		return nil
	}
	width := 1 // of opBinInt1
	switch op {
	case opBinInt2:
		width = 2
	case opBinInt:
		width = 4
	case opBinFloat:
		width = 8
	}
	b := d.take(width)
	if b == nil {
		return ErrMalformed
	}
	switch op {
	case opBinInt1:
		d.push(numberValue(float64(b[0])))
	case opBinInt2:
		d.push(numberValue(float64(binary.LittleEndian.Uint16(b))))
	case opBinInt:
		d.push(numberValue(float64(int32(binary.LittleEndian.Uint32(b)))))
	case opBinFloat:
		d.push(numberValue(math.Float64frombits(binary.BigEndian.Uint64(b))))
	}
	return nil
}

// rearrange sets a mark, or removes or copies values on the stack.
func (d *Decoder) rearrange(op byte) error {
	switch op {
	case opMark:
		d.marks = append(d.marks, len(d.stack))
	case opPop:
		switch {
		case len(d.stack) > d.fence():
			d.stack = d.stack[:len(d.stack)-1]
		case len(d.marks) > 0:
			d.marks = d.marks[:len(d.marks)-1]
		default:
			return ErrMalformed
		}
	case opPopMark:
		from := d.mark()
		if from < 0 {
			return ErrMalformed
		}
		d.stack = d.stack[:from]
	case opDup:
		if len(d.stack) == d.fence() {
			return ErrMalformed
		}
		d.push(d.stack[len(d.stack)-1])
	}
	return nil
}

// useMemo stores the top of the stack in the memo, or pushes a value from it.
func (d *Decoder) useMemo(op byte) error {
	switch op {
	case opMemoize:
		return d.remember(len(d.memo))
	case opBinPut, opLongBinPut, opPut:
		i, ok := d.index(op, opBinPut, opLongBinPut)
		if !ok {
			return ErrMalformed
		}
		return d.remember(i)
	}
	i, ok := d.index(op, opBinGet, opLongBinGet)
	if !ok || i >= len(d.memo) || d.memo[i].kind == absent {
		return ErrMalformed
	}
	d.push(d.memo[i])
	return nil
}

// header checks the protocol, or the length of a frame.
func (d *Decoder) header(op byte) error {
	if op == opProto {
		if b := d.take(1); b == nil || b[0] > maxProtocol {
			return ErrMalformed
		}
		return nil
	}
	b := d.take(8)
	if b == nil || binary.LittleEndian.Uint64(b) > uint64(len(d.data)-d.at) {
		return ErrMalformed
	}
	return nil
}

// take returns the next n bytes, or nil if there are fewer.
func (d *Decoder) take(n int) []byte {
	if n > len(d.data)-d.at {
		return nil
	}
	b := d.data[d.at : d.at+n : d.at+n]
	d.at += n
	return b
}

// counted reads a length of width bytes, 1, 4 or 8, and returns as many bytes after it. It
// returns nil if there are fewer.
func (d *Decoder) counted(width int) []byte {
	b := d.take(width)
	if b == nil {
		return nil
	}
	n := uint64(b[0])
	switch width {
	case 4:
		n = uint64(binary.LittleEndian.Uint32(b))
	case 8:
		n = binary.LittleEndian.Uint64(b)
	}
	if n > uint64(len(d.data)-d.at) {
		return nil
	}
	return d.take(int(n))
}

func (d *Decoder) push(v Value) { d.stack = append(d.stack, v) }

// fence returns the stack position of the last mark: values below it must not be removed.
func (d *Decoder) fence() int {
	if len(d.marks) == 0 {
		return 0
	}
	return d.marks[len(d.marks)-1]
}

// mark removes the last mark and returns its position, or -1 if there is none.
func (d *Decoder) mark() int {
	last := len(d.marks) - 1
	if last < 0 {
		return -1
	}
	from := d.marks[last]
	d.marks = d.marks[:last]
	return from
}

// tuple replaces the values on the stack from position from on with a tuple of them.
func (d *Decoder) tuple(from int) error {
	if from < d.fence() {
		return ErrMalformed
	}
	v := Value{kind: Tuple, n: uint32(len(d.stack) - from), bits: uint64(len(d.tuples))}
	d.tuples = append(d.tuples, d.stack[from:]...)
	d.stack = append(d.stack[:from], v)
	return nil
}

// newList pushes an empty list, set or dict.
func (d *Decoder) newList(kind Kind) {
	n := len(d.lists)
	if n < cap(d.lists) {
		d.lists = d.lists[:n+1]
		d.lists[n] = d.lists[n][:0] // reuses memory of an earlier pickle
	} else {
		d.lists = append(d.lists, nil)
	}
	d.push(Value{kind: kind, bits: uint64(n)})
}

// extend moves the values on the stack from position from on into the list, set or dict
// before them.
func (d *Decoder) extend(kind Kind, from int) error {
	if from <= d.fence() {
		return ErrMalformed
	}
	to := d.stack[from-1]
	items := d.stack[from:]
	if to.kind != kind || kind == Dict && len(items)%2 != 0 {
		return ErrMalformed
	}
	d.lists[to.bits] = append(d.lists[to.bits], items...)
	d.stack = d.stack[:from]
	return nil
}

// collect replaces the values on the stack from position from on with a list, set or dict
// of them.
func (d *Decoder) collect(kind Kind, from int) error {
	if from < 0 || kind == Dict && (len(d.stack)-from)%2 != 0 {
		return ErrMalformed
	}
	items := d.stack[from:]
	n := len(d.lists)
	d.newList(kind)
	d.lists[n] = append(d.lists[n], items...)
	d.stack = append(d.stack[:from], d.stack[len(d.stack)-1])
	return nil
}

// remember stores the top of the stack in the memo.
func (d *Decoder) remember(i int) error {
	// Senders count up from 0 or 1, so a much larger index is malformed.
	if len(d.stack) == d.fence() || i > d.most {
		return ErrMalformed
	}
	v := d.stack[len(d.stack)-1]
	if i == len(d.memo) {
		d.memo = append(d.memo, v)
		return nil
	}
	for len(d.memo) <= i {
		d.memo = append(d.memo, Value{kind: absent})
	}
	d.memo[i] = v
	return nil
}

// absent is the kind of unused memo entries.
const absent Kind = 255

// index reads a memo index: one byte, four bytes, or a line of text.
func (d *Decoder) index(op, short, long byte) (i int, ok bool) {
	switch op {
	case short:
		if b := d.take(1); b != nil {
			return int(b[0]), true
		}
	case long:
		if b := d.take(4); b != nil {
			return int(binary.LittleEndian.Uint32(b)), true
		}
	default:
		line := d.line()
		for _, c := range line {
			if c < '0' || c > '9' || i > len(d.data) {
				return 0, false
			}
			i = i*10 + int(c-'0')
		}
		return i, len(line) > 0
	}
	return 0, false
}
