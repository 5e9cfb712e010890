// Package protobuf writes and reads Protocol Buffers messages field by field,
// without generated code. It adds to protowire what proto3 says about fields: zero
// and empty ones are left out, and groups do not exist.
//
// A message is written by appending its fields in the order of their numbers, and
// read by calling Next until nothing is left. The caller knows what each field
// number means.
package protobuf

import (
	"errors"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// AppendInt appends an int32, int64 or uint64. Zero is left out.
func AppendInt(b []byte, field int, v int64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(appendTag(b, field, protowire.VarintType), uint64(v))
}

// AppendBool appends a bool. False is left out.
func AppendBool(b []byte, field int, v bool) []byte {
	if !v {
		return b
	}
	return AppendInt(b, field, 1)
}

// AppendFloat appends a float, which has 32 bits. Zero is left out, -0 is not.
func AppendFloat(b []byte, field int, v float32) []byte {
	if math.Float32bits(v) == 0 {
		return b
	}
	return protowire.AppendFixed32(appendTag(b, field, protowire.Fixed32Type), math.Float32bits(v))
}

// AppendString appends a string, which must be UTF-8. An empty one is left out.
func AppendString(b []byte, field int, s string) []byte {
	if s == "" {
		return b
	}
	return AppendItem(b, field, s)
}

// AppendItem appends one element of a repeated field: a string or a message. Empty
// elements are kept.
func AppendItem[T string | []byte](b []byte, field int, item T) []byte {
	return append(AppendSize(b, field, len(item)), item...)
}

// AppendSize appends the tag and the length of a message or of packed numbers. The
// caller appends that many bytes.
func AppendSize(b []byte, field, size int) []byte {
	return protowire.AppendVarint(appendTag(b, field, protowire.BytesType), uint64(size))
}

func appendTag(b []byte, field int, t protowire.Type) []byte {
	return protowire.AppendTag(b, protowire.Number(field), t)
}

// ErrMalformed reports bytes that are not a message, or a field of another type
// than expected.
var ErrMalformed = errors.New("malformed protobuf message")

// Field is a field of a message.
type Field struct {
	Number int
	kind   protowire.Type
	number uint64 // the value of a varint, the bits of a fixed-size number
	bytes  []byte
}

// Next reads the first field of a message and returns the bytes that follow it. The
// field aliases the message. The error is ErrMalformed.
func Next(message []byte) (f Field, rest []byte, err error) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 || !number.IsValid() {
		return f, nil, ErrMalformed
	}
	f.Number, f.kind = int(number), kind
	rest = message[n:]
	switch kind {
	case protowire.VarintType:
		f.number, n = protowire.ConsumeVarint(rest)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(rest)
		f.number = uint64(v)
	case protowire.Fixed64Type:
		f.number, n = protowire.ConsumeFixed64(rest)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(rest)
	default: // a group, or an unknown type
		n = -1
	}
	if n < 0 {
		return f, nil, ErrMalformed
	}
	return f, rest[n:], nil
}

// Int returns the value of an int32, int64, uint64 or bool.
func (f Field) Int() (int64, error) {
	if f.kind != protowire.VarintType {
		return 0, ErrMalformed
	}
	return int64(f.number), nil
}

// Bytes returns the bytes of a string or a message. They alias the message read.
func (f Field) Bytes() ([]byte, error) {
	if f.kind != protowire.BytesType {
		return nil, ErrMalformed
	}
	return f.bytes, nil
}

// Double returns the value of a double, which has 64 bits.
func (f Field) Double() (float64, error) {
	if f.kind != protowire.Fixed64Type {
		return 0, ErrMalformed
	}
	return math.Float64frombits(f.number), nil
}
