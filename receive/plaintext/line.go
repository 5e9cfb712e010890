package plaintext

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"

	"carbon/metric"
	"carbon/receive/number"
)

// blank is the reason of blank lines, which are ignored.
const blank = "blank"

// quickLine reads the first line of data, if it is written as most senders do: ASCII,
// single spaces, whole seconds. data ends in LF. It returns the length of the line
// with its LF, or 0 if slowLine has to read it.
func quickLine(data []byte) (d metric.Datapoint, n int, reason string) {
	i := plainBytes(data)
	if i == 0 || data[i] != ' ' {
		return d, 0, ""
	}
	d.Name = alias(data[:i])

	field := data[i+1:]
	v, i, ok := number.Quick(field)
	if !ok {
		i = plainBytes(field)
		if v, ok = number.Float(field[:i]); !ok {
			return d, 0, ""
		}
	}
	if field[i] != ' ' {
		return d, 0, ""
	}
	d.Value = v

	field = field[i+1:]
	var t int64
	for i = 0; field[i]-'0' < 10; i++ {
		if i == 10 {
			return d, 0, ""
		}
		t = t*10 + int64(field[i]-'0')
	}
	if i == 0 || t == 0 || t > number.MaxTime {
		return d, 0, ""
	}
	if field[i] == '\r' {
		i++
	}
	if field[i] != '\n' {
		return d, 0, ""
	}
	d.Time = t
	if v != v {
		reason = NaN
	}
	return d, len(data) - len(field) + i + 1, reason
}

// plainBytes returns how many bytes at the start of data are visible ASCII. data has a
// byte that is not.
func plainBytes(data []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		// The high bit marks each byte below '!' or above 0x7f. The borrow may mark
		// further bytes after the first one.
		if marks := ((x - '!'*ones) | x) & highs; marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for data[i] >= '!' && data[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// slowLine reads any line, which is given without its LF.
func (f *Format) slowLine(line []byte) (d metric.Datapoint, reason string) {
	if !utf8.Valid(line) {
		return d, BadUTF8
	}
	var fields [3][]byte
	n := 0
	for rest := trimSpace(line); len(rest) > 0; rest = trimSpace(rest) {
		end := fieldEnd(rest)
		if n == len(fields) {
			return d, BadFields
		}
		fields[n] = rest[:end]
		n++
		rest = rest[end:]
	}
	if n == 0 {
		return d, blank
	}
	if n < len(fields) {
		return d, BadFields
	}

	v, ok := number.Float(fields[1])
	if !ok {
		return d, BadValue
	}
	t, ok := number.Float(fields[2])
	if !ok {
		return d, number.NoTime
	}
	if v != v {
		return d, NaN
	}
	d.Name = alias(fields[0])
	d.Value = v
	if d.Time, reason = number.Seconds(t); d.Time == number.Now {
		d.Time = f.now()
	}
	return d, reason
}

// trimSpace returns b without leading white space.
func trimSpace(b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if !isSpace(r) {
			break
		}
		b = b[n:]
	}
	return b
}

// fieldEnd returns the length of the field that b starts with.
func fieldEnd(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if isSpace(r) {
			return i
		}
		i += n
	}
	return len(b)
}

// isSpace is Python's str.isspace, for which ASCII's separators are white space too.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
