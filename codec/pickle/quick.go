package pickle

import (
	"encoding/binary"
	"math"
)

// quick executes the opcodes of lists of tuples of texts and numbers. It stops at any other
// opcode and at any error, which it leaves to step. It only makes decoding faster.
func (d *Decoder) quick() {
	data, at := d.data, d.at
	stack, memo, tuples := d.stack, d.memo, d.tuples
	fence := d.fence()
	limit := len(data) - 9 // leaves room for the longest argument
loop:
	for at < limit {
		switch data[at] {
		case opBinUnicode:
			n := int(binary.LittleEndian.Uint32(data[at+1:]))
			if n > len(data)-at-5 {
				break loop
			}
			stack = append(stack, Value{kind: Text, n: uint32(n), bits: uint64(at + 5)})
			at += 5 + n
		case opShortBinUnicode, opShortBinString:
			n := int(data[at+1])
			if n > len(data)-at-2 {
				break loop
			}
			stack = append(stack, Value{kind: Text, n: uint32(n), bits: uint64(at + 2)})
			at += 2 + n
		case opBinInt:
			stack = append(stack, numberValue(float64(int32(binary.LittleEndian.Uint32(data[at+1:])))))
			at += 5
		case opBinInt1:
			stack = append(stack, numberValue(float64(data[at+1])))
			at += 2
		case opBinFloat:
			stack = append(stack, Value{kind: Number, bits: binary.BigEndian.Uint64(data[at+1:])})
			at += 9
		case opTuple2:
			n := len(stack) - 2
			if n < fence {
				break loop
			}
			v := Value{kind: Tuple, n: 2, bits: uint64(len(tuples))}
			tuples = append(tuples, stack[n], stack[n+1])
			stack = append(stack[:n], v)
			at++
		case opBinPut, opLongBinPut, opMemoize:
			i, length := len(memo), 1
			switch data[at] {
			case opBinPut:
				i, length = int(data[at+1]), 2
			case opLongBinPut:
				i, length = int(binary.LittleEndian.Uint32(data[at+1:])), 5
			}
			if len(stack) <= fence || i != len(memo) || i >= d.most {
				break loop
			}
			memo = append(memo, stack[len(stack)-1])
			at += length
		default:
			break loop
		}
	}
	d.at, d.stack, d.memo, d.tuples = at, stack, memo, tuples
}

func numberValue(v float64) Value { return Value{kind: Number, bits: math.Float64bits(v)} }
