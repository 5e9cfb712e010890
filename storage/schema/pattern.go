package schema

import (
	"regexp"
	"strings"
)

// compilePattern compiles a regular expression of Python. It translates what Go writes
// differently: in Python, \d and \w match all of Unicode, and \Z is the end of the text.
func compilePattern(python string) (*regexp.Regexp, error) {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(python); i++ {
		c := python[i]
		if c == '\\' && i+1 < len(python) {
			i++
			b.WriteString(escape(python[i:i+1], inClass))
			continue
		}
		switch {
		case c == '[' && !inClass:
			inClass = true
			b.WriteByte(c)
			// A ']' at the start of a class is a member of it.
			rest := python[i+1:]
			first := strings.TrimPrefix(rest, "^")
			if strings.HasPrefix(first, "]") {
				n := len(rest) - len(first) + 1
				b.WriteString(rest[:n])
				i += n
			}
			continue
		case c == '[': // escaped, because Python has no [:name:] classes
			b.WriteByte('\\')
		case c == ']':
			inClass = false
		}
		b.WriteByte(c)
	}
	return regexp.Compile(b.String())
}

// escape translates an escape sequence of Python: a backslash and c, which is one byte.
func escape(c string, inClass bool) string {
	switch {
	case c == "d":
		return `\p{Nd}`
	case c == "D":
		return `\P{Nd}`
	case c == "w" && inClass:
		return `\p{L}\p{N}_`
	case c == "w":
		return `[\p{L}\p{N}_]`
	case c == "W" && !inClass:
		return `[^\p{L}\p{N}_]`
	case c == "Z" && !inClass:
		return `\z`
	case c >= "\x80": // the first byte of a character that needs no escape
		return c
	}
	return `\` + c
}
