// Package pyjson reads JSON as Python's json module writes it: besides standard
// JSON the bare words NaN, Infinity and -Infinity, which count as no value, as
// null does. Numbers stay text until they are asked for.
//
// A Decoder goes through a document once and hands out its parts; it builds
// nothing. Its memory is the nesting, which is bounded. Where the text is not
// UTF-8, or strings hold raw control characters, they are passed on as they are.
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

// MaxDepth is how deep lists and objects may stand in each other.
const MaxDepth = 64

// SyntaxError reports where a document stops being JSON.
type SyntaxError struct {
	Offset int // bytes
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("json: byte %d: %s", e.Offset, e.Reason) }

// Kind is what a value is.
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

// New returns a Decoder of a document. Strings it hands out may alias data.
func New(data []byte) *Decoder { return &Decoder{data: data} }

// Valid tells whether data is one document, by reading all of it: nil, or a
// *SyntaxError.
func Valid(data []byte) error {
	d := New(data)
	if err := d.Skip(); err != nil {
		return err
	}
	return d.End()
}

// Peek tells the kind of the value that comes next, by its first character.
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

// List reads a list. each is called before every element and reads it, wholly:
// by Scalar, Skip, List or Object. Errors are those of each, or *SyntaxError.
func (d *Decoder) List(each func() error) error {
	return d.nested('[', ']', each)
}

// Object reads an object. each is called with every key, as often as it stands
// there, and reads its value, wholly.
func (d *Decoder) Object(each func(key string) error) error {
	return d.nested('{', '}', func() error {
		d.space()
		if d.next() != '"' {
			return d.bad("want a key")
		}
		key, err := d.text()
		if err != nil {
			return err
		}
		d.space()
		if d.next() != ':' {
			return d.bad("want a colon")
		}
		d.at++
		return each(key)
	})
}

// nested reads what stands between brackets, separated by commas.
func (d *Decoder) nested(open, end byte, each func() error) error {
	d.space()
	if d.next() != open {
		return d.bad("want " + string(open))
	}
	if d.depth == MaxDepth {
		return d.bad("too deep")
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
			return d.bad("want a comma or " + string(end))
		}
	}
}

// Scalar is a value that is neither list nor object.
type Scalar struct {
	Kind Kind   // None, Bool, Number or Text
	Text string // as it stands there, a Text without quotes and escapes
}

// Scalar reads a value that is neither list nor object.
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
	return Scalar{}, d.bad("want a value")
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

// Any reads one value of any kind: nil, bool, Scalar (of kind Number), string,
// []any or map[string]any. Of a key that stands there twice the last counts. It
// takes up to some sixty times the memory of the text.
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

// Offset is how much of the document was read, in bytes.
func (d *Decoder) Offset() int { return d.at }

// End wants nothing but white space to follow.
func (d *Decoder) End() error {
	d.space()
	if d.at < len(d.data) {
		return d.bad("want the end")
	}
	return nil
}

// Float is the value as a point's: a number, 1 or 0 of a truth value, or a text
// that is a decimal number. ok is false for all else, and for what is infinite
// or overflows.
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

// decimal reads what float() of Python reads, but for the words, and the
// underscores that nobody sends.
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

// number reads over a number. As in Python's decoder it is digits with an
// optional fraction and exponent.
func (d *Decoder) number() (string, error) {
	start := d.at
	if d.next() == '-' {
		d.at++
	}
	if d.next() == '0' {
		d.at++
	} else if !d.digits() {
		return "", d.bad("want a digit")
	}
	if d.next() == '.' {
		d.at++
		if !d.digits() {
			return "", d.bad("want a digit")
		}
	}
	if c := d.next(); c == 'e' || c == 'E' {
		d.at++
		if c := d.next(); c == '+' || c == '-' {
			d.at++
		}
		if !d.digits() {
			return "", d.bad("want a digit")
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

// text reads a string. It copies it only where it holds escapes.
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
	return "", d.bad("a string without end")
}

// escaped reads the rest of a string from its first backslash on.
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
				return "", d.bad("an unknown escape")
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
		}
	}
	return "", d.bad("a string without end")
}

// escape reads what follows a backslash. Half of a surrogate pair becomes the
// replacement character.
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

// next is the character to be read; 0 at the end.
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

// alias returns b as a string without copying. It is good while b is not changed.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
