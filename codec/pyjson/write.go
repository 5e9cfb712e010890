package pyjson

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendString appends a string in quotes, escaped as Python's json does by default:
// everything but printable ASCII is escaped. Bytes that are not UTF-8 become U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			b = AppendEscape(b, r)
		} else {
			b = append(b, byte(r))
		}
	}
	return append(b, '"')
}

// AppendEscape appends the escape sequence of a character: \" \\ \b \f \n \r \t, else
// \uXXXX, twice for a character above U+FFFF.
func AppendEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return appendUnicode(b, r)
}

func appendUnicode(b []byte, r rune) []byte {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendUnicode(appendUnicode(b, high), low)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// EscapeNonASCII returns a JSON document in ASCII: in valid JSON, all other
// characters are within strings. It returns the document itself if it is ASCII.
func EscapeNonASCII(document []byte) []byte {
	if isASCII(document) {
		return document
	}
	out := make([]byte, 0, len(document)+len(document)/4)
	for _, r := range string(document) {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		} else {
			out = appendUnicode(out, r)
		}
	}
	return out
}

func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.NativeEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// AppendRepr appends a number as Python's repr writes a float: the fewest digits
// that read back as the same number, as in 1.0, 1e-05, 1e+16, inf and nan. Python's
// json writes finite numbers this way.
func AppendRepr(b []byte, v float64) []byte {
	abs := math.Abs(v)
	switch {
	case v != v:
		return append(b, "nan"...)
	case abs > math.MaxFloat64:
		if v < 0 {
			b = append(b, '-')
		}
		return append(b, "inf"...)
	case abs < 1e15 && v == math.Trunc(v):
		if v == 0 && math.Signbit(v) {
			b = append(b, '-')
		}
		return append(strconv.AppendInt(b, int64(v), 10), ".0"...)
	case abs >= 1e-4 && abs < 1e16:
		start := len(b)
		b = appendShort(b, v, abs)
		for _, c := range b[start:] {
			if c == '.' {
				return b
			}
		}
		return append(b, ".0"...)
	default:
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
}

// appendShort appends a number without an exponent. Most datapoints have at most
// four decimals: writing those as integers is exact and twice as fast.
func appendShort(b []byte, v, abs float64) []byte {
	const scale = 10000
	n := math.Round(abs * scale)
	if abs >= 1e9 || n/scale != abs {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	if v < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendInt(b, int64(n)/scale, 10)
	b = append(b, '.')
	digits, width := int64(n)%scale, 4
	for digits%10 == 0 && width > 1 {
		digits, width = digits/10, width-1
	}
	for unit := pow10[width-1]; unit > 0; unit /= 10 {
		b = append(b, byte('0'+digits/unit%10))
	}
	return b
}

var pow10 = [...]int64{1, 10, 100, 1000}
