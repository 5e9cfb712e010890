// Package pyjson reads and writes JSON as Python's json module does. In addition to
// standard JSON it reads NaN, Infinity and -Infinity, which mean no value, as null does.
// Numbers stay text until they are converted.
//
// A Decoder reads a document once, and passes its parts to the caller without building
// values. Its memory is bounded. Invalid UTF-8 and raw control characters in strings are
// kept.
package pyjson

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// MaxDepth is the maximum nesting depth of lists and objects.
const MaxDepth = 64

// SyntaxError reports invalid JSON.
type SyntaxError struct {
	Offset int // bytes
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("json: byte %d: %s", e.Offset, e.Reason) }

// Kind is the kind of a value.
type Kind byte

// The kinds of values. None is null, NaN and the infinities.
const (
	Invalid Kind = iota
	None
	Bool
	Number
	Text
	List
	Object
)

// Decoder reads one document.
type Decoder struct {
	data  []byte
	at    int
	depth int
}

// New returns a Decoder of a document. The strings it returns may alias data.
func New(data []byte) *Decoder { return &Decoder{data: data} }

// Valid reads all of data and returns nil if it is one valid document, else a *SyntaxError.
func Valid(data []byte) error {
	d := New(data)
	if err := d.Skip(); err != nil {
		return err
	}
	return d.End()
}

// Peek returns the kind of the next value, judged by its first character.
func (d *Decoder) Peek() Kind {
	d.space()
	switch c := d.next(); {
	case c == '{':
		return Object
	case c == '[':
		return List
	case c == '"':
		return Text
	case c == 't', c == 'f':
		return Bool
	case c == 'n', c == 'N', c == 'I':
		return None
	case c == '-' && d.at+1 < len(d.data) && d.data[d.at+1] == 'I':
		return None
	case c == '-', '0' <= c && c <= '9':
		return Number
	}
	return Invalid
}

// List reads a list. It calls each before every element; each must read it completely, with
// Scalar, Skip, List, Object or Any. Errors are those of each, or *SyntaxError.
func (d *Decoder) List(each func() error) error {
	return d.nested('[', ']', each)
}

// Object reads an object. It calls each with every key, also with repeated ones; each must
// read the value completely.
func (d *Decoder) Object(each func(key string) error) error {
	return d.nested('{', '}', func() error {
		d.space()
		if d.next() != '"' {
			return d.bad("expected a key")
		}
		key, err := d.text()
		if err != nil {
			return err
		}
		d.space()
		if d.next() != ':' {
			return d.bad("expected a colon")
		}
		d.at++
		return each(key)
	})
}

// nested reads comma-separated items between brackets.
func (d *Decoder) nested(open, end byte, each func() error) error {
	d.space()
	if d.next() != open {
		return d.bad("expected " + string(open))
	}
	if d.depth == MaxDepth {
		return d.bad("nested too deeply")
	}
	d.depth++
	defer func() { d.depth-- }()
	d.at++
	d.space()
	if d.next() == end {
		d.at++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		d.space()
		switch d.next() {
		case ',':
			d.at++
		case end:
			d.at++
			return nil
		default:
			return d.bad("expected a comma or " + string(end))
		}
	}
}

// Scalar is a value other than a list or an object.
type Scalar struct {
	Kind Kind   // None, Bool, Number or Text
	Text string // as in the document; for a Text, without quotes and escapes
}

// Scalar reads a value other than a list or an object.
func (d *Decoder) Scalar() (Scalar, error) {
	switch kind := d.Peek(); kind {
	case Text:
		s, err := d.text()
		return Scalar{Text, s}, err
	case Number:
		s, err := d.number()
		return Scalar{Number, s}, err
	case Bool, None:
		for _, word := range []string{"null", "true", "false", "NaN", "Infinity", "-Infinity"} {
			if rest := d.data[d.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
				d.at += len(word)
				return Scalar{kind, word}, nil
			}
		}
	}
	return Scalar{}, d.bad("expected a value")
}

// Skip reads one value of any kind.
func (d *Decoder) Skip() error {
	switch d.Peek() {
	case List:
		return d.List(d.Skip)
	case Object:
		return d.Object(func(string) error { return d.Skip() })
	}
	_, err := d.Scalar()
	return err
}

// Any reads one value of any kind: nil, bool, Scalar (of kind Number), string, []any or
// map[string]any. Of repeated keys it keeps the last. It needs up to about sixty times the
// memory of the document.
func (d *Decoder) Any() (any, error) {
	switch d.Peek() {
	case List:
		list := []any{}
		err := d.List(func() error {
			v, err := d.Any()
			list = append(list, v)
			return err
		})
		return list, err
	case Object:
		object := map[string]any{}
		err := d.Object(func(key string) (err error) {
			object[key], err = d.Any()
			return err
		})
		return object, err
	}
	s, err := d.Scalar()
	if err != nil {
		return nil, err
	}
	switch s.Kind {
	case Bool:
		return s.Text == "true", nil
	case Number:
		return s, nil
	case Text:
		return s.Text, nil
	}
	return nil, nil
}

// Offset returns the number of bytes read so far.
func (d *Decoder) Offset() int { return d.at }

// End returns an error if anything but white space follows.
func (d *Decoder) End() error {
	d.space()
	if d.at < len(d.data) {
		return d.bad("expected the end of the document")
	}
	return nil
}

// Float returns the value of a datapoint: a number, 1 or 0 for true or false, or a text that
// is a decimal number. ok is false for anything else, and for infinite and too large
// numbers.
func (s Scalar) Float() (v float64, ok bool) {
	switch s.Kind {
	case Bool:
		if s.Text == "true" {
			v = 1
		}
		return v, true
	case Number:
		return decimal(s.Text)
	case Text:
		return decimal(strings.TrimSpace(s.Text))
	}
	return 0, false
}

// decimal reads a number as Python's float() does, without nan, inf and underscores.
func decimal(s string) (float64, bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsInf(v, 0)
}

// number reads a number as Python's decoder does: digits with an optional fraction and
// exponent.
func (d *Decoder) number() (string, error) {
	start := d.at
	if d.next() == '-' {
		d.at++
	}
	if d.next() == '0' {
		d.at++
	} else if !d.digits() {
		return "", d.bad("expected a digit")
	}
	if d.next() == '.' {
		d.at++
		if !d.digits() {
			return "", d.bad("expected a digit")
		}
	}
	if c := d.next(); c == 'e' || c == 'E' {
		d.at++
		if c := d.next(); c == '+' || c == '-' {
			d.at++
		}
		if !d.digits() {
			return "", d.bad("expected a digit")
		}
	}
	return alias(d.data[start:d.at]), nil
}

func (d *Decoder) digits() bool {
	start := d.at
	for '0' <= d.next() && d.next() <= '9' {
		d.at++
	}
	return d.at > start
}

// text reads a string. It copies only strings with escapes.
func (d *Decoder) text() (string, error) {
	d.at++ // the quote
	start := d.at
	for ; d.at < len(d.data); d.at++ {
		switch d.data[d.at] {
		case '"':
			s := alias(d.data[start:d.at])
			d.at++
			return s, nil
		case '\\':
			return d.escaped(append([]byte(nil), d.data[start:d.at]...))
		}
	}
	return "", d.bad("unterminated string")
}

// escaped reads the rest of a string, from its first backslash on. b is the part before.
func (d *Decoder) escaped(b []byte) (string, error) {
	for d.at < len(d.data) {
		c := d.data[d.at]
		d.at++
		switch c {
		case '"':
			return alias(b), nil
		case '\\':
			r, ok := d.escape()
			if !ok {
				return "", d.bad("unknown escape sequence")
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
		}
	}
	return "", d.bad("unterminated string")
}

// escape reads an escape sequence after its backslash. Half of a surrogate pair becomes
// U+FFFD.
func (d *Decoder) escape() (rune, bool) {
	c := d.next()
	d.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		r, ok := d.hex()
		if !ok || !utf16.IsSurrogate(r) {
			return r, ok
		}
		if rest := d.data[d.at:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
			before := d.at
			d.at += 2
			low, ok := d.hex()
			if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
				return pair, true
			}
			d.at = before
		}
		return utf8.RuneError, true
	}
	d.at--
	return 0, false
}

// hex reads four hexadecimal digits.
func (d *Decoder) hex() (rune, bool) {
	if len(d.data)-d.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(alias(d.data[d.at:d.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	d.at += 4
	return rune(n), true
}

// next returns the next byte; 0 at the end.
func (d *Decoder) next() byte {
	if d.at < len(d.data) {
		return d.data[d.at]
	}
	return 0
}

func (d *Decoder) space() {
	for d.at < len(d.data) {
		switch d.data[d.at] {
		case ' ', '\t', '\r', '\n':
			d.at++
		default:
			return
		}
	}
}

func (d *Decoder) bad(reason string) error { return &SyntaxError{Offset: d.at, Reason: reason} }

// alias returns b as a string without copying it. b must not be changed afterwards.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
