// Package msgpack writes MessagePack (github.com/msgpack/msgpack, spec.md).
package msgpack

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
)

// Writer writes one value, which may be a list or a map. Between Map and EndMap come keys
// and values in turns. Close returns the first error.
type Writer struct{ out *bufio.Writer }

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{bufio.NewWriterSize(w, 1<<16)} }

// Close flushes the output. It does not close the underlying writer.
func (m *Writer) Close() error { return m.out.Flush() }

// List starts a list of n elements.
func (m *Writer) List(n int) { m.head(n, 0x90, 16, 0, 0xdc, 0xdd) }

// EndList does nothing, because List has written the length.
func (m *Writer) EndList() {}

// Map starts a map of n pairs.
func (m *Writer) Map(n int) { m.head(n, 0x80, 16, 0, 0xde, 0xdf) }

// EndMap does nothing, because Map has written the length.
func (m *Writer) EndMap() {}

// head writes a length in its shortest form: within the first byte if it is below few, else
// in one byte if one is not 0, in two or in four bytes. The other arguments are the first
// bytes of these forms.
func (m *Writer) head(n int, fix byte, few int, one, two, four byte) {
	b := m.out.AvailableBuffer()
	switch {
	case n < few:
		b = append(b, fix|byte(n))
	case one != 0 && n <= math.MaxUint8:
		b = append(b, one, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, two), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, four), uint32(n))
	}
	m.out.Write(b)
}

// String writes a text, which must be UTF-8.
func (m *Writer) String(s string) {
	m.head(len(s), 0xa0, 32, 0xd9, 0xda, 0xdb)
	m.out.WriteString(s)
}

// Int writes an integer.
func (m *Writer) Int(n int64) {
	b := m.out.AvailableBuffer()
	switch {
	case n >= 0 && n < 128, n < 0 && n >= -32:
		b = append(b, byte(n))
	case n >= 0 && n <= math.MaxUint32:
		b = binary.BigEndian.AppendUint32(append(b, 0xce), uint32(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(n))
	}
	m.out.Write(b)
}

// Float writes a float64.
func (m *Writer) Float(v float64) {
	b := append(m.out.AvailableBuffer(), 0xcb)
	m.out.Write(binary.BigEndian.AppendUint64(b, math.Float64bits(v)))
}

// Bool writes true or false.
func (m *Writer) Bool(v bool) {
	b := byte(0xc2)
	if v {
		b = 0xc3
	}
	m.out.WriteByte(b)
}

// Null writes nil.
func (m *Writer) Null() { m.out.WriteByte(0xc0) }
