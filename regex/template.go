package regex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// part is a part of a replacement: a text, then an optional group.
type part struct {
	literal string
	group   int // -1: none
}

// template parses a replacement.
func (re *Regexp) template(replacement string) ([]part, error) {
	var parts []part
	var literal strings.Builder
	group := func(n int) error {
		if n > re.groups {
			return fmt.Errorf("the replacement refers to group %d of %d", n, re.groups)
		}
		parts = append(parts, part{literal.String(), n})
		literal.Reset()
		return nil
	}
	s := replacement
	for s != "" {
		text, rest, escaped := strings.Cut(s, `\`)
		literal.WriteString(text)
		if !escaped {
			break
		}
		if rest == "" {
			return nil, errors.New(`the replacement ends in a single \: write \\`)
		}
		c := rest[0]
		s = rest[1:]
		switch {
		case c == 'g':
			name, after, err := groupName(s)
			if err != nil {
				return nil, err
			}
			n, ok := re.names[name]
			if !ok {
				if n, err = strconv.Atoi(name); err != nil || n < 0 {
					return nil, fmt.Errorf("the replacement refers to group %q, which the pattern does not have", name)
				}
			}
			if err := group(n); err != nil {
				return nil, err
			}
			s = after
		case c == '0' || c >= '1' && c <= '9' && octal(rest) >= 3:
			n := min(max(octal(rest), 1), 3)
			v, _ := strconv.ParseUint(rest[:n], 8, 16)
			if v > 0o377 {
				return nil, fmt.Errorf(`the replacement has \%s, which is above \377`, rest[:n])
			}
			literal.WriteRune(rune(v))
			s = rest[n:]
		case c >= '1' && c <= '9':
			n := 1
			if len(rest) > 1 && isDigit(rune(rest[1])) {
				n = 2
			}
			number, _ := strconv.Atoi(rest[:n])
			if err := group(number); err != nil {
				return nil, err
			}
			s = rest[n:]
		case controls[c] != 0:
			literal.WriteByte(controls[c])
		case c == '\\':
			literal.WriteByte(c)
		case isLetter(rune(c)):
			return nil, fmt.Errorf(`the replacement has the unknown escape sequence \%c: write \\%c`, c, c)
		default:
			literal.WriteByte('\\')
			literal.WriteByte(c)
		}
	}
	return append(parts, part{literal.String(), -1}), nil
}

// groupName reads <name>.
func groupName(s string) (name, rest string, err error) {
	s, ok := strings.CutPrefix(s, "<")
	name, rest, closed := strings.Cut(s, ">")
	if !ok || !closed || name == "" {
		return "", "", errors.New(`the replacement has \g without a group: write \g<1> or \g<name>`)
	}
	return name, rest, nil
}

// octal returns the number of octal digits at the start of s.
func octal(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	return n
}

// controls are the characters for a backslash and a letter.
var controls = [256]byte{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}
