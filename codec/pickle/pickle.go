// Package pickle writes and reads Python's pickles of plain things: lists,
// dictionaries, strings, numbers.
//
// It writes protocol 2, which every Python since 2.3 reads. It does not bound
// what it writes; the caller does. It reads all protocols there are; see Decoder.
package pickle

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
)

// Writer writes one pickle. Lists and maps are begun and ended; in a map keys and
// values take turns. The first error sticks until Close.
type Writer struct{ out *bufio.Writer }

// NewWriter begins a pickle.
func NewWriter(w io.Writer) *Writer {
	p := &Writer{bufio.NewWriterSize(w, 1<<16)}
	p.put(opProto, 2)
	return p
}

// Close ends the pickle. It does not close what it was written to.
func (p *Writer) Close() error {
	p.put(opStop)
	return p.out.Flush()
}

func (p *Writer) put(b ...byte) { p.out.Write(append(p.out.AvailableBuffer(), b...)) }

// List begins a list; how many items it has does not matter.
func (p *Writer) List(int) { p.put(opEmptyList, opMark) }

// EndList ends it.
func (p *Writer) EndList() { p.put(opAppends) }

// Map begins a dictionary; how many items it has does not matter.
func (p *Writer) Map(int) { p.put(opEmptyDict, opMark) }

// EndMap ends it.
func (p *Writer) EndMap() { p.put(opSetItems) }

// String writes a text, which is to be UTF-8.
func (p *Writer) String(s string) {
	b := append(p.out.AvailableBuffer(), opBinUnicode)
	p.out.Write(binary.LittleEndian.AppendUint32(b, uint32(len(s))))
	p.out.WriteString(s)
}

// Int writes a whole number.
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

// Float writes a number.
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
