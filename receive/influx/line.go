package influx

import (
	"bytes"
	"strconv"
	"unsafe"

	"carbon/receive/number"
)

// Reasons why a line or a field is refused. Those of times are in package number.
const (
	BadKey       = "series"            // no measurement, or a tag without '='
	BadField     = "field"             // no field, or one without '=' or without a name
	BadValue     = "value"             // not a number, a boolean or text
	BadText      = "unterminated text" // text without its closing quote
	BadTimestamp = "timestamp"
	TooLong      = "too long" // over maxKey
	NoValue      = "no value" // text, nan or infinite; not reported to the client
)

// maxKey bounds the measurement and tags of a line, and the name of a field, in bytes.
// Names of this length are refused later.
const maxKey = 16 << 10

// field is a field with a number.
type field struct {
	name  []byte // as written
	value float64
}

// line is the parts of a line, which alias the text.
type line struct {
	key    []byte // measurement and tags, as written
	fields []field
	time   []byte // as written; empty: missing
	skip   int    // number of fields without a value
	bad    string // why another field was refused; empty: none was
}

// next parses the first line of text and returns the rest of text. It returns a reason
// if the whole line is refused, and blank for a blank line or a comment.
func (l *line) next(text []byte) (rest []byte, blank bool, reason string) {
	l.fields, l.time, l.skip, l.bad = l.fields[:0], nil, 0, ""
	text = bytes.TrimLeft(text, " \t\r\x00")
	if len(text) == 0 {
		return nil, true, ""
	}
	if text[0] == '\n' {
		return text[1:], true, ""
	}
	if text[0] == '#' {
		return afterLine(text), true, ""
	}

	n := keyEnd(text)
	l.key = text[:n]
	switch {
	case n == 0 || text[0] == ',':
		return afterLine(text), false, BadKey
	case n > maxKey:
		return afterLine(text[n:]), false, TooLong
	}
	text = blanks(text[n:])
	if ended(text) {
		return afterLine(text), false, BadField
	}
	for {
		if text, reason = l.field(text); reason != "" {
			return afterLine(text), false, reason
		}
		if len(text) == 0 || text[0] != ',' {
			break
		}
		text = text[1:]
	}
	if !follows(text) {
		return afterLine(text), false, BadField
	}
	text = blanks(text)
	n = 0
	for n < len(text) && text[n] > ' ' {
		n++
	}
	l.time = text[:n]
	text = blanks(text[n:])
	if !ended(text) {
		return afterLine(text), false, BadTimestamp
	}
	return afterLine(text), false, ""
}

// field reads one field.
func (l *line) field(text []byte) (rest []byte, reason string) {
	n := 0
	for n < len(text) && text[n] != '=' {
		switch text[n] {
		case '\n', ' ', ',':
			return text, BadField
		case '\\':
			if n+1 < len(text) && text[n+1] != '\n' {
				n++
			}
		}
		n++
	}
	if n == 0 || n >= len(text) {
		return text[min(n, len(text)):], BadField
	}
	name := text[:n]
	if n > maxKey {
		return text[n:], TooLong
	}
	text = text[n+1:]
	if len(text) > 0 && text[0] == '"' {
		end := textEnd(text)
		if end == 0 || bytes.IndexByte(text[:end], '\n') >= 0 && !follows(text[end:]) {
			return text, BadText // and the next line is read as a line
		}
		l.skip++
		return text[end:], ""
	}
	n = 0
	for n < len(text) && text[n] != ',' && text[n] > ' ' {
		n++
	}
	v, reason := value(text[:n])
	switch reason {
	case "":
		l.fields = append(l.fields, field{name, v})
	case NoValue:
		l.skip++
	default:
		l.bad = reason
	}
	return text[n:], ""
}

// keyEnd returns the length of measurement and tags, which end at a space that is not
// escaped.
func keyEnd(text []byte) int {
	for n := 0; n < len(text); n++ {
		switch text[n] {
		case '\\':
			if n+1 < len(text) && text[n+1] != '\n' {
				n++
			}
		case ' ', '\t', '\n':
			return n
		}
	}
	return len(text)
}

// textEnd returns the length of a text value with its quotes; 0: it has no end.
func textEnd(text []byte) int {
	for n := 1; n < len(text); n++ {
		switch text[n] {
		case '\\':
			n++
		case '"':
			return n + 1
		}
	}
	return 0
}

// follows reports whether text may follow a value.
func follows(text []byte) bool { return len(text) == 0 || text[0] == ',' || text[0] <= ' ' }

// blanks skips white space between the parts of a line.
func blanks(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r') {
		text = text[1:]
	}
	return text
}

func ended(text []byte) bool { return len(text) == 0 || text[0] == '\n' }

// afterLine returns the text after the next newline.
func afterLine(text []byte) []byte {
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		return text[end+1:]
	}
	return nil
}

// value reads a value that is not text.
func value(b []byte) (v float64, reason string) {
	if len(b) == 0 {
		return 0, BadValue
	}
	switch last := b[len(b)-1]; {
	case last-'0' < 10 || last == '.':
		if v, ok := quick(b); ok {
			return v, ""
		}
	case last == 'i', last == 'u':
		if digits := b[:len(b)-1]; integer(digits, last == 'u') {
			v, _ := number.Float(digits)
			return v, ""
		}
		return 0, BadValue
	}
	switch string(b) {
	case "t", "T", "true", "True", "TRUE":
		return 1, ""
	case "f", "F", "false", "False", "FALSE":
		return 0, ""
	}
	v, ok := number.Float(b)
	switch {
	case !ok:
		return 0, BadValue
	case v-v != 0: // NaN and the infinities
		return 0, NoValue
	}
	return v, ""
}

// integer reports whether b is an integer of 64 bits.
func integer(b []byte, unsigned bool) (ok bool) {
	s := unsafe.String(unsafe.SliceData(b), len(b))
	var err error
	if unsigned {
		_, err = strconv.ParseUint(s, 10, 64)
	} else {
		_, err = strconv.ParseInt(s, 10, 64)
	}
	return err == nil
}

// quick reads a decimal number with few digits.
func quick(b []byte) (v float64, ok bool) {
	var room [24]byte
	if len(b) >= len(room) {
		return 0, false
	}
	n := copy(room[:], b)
	room[n] = ' '
	v, length, ok := number.Quick(room[:])
	return v, ok && length == n
}
