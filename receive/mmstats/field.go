package mmstats

import (
	"encoding/binary"
	"io"
	"math"
	"strconv"
)

// field is a value in a file.
type field struct {
	label    string
	kind     byte // format character of Python's struct: Q, d, s and so on
	size     int  // bytes of a value
	at       int  // offset of its write buffer, a byte before its values
	buffered bool
	value    float64 // 0 for text
}

func (f field) text() bool   { return f.kind == 's' }
func (f field) finite() bool { return !math.IsNaN(f.value) && !math.IsInf(f.value, 0) }

// unbuffered is the write buffer of a field that has one value only.
const unbuffered = 0xff

// parse reads the fields of a file of version 1. If the file is damaged, it returns
// the fields before the damage and a reason.
func parse(data []byte) (fields []field, reason string) {
	if len(data) == 0 || data[0] == 0 {
		return nil, "" // still empty
	}
	if data[0] != 1 {
		return nil, Version
	}
	at := 1
	for {
		if at == len(data) {
			return fields, ""
		}
		label, next, ok := text(data, at)
		if ok && label == "" {
			return fields, ""
		}
		if !ok {
			return fields, Damaged
		}
		format, next, ok := text(data, next)
		if !ok {
			return fields, Damaged
		}
		f := field{label: label, at: next}
		if f.kind, f.size, ok = layout(format, len(data)); !ok || next == len(data) {
			return fields, Damaged
		}
		values := 1
		switch data[next] {
		case 0, 1:
			f.buffered = true
			values = 2
		case unbuffered:
		default:
			return fields, Damaged
		}
		at = next + 1 + values*f.size
		if at > len(data) {
			return fields, Damaged
		}
		f.value = f.read(data[f.at:at])
		fields = append(fields, f)
	}
}

// text reads a length of two bytes and that many bytes.
func text(data []byte, at int) (s string, next int, ok bool) {
	if at+2 > len(data) {
		return "", 0, false
	}
	next = at + 2 + int(binary.LittleEndian.Uint16(data[at:]))
	if next > len(data) {
		return "", 0, false
	}
	return string(data[at+2 : next]), next, true
}

// layout parses a format of Python's struct, of one value of at most most bytes.
func layout(format string, most int) (kind byte, size int, ok bool) {
	if format == "" {
		return 0, 0, false
	}
	count, kind := format[:len(format)-1], format[len(format)-1]
	if kind == 's' {
		size = 1
		if count != "" {
			n, err := strconv.ParseUint(count, 10, 31)
			size, ok = int(n), err == nil && int(n) <= most
			return kind, size, ok
		}
		return kind, size, true
	}
	if count != "" {
		return 0, 0, false
	}
	switch kind {
	case '?', 'b', 'B':
		return kind, 1, true
	case 'h', 'H':
		return kind, 2, true
	case 'i', 'I', 'f':
		return kind, 4, true
	case 'q', 'Q', 'd', 'l', 'L': // a long has 8 bytes on machines of 64 bits
		return kind, 8, true
	}
	return 0, 0, false
}

// read returns the current value of a field, whose bytes begin with the write buffer.
// Of two values it is the one that is not being written.
func (f field) read(b []byte) float64 {
	value := b[1:]
	if f.buffered && b[0] == 0 {
		value = value[f.size:]
	}
	switch f.kind {
	case '?':
		if value[0] != 0 {
			return 1
		}
		return 0
	case 'b':
		return float64(int8(value[0]))
	case 'B':
		return float64(value[0])
	case 'h':
		return float64(int16(binary.LittleEndian.Uint16(value)))
	case 'H':
		return float64(binary.LittleEndian.Uint16(value))
	case 'i':
		return float64(int32(binary.LittleEndian.Uint32(value)))
	case 'I':
		return float64(binary.LittleEndian.Uint32(value))
	case 'f':
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(value)))
	case 'q', 'l':
		return float64(int64(binary.LittleEndian.Uint64(value)))
	case 'Q', 'L':
		return float64(binary.LittleEndian.Uint64(value))
	case 'd':
		return math.Float64frombits(binary.LittleEndian.Uint64(value))
	}
	return 0
}

// maxReadings is how often a field is read that its writer changes meanwhile.
const maxReadings = 100

// repair reads again the fields that were being written: those that differ in a second
// reading of the file. A value may consist of a part of the old and a part of the new
// one.
func repair(file io.ReaderAt, fields []field, first, second []byte) {
	for i := range fields {
		f := &fields[i]
		end := f.at + 1 + f.size
		if f.buffered {
			end += f.size
		}
		if !f.buffered || f.text() || end > len(second) {
			continue
		}
		if v := f.read(second[f.at:end]); first[f.at] == second[f.at] && math.Float64bits(v) == math.Float64bits(f.value) {
			continue
		}
		f.reread(file)
	}
}

// reread reads a field until two readings are equal. If they never are, it uses the
// last reading during which the write buffer did not change.
func (f *field) reread(file io.ReaderAt) {
	var buffers [2][1 + 2*8]byte
	b, before := buffers[0][:1+2*f.size], buffers[1][:1+2*f.size]
	for try := range maxReadings {
		if n, err := file.ReadAt(b, int64(f.at)); n < len(b) && err != nil {
			return // truncated meanwhile
		}
		if b[0] > 1 {
			return
		}
		if try > 0 && b[0] == before[0] {
			v, w := f.read(b), f.read(before)
			f.value = v
			if math.Float64bits(v) == math.Float64bits(w) {
				return
			}
		}
		b, before = before, b
	}
}
