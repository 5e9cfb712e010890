package pickle

import (
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// Kind is the kind of a Value.
type Kind uint8

// The kinds. An integer too large for a float64 is None.
const (
	None   Kind = iota
	Number      // int, long, float, bool
	Text        // str, unicode, bytes
	Tuple
	List
	Dict
	Set
)

// Value is a value of a pickle. It is valid until the next Decode of its Decoder.
type Value struct {
	kind  Kind
	owned bool   // for a text: it is in Decoder.texts, not in the pickle
	n     uint32 // length of a text or a tuple
	bits  uint64 // a number; or the position of the contents
}

// Kind returns the kind of the value.
func (v Value) Kind() Kind { return v.kind }

// Number returns the value of a Number.
func (v Value) Number() float64 { return math.Float64frombits(v.bits) }

// Text returns the value of a Text, which may be invalid UTF-8. It aliases the pickle or
// the decoder and is valid until either changes.
func (d *Decoder) Text(v Value) string {
	from := d.data
	if v.owned {
		from = d.texts
	}
	b := from[v.bits:][:v.n]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Items returns the elements of a Tuple, List or Set, or the keys and values of a Dict in
// turns. A list may contain itself.
func (d *Decoder) Items(v Value) []Value {
	if v.kind == Tuple {
		return d.tuples[v.bits:][:v.n]
	}
	return d.lists[v.bits]
}

// Lookup returns the value of a key in a Dict, the last one of a repeated key; None if
// there is no such key.
func (d *Decoder) Lookup(dict Value, key string) Value {
	var found Value
	items := d.Items(dict)
	for i := 0; i+1 < len(items); i += 2 {
		if items[i].kind == Text && d.Text(items[i]) == key {
			found = items[i+1]
		}
	}
	return found
}

// String returns a value as text, nearly as Python writes it. Values nested deeper than 20
// levels are left out.
func (d *Decoder) String(v Value) string {
	var b strings.Builder
	d.write(&b, v, 0)
	return b.String()
}

func (d *Decoder) write(b *strings.Builder, v Value, depth int) {
	brackets := ""
	switch v.kind {
	case Number:
		b.WriteString(strconv.FormatFloat(v.Number(), 'g', -1, 64))
		return
	case Text:
		b.WriteString(strconv.Quote(d.Text(v)))
		return
	case Tuple:
		brackets = "()"
	case List:
		brackets = "[]"
	case Dict, Set:
		brackets = "{}"
	default:
		b.WriteString("None")
		return
	}
	if depth == 20 {
		b.WriteString("...")
		return
	}
	b.WriteByte(brackets[0])
	for i, item := range d.Items(v) {
		switch {
		case i == 0:
		case v.kind == Dict && i%2 == 1:
			b.WriteString(": ")
		default:
			b.WriteString(", ")
		}
		d.write(b, item, depth+1)
	}
	b.WriteByte(brackets[1])
}
