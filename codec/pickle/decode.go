package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

var (
	// ErrUnsafe is that a pickle asks for what runs code or builds an object: it
	// names a class or a function, calls one, or refers to something outside.
	ErrUnsafe = errors.New("pickle refused")

	// ErrMalformed is that bytes are no pickle.
	ErrMalformed = errors.New("no pickle")
)

// maxProtocol is the newest protocol there is.
const maxProtocol = 5

// keptValues is how many values a Decoder keeps room for between pickles.
const keptValues = 64 << 10

// Decoder reads pickles of plain things, one after the other, in memory that it
// uses again. It builds no object and calls nothing. What it needs is bounded by
// the length of the pickle: some 60 bytes for each of its bytes at the very most,
// and commonly a few. A pickle of more things than anybody writes with so many
// bytes is none.
//
// The zero value is ready. It is not for several goroutines at once.
type Decoder struct {
	data []byte // the pickle
	at   int    // what is read next

	stack []Value
	marks []int // positions in stack
	memo  []Value

	most int // of values on the stack and in the memo

	tuples []Value   // of all tuples, one after the other
	lists  [][]Value // of all lists, dicts and sets
	texts  []byte    // those that are not written in the pickle as they are
}

// Decode reads one pickle, of protocol 0 to 5. What follows its end is ignored. The
// value aliases data.
//
// The error is ErrUnsafe or ErrMalformed, with the position.
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

// step does what one opcode says.
func (d *Decoder) step(op byte) error {
	switch op {
	// Numbers.
	case opBinInt:
		b := d.take(4)
		if b == nil {
			return ErrMalformed
		}
		d.push(numberValue(float64(int32(binary.LittleEndian.Uint32(b)))))
	case opBinInt1:
		b := d.take(1)
		if b == nil {
			return ErrMalformed
		}
		d.push(numberValue(float64(b[0])))
	case opBinInt2:
		b := d.take(2)
		if b == nil {
			return ErrMalformed
		}
		d.push(numberValue(float64(binary.LittleEndian.Uint16(b))))
	case opBinFloat:
		b := d.take(8)
		if b == nil {
			return ErrMalformed
		}
		d.push(numberValue(math.Float64frombits(binary.BigEndian.Uint64(b))))
	case opLong1, opLong4:
		b := d.counted(1 + 3*int(op-opLong1))
		if b == nil {
			return ErrMalformed
		}
		d.push(longValue(b))
	case opInt, opLong, opFloat:
		v, ok := numberText(op, d.line())
		if !ok {
			return ErrMalformed
		}
		d.push(v)
	case opNone:
		d.push(Value{})
	case opNewTrue:
		d.push(numberValue(1))
	case opNewFalse:
		d.push(numberValue(0))

	// Texts.
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

	// Tuples.
	case opEmptyTuple:
		d.push(Value{kind: Tuple})
	case opTuple1, opTuple2, opTuple3:
		return d.tuple(len(d.stack) - 1 - int(op-opTuple1))
	case opTuple:
		return d.tuple(d.mark())

	// Lists, sets, dicts.
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

	// The stack and the memo.
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
	case opBinPut, opLongBinPut, opPut:
		i, ok := d.index(op, opBinPut, opLongBinPut)
		if !ok {
			return ErrMalformed
		}
		return d.remember(i)
	case opMemoize:
		return d.remember(len(d.memo))
	case opBinGet, opLongBinGet, opGet:
		i, ok := d.index(op, opBinGet, opLongBinGet)
		if !ok || i >= len(d.memo) || d.memo[i].kind == absent {
			return ErrMalformed
		}
		d.push(d.memo[i])

	case opProto:
		if b := d.take(1); b == nil || b[0] > maxProtocol {
			return ErrMalformed
		}
	case opFrame:
		b := d.take(8)
		if b == nil || binary.LittleEndian.Uint64(b) > uint64(len(d.data)-d.at) {
			return ErrMalformed
		}

	case opGlobal, opStackGlobal, opReduce, opBuild, opInst, opObj, opNewObj, opNewObjEx,
		opPersID, opBinPersID, opExt1, opExt2, opExt4, opByteArray8, opNextBuffer, opReadonlyBuffer:
		return ErrUnsafe
	default:
		return ErrMalformed
	}
	return nil
}

// take returns the next n bytes, or nil if there are not so many.
func (d *Decoder) take(n int) []byte {
	if n > len(d.data)-d.at {
		return nil
	}
	b := d.data[d.at : d.at+n : d.at+n]
	d.at += n
	return b
}

// counted returns the bytes that follow a count of them, which is itself so many
// bytes, 1, 4 or 8, long. It is nil if there are not so many.
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

// fence is the position on the stack below which nothing may be taken off it.
func (d *Decoder) fence() int {
	if len(d.marks) == 0 {
		return 0
	}
	return d.marks[len(d.marks)-1]
}

// mark takes the last mark away and returns its position, or -1.
func (d *Decoder) mark() int {
	last := len(d.marks) - 1
	if last < 0 {
		return -1
	}
	from := d.marks[last]
	d.marks = d.marks[:last]
	return from
}

// tuple makes a tuple of what the stack holds beginning at from.
func (d *Decoder) tuple(from int) error {
	if from < d.fence() {
		return ErrMalformed
	}
	v := Value{kind: Tuple, n: uint32(len(d.stack) - from), bits: uint64(len(d.tuples))}
	d.tuples = append(d.tuples, d.stack[from:]...)
	d.stack = append(d.stack[:from], v)
	return nil
}

// newList puts an empty list, set or dict on the stack.
func (d *Decoder) newList(kind Kind) {
	n := len(d.lists)
	if n < cap(d.lists) {
		d.lists = d.lists[:n+1]
		d.lists[n] = d.lists[n][:0] // with the room it had in an earlier pickle
	} else {
		d.lists = append(d.lists, nil)
	}
	d.push(Value{kind: kind, bits: uint64(n)})
}

// extend adds what the stack holds beginning at from to the list, set or dict
// before it.
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

// collect makes a list, set or dict of what the stack holds beginning at from.
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

// remember puts what is on the top of the stack into the memo.
func (d *Decoder) remember(i int) error {
	// Every sender counts up from 0 or 1: a number far beyond is none.
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

// absent is the kind of what the memo does not hold.
const absent Kind = 255

// index reads a place in the memo: one byte, four, or a line of text.
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
