package api

import (
	"unicode/utf8"

	"carbon/codec/pyjson"
)

// appendString appends the inside of a JSON string, without the quotes. It escapes as
// encoding/json does with SetEscapeHTML(false).
func appendString(b []byte, s string) []byte {
	done := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' {
				b = pyjson.AppendEscape(append(b, s[done:i]...), rune(c))
				done = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			b = pyjson.AppendEscape(append(b, s[done:i]...), r)
			done = i + size
		}
		i += size
	}
	return append(b, s[done:]...)
}
