package pickle

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// line returns the bytes up to the next newline, without it; nil if there is none.
func (d *Decoder) line() []byte {
	rest := d.data[d.at:]
	n := bytes.IndexByte(rest, '\n')
	if n < 0 {
		return nil
	}
	d.at += n + 1
	return rest[:n]
}

// offset returns the position of b, a part of the pickle, in it.
func (d *Decoder) offset(b []byte) uint64 { return uint64(cap(d.data) - cap(b)) }

// text pushes a text that follows its length of width bytes.
func (d *Decoder) text(width int) error {
	b := d.counted(width)
	if b == nil {
		return ErrMalformed
	}
	d.push(Value{kind: Text, n: uint32(len(b)), bits: uint64(d.at - len(b))})
	return nil
}

// ownText pushes the text in d.texts from position from on.
func (d *Decoder) ownText(from int) {
	d.push(Value{kind: Text, owned: true, n: uint32(len(d.texts) - from), bits: uint64(from)})
}

// numberText reads a number in decimal digits. A long ends in L. 00 and 01 are False and
// True.
func numberText(op byte, line []byte) (Value, bool) {
	s := strings.TrimSpace(string(line))
	if op == opLong {
		s = strings.TrimSuffix(s, "L")
	}
	if op == opFloat {
		if strings.ContainsAny(s, "_xX") {
			return Value{}, false
		}
	} else if digits := strings.TrimLeft(s, "+-"); digits == "" || strings.Trim(digits, "0123456789") != "" {
		return Value{}, false
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil && !math.IsInf(v, 0):
		return Value{}, false
	case op != opFloat && math.IsInf(v, 0):
		return Value{}, true // Python's float() fails
	}
	return numberValue(v), true
}

// longValue returns an integer in little-endian two's complement.
func longValue(b []byte) Value {
	if len(b) > 8 {
		return bigValue(b)
	}
	var n uint64
	for i, c := range b {
		n |= uint64(c) << (8 * i)
	}
	unused := 64 - 8*len(b)
	return numberValue(float64(int64(n<<unused) >> unused)) // shifted by 64, it is 0
}

// bigValue is longValue for more than 64 bits.
func bigValue(b []byte) Value {
	if len(b) > 130 { // beyond 2^1024, or with unusual padding
		return Value{}
	}
	digits := slices.Clone(b)
	slices.Reverse(digits)
	n := new(big.Int).SetBytes(digits)
	if digits[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(digits))))
	}
	v, _ := new(big.Float).SetInt(n).Float64()
	if math.IsInf(v, 0) {
		return Value{}
	}
	return numberValue(v)
}

// quoted reads a text in the form of Python's repr.
func (d *Decoder) quoted() error {
	line := bytes.TrimSpace(d.line())
	n := len(line)
	if n < 2 || line[0] != line[n-1] || line[0] != '\'' && line[0] != '"' {
		return ErrMalformed
	}
	line = line[1 : n-1]
	if bytes.IndexByte(line, '\\') < 0 {
		d.push(Value{kind: Text, n: uint32(len(line)), bits: d.offset(line)})
		return nil
	}
	from := len(d.texts)
	for len(line) > 0 {
		if line[0] != '\\' || len(line) == 1 {
			d.texts = append(d.texts, line[0])
			line = line[1:]
			continue
		}
		c, n := escape(line)
		if n == 0 {
			return ErrMalformed
		}
		d.texts = append(d.texts, c...)
		line = line[n:]
	}
	d.ownText(from)
	return nil
}

// escape reads one escape sequence of repr and returns its length. b starts with a
// backslash and another byte. An unknown sequence stands for itself.
func escape(b []byte) (text []byte, n int) {
	const named, meant = `abfnrtv\'"`, "\a\b\f\n\r\t\v\\'\""
	if i := strings.IndexByte(named, b[1]); i >= 0 {
		return []byte{meant[i]}, 2
	}
	digits, base := b[1:], 8
	if b[1] == 'x' {
		if len(b) < 4 {
			return nil, 0
		}
		digits, base = b[2:4], 16
	} else {
		for n < 3 && n < len(digits) && digits[n] >= '0' && digits[n] <= '7' {
			n++
		}
		if digits = digits[:n]; n == 0 {
			return b[:2], 2
		}
	}
	v, err := strconv.ParseUint(string(digits), base, 16)
	if err != nil {
		return nil, 0
	}
	return []byte{byte(v)}, len(digits) + 1 + base/16
}

// unicode reads a text of protocol 0, in Python's encoding raw-unicode-escape: Latin-1
// with \uXXXX and \UXXXXXXXX.
func (d *Decoder) unicode() error {
	line := d.line()
	if line == nil {
		return ErrMalformed
	}
	if !bytes.ContainsFunc(line, func(r rune) bool { return r == '\\' || r >= utf8.RuneSelf }) {
		d.push(Value{kind: Text, n: uint32(len(line)), bits: d.offset(line)})
		return nil
	}
	from := len(d.texts)
	high := rune(0) // first half of a surrogate pair, as narrow builds of Python 2 write
	for len(line) > 0 {
		r, n := rawUnicode(line)
		if n == 0 {
			return ErrMalformed
		}
		line = line[n:]
		if pair := utf16.DecodeRune(high, r); pair != utf8.RuneError {
			d.texts = utf8.AppendRune(d.texts, pair)
			high = 0
			continue
		}
		if high != 0 {
			d.texts = append(d.texts, lone)
			high = 0
		}
		switch {
		case r == '\\' && n == 1 && len(line) > 0 && line[0] == '\\': // the second starts no escape
			d.texts = append(d.texts, `\\`...)
			line = line[1:]
		case r >= 0xd800 && r < 0xdc00:
			high = r
		case utf16.IsSurrogate(r):
			d.texts = append(d.texts, lone)
		default:
			d.texts = utf8.AppendRune(d.texts, r)
		}
	}
	if high != 0 {
		d.texts = append(d.texts, lone)
	}
	d.ownText(from)
	return nil
}

// lone replaces half a surrogate pair, which UTF-8 cannot encode. It makes the text invalid
// UTF-8.
const lone = 0xff

// rawUnicode reads one character and returns its length; 0 is an error.
func rawUnicode(b []byte) (r rune, n int) {
	if b[0] != '\\' || len(b) == 1 {
		return rune(b[0]), 1
	}
	digits := 0
	switch b[1] {
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return '\\', 1
	}
	if len(b) < 2+digits {
		return 0, 0
	}
	v, err := strconv.ParseUint(string(b[2:2+digits]), 16, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, 0
	}
	return rune(v), 2 + digits
}
