package conformance

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// input is bytes to decode. Reading beyond the end panics; decodeBinary turns the panic
// into an error.
type input []byte

func (in *input) take(n int) []byte {
	b := (*in)[:n]
	*in = (*in)[n:]
	return b
}

func (in *input) byte() byte { return in.take(1)[0] }

// decodeBinary decodes with one of the functions below, to the types of encoding/json.
func decodeBinary(body []byte, decode func(*input) any) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decode: %v", r)
		}
	}()
	in := input(body)
	v = decode(&in)
	if len(in) > 0 {
		err = errors.New("decode: something follows")
	}
	return v, err
}

func integer(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

func floating(bits uint64) any {
	switch v := math.Float64frombits(bits); {
	case math.IsInf(v, 1):
		return json.Number("1e9999")
	case math.IsInf(v, -1):
		return json.Number("-1e9999")
	default:
		return json.Number(strconv.FormatFloat(v, 'e', -1, 64))
	}
}

// readMsgpack reads one MessagePack value.
func readMsgpack(in *input) any {
	list := func(n int) any {
		l := make([]any, n)
		for i := range l {
			l[i] = readMsgpack(in)
		}
		return l
	}
	object := func(n int) any {
		m := map[string]any{}
		for range n {
			k := readMsgpack(in).(string)
			m[k] = readMsgpack(in)
		}
		return m
	}
	two := func() int { return int(binary.BigEndian.Uint16(in.take(2))) }
	four := func() int { return int(binary.BigEndian.Uint32(in.take(4))) }
	switch b := in.byte(); {
	case b < 0x80:
		return integer(int64(b))
	case b < 0x90:
		return object(int(b & 15))
	case b < 0xa0:
		return list(int(b & 15))
	case b < 0xc0:
		return string(in.take(int(b & 31)))
	case b == 0xc0:
		return nil
	case b == 0xc2, b == 0xc3:
		return b == 0xc3
	case b == 0xcb:
		return floating(binary.BigEndian.Uint64(in.take(8)))
	case b == 0xce:
		return integer(int64(four()))
	case b == 0xd3:
		return integer(int64(binary.BigEndian.Uint64(in.take(8))))
	case b == 0xd9:
		return string(in.take(int(in.byte())))
	case b == 0xda:
		return string(in.take(two()))
	case b == 0xdc:
		return list(two())
	case b == 0xde:
		return object(two())
	case b >= 0xe0:
		return integer(int64(int8(b)))
	default:
		panic(fmt.Sprintf("byte %x", b))
	}
}

// readPickle reads a pickle of plain values, in protocol 2.
func readPickle(in *input) any {
	var stack []any
	var marks []int
	type mutable struct{ list []any }
	push := func(v any) { stack = append(stack, v) }
	since := func() []any { // items since the mark
		at := marks[len(marks)-1]
		marks = marks[:len(marks)-1]
		items := append([]any(nil), stack[at:]...)
		stack = stack[:at]
		return items
	}
	if string(in.take(2)) != "\x80\x02" {
		panic("protocol")
	}
	for {
		switch op := in.byte(); op {
		case '.':
			if l, ok := stack[0].(*mutable); ok {
				return l.list
			}
			return stack[0]
		case ']':
			push(&mutable{list: []any{}})
		case '}':
			push(map[string]any{})
		case '(':
			marks = append(marks, len(stack))
		case 'e':
			items := since()
			l := stack[len(stack)-1].(*mutable)
			for _, v := range items {
				if inner, ok := v.(*mutable); ok {
					v = inner.list
				}
				l.list = append(l.list, v)
			}
		case 'u':
			items := since()
			m := stack[len(stack)-1].(map[string]any)
			for i := 0; i < len(items); i += 2 {
				v := items[i+1]
				if inner, ok := v.(*mutable); ok {
					v = inner.list
				}
				m[items[i].(string)] = v
			}
		case 'X':
			push(string(in.take(int(binary.LittleEndian.Uint32(in.take(4))))))
		case 'K':
			push(integer(int64(in.byte())))
		case 'M':
			push(integer(int64(binary.LittleEndian.Uint16(in.take(2)))))
		case 'J':
			push(integer(int64(int32(binary.LittleEndian.Uint32(in.take(4))))))
		case 0x8a:
			if in.byte() != 8 {
				panic("long")
			}
			push(integer(int64(binary.LittleEndian.Uint64(in.take(8)))))
		case 'G':
			push(floating(binary.BigEndian.Uint64(in.take(8))))
		case 'N':
			push(nil)
		case 0x88, 0x89:
			push(op == 0x88)
		default:
			panic(fmt.Sprintf("opcode %x", op))
		}
	}
}
