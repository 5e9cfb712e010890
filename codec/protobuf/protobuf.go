// Package protobuf writes and reads messages of Protocol Buffers
// (protobuf.dev/programming-guides/encoding), field by field. What the numbers of
// fields mean is for its callers to know.
//
// A message is written by appending its fields in the order of their numbers. As
// in proto3 a field that is zero or empty is left out. It is read by calling Next
// until nothing is left.
package protobuf

import (
	"encoding/binary"
	"errors"
	"math"
)

// How the value of a field is written.
const (
	varint  = 0
	fixed64 = 1
	sized   = 2
	fixed32 = 5
)

// AppendInt appends an int32, int64 or uint64.
func AppendInt(b []byte, field int, v int64) []byte {
	if v == 0 {
		return b
	}
	return binary.AppendUvarint(appendHead(b, field, varint), uint64(v))
}

// AppendBool appends a bool.
func AppendBool(b []byte, field int, v bool) []byte {
	if !v {
		return b
	}
	return AppendInt(b, field, 1)
}

// AppendFloat appends a float, which has 32 bits.
func AppendFloat(b []byte, field int, v float32) []byte {
	if math.Float32bits(v) == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint32(appendHead(b, field, fixed32), math.Float32bits(v))
}

// AppendString appends a string, which is to be UTF-8.
func AppendString(b []byte, field int, s string) []byte {
	if s == "" {
		return b
	}
	return AppendItem(b, field, s)
}

// AppendItem appends a string or a message that is one of several, and so counts
// even if it is empty.
func AppendItem[T string | []byte](b []byte, field int, item T) []byte {
	return append(AppendSize(b, field, len(item)), item...)
}

// AppendSize begins a field whose so many bytes come next: a message, or numbers
// packed together.
func AppendSize(b []byte, field, size int) []byte {
	return binary.AppendUvarint(appendHead(b, field, sized), uint64(size))
}

func appendHead(b []byte, field, kind int) []byte {
	return binary.AppendUvarint(b, uint64(field)<<3|uint64(kind))
}

// ErrMalformed reports bytes that are no message, or not the one they should be.
var ErrMalformed = errors.New("malformed protobuf message")

// Field is a field that was read.
type Field struct {
	Number int
	kind   int
	number uint64
	bytes  []byte
}

// Next reads the first field of a message and returns what comes after it. The
// field refers to the bytes of the message.
func Next(message []byte) (f Field, rest []byte, err error) {
	head, rest, err := cutVarint(message)
	if err != nil {
		return f, nil, err
	}
	f.kind = int(head & 7)
	if head>>3 == 0 || head>>3 > maxField {
		return f, nil, ErrMalformed
	}
	f.Number = int(head >> 3)
	size := uint64(0)
	switch f.kind {
	case varint:
		f.number, rest, err = cutVarint(rest)
		return f, rest, err
	case fixed64:
		size = 8
	case fixed32:
		size = 4
	case sized:
		if size, rest, err = cutVarint(rest); err != nil {
			return f, nil, err
		}
	default: // groups, which proto3 has no more
		return f, nil, ErrMalformed
	}
	if size > uint64(len(rest)) {
		return f, nil, ErrMalformed
	}
	f.bytes, rest = rest[:size], rest[size:]
	return f, rest, nil
}

const maxField = 1<<29 - 1

func cutVarint(b []byte) (v uint64, rest []byte, err error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, ErrMalformed
	}
	return v, b[n:], nil
}

// Int is the value of an int32 or int64.
func (f Field) Int() (int64, error) {
	if f.kind != varint {
		return 0, ErrMalformed
	}
	return int64(f.number), nil
}

// Bytes are those of a string or a message. They are part of the message read.
func (f Field) Bytes() ([]byte, error) {
	if f.kind != sized {
		return nil, ErrMalformed
	}
	return f.bytes, nil
}

// Double is the value of a double, which has 64 bits.
func (f Field) Double() (float64, error) {
	if f.kind != fixed64 {
		return 0, ErrMalformed
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(f.bytes)), nil
}
