// Package pickle writes and reads Python's pickles of plain values: lists, dictionaries,
// strings and numbers.
//
// It writes protocol 2, which every Python since 2.3 reads. The caller bounds what is
// written. It reads all protocols; see Decoder.
package pickle

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
)

// Writer writes one pickle. Between List and EndList come the elements, between Map and
// EndMap keys and values in turns. Close returns the first error.
type Writer struct{ out *bufio.Writer }

// NewWriter starts a pickle.
func NewWriter(w io.Writer) *Writer {
	p := &Writer{bufio.NewWriterSize(w, 1<<16)}
	p.put(opProto, 2)
	return p
}

// Close ends the pickle. It does not close the underlying writer.
func (p *Writer) Close() error {
	p.put(opStop)
	return p.out.Flush()
}

func (p *Writer) put(b ...byte) { p.out.Write(append(p.out.AvailableBuffer(), b...)) }

// List starts a list. The number of elements is ignored.
func (p *Writer) List(int) { p.put(opEmptyList, opMark) }

// EndList ends a list.
func (p *Writer) EndList() { p.put(opAppends) }

// Map starts a dictionary. The number of elements is ignored.
func (p *Writer) Map(int) { p.put(opEmptyDict, opMark) }

// EndMap ends a dictionary.
func (p *Writer) EndMap() { p.put(opSetItems) }

// String writes a text, which must be UTF-8.
func (p *Writer) String(s string) {
	b := append(p.out.AvailableBuffer(), opBinUnicode)
	p.out.Write(binary.LittleEndian.AppendUint32(b, uint32(len(s))))
	p.out.WriteString(s)
}

// Int writes an integer.
func (p *Writer) Int(n int64) {
	b := p.out.AvailableBuffer()
	switch {
	case n >= 0 && n <= math.MaxUint8:
		b = append(b, opBinInt1, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		b = binary.LittleEndian.AppendUint16(append(b, opBinInt2), uint16(n))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		b = binary.LittleEndian.AppendUint32(append(b, opBinInt), uint32(n))
	default:
		b = binary.LittleEndian.AppendUint64(append(b, opLong1, 8), uint64(n))
	}
	p.out.Write(b)
}

// Float writes a float.
func (p *Writer) Float(v float64) {
	b := append(p.out.AvailableBuffer(), opBinFloat)
	p.out.Write(binary.BigEndian.AppendUint64(b, math.Float64bits(v)))
}

// Bool writes True or False.
func (p *Writer) Bool(v bool) {
	if v {
		p.put(opNewTrue)
	} else {
		p.put(opNewFalse)
	}
}

// Null writes None.
func (p *Writer) Null() { p.put(opNone) }
