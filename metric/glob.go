package metric

import (
	"strings"
	"unicode/utf8"
)

// glob is a compiled pattern for one node, with the syntax of Python's fnmatch:
// literal text, '?', '*' and character classes.
type glob []token

type token struct {
	kind  kind
	text  string // of a literal
	class class
}

type kind uint8

const (
	literal kind = iota
	anyOne       // ?
	anyRun       // *
	oneOf        // [...]
)

// class is a set of characters, or with negated all characters not in it.
type class struct {
	negated bool
	ranges  []runes
}

type runes struct{ low, high rune }

func (c class) match(r rune) bool {
	for _, span := range c.ranges {
		if span.low <= r && r <= span.high {
			return !c.negated
		}
	}
	return c.negated
}

// compileGlob compiles the pattern of one node, without braces. A backslash makes
// the next character literal.
func compileGlob(s string) glob {
	var g glob
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			g = append(g, token{kind: literal, text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '*':
			flush()
			if n := len(g); n == 0 || g[n-1].kind != anyRun {
				g = append(g, token{kind: anyRun})
			}
		case '?':
			flush()
			g = append(g, token{kind: anyOne})
		case '[':
			end := classEnd(s, i)
			if end < 0 { // not closed: a literal bracket
				text.WriteByte(c)
				continue
			}
			flush()
			g = append(g, token{kind: oneOf, class: compileClass(s[i+1 : end])})
			i = end
		case '\\':
			if i+1 < len(s) {
				i++
				text.WriteByte(s[i])
			}
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return g
}

// classEnd returns the index of the ']' that closes the class opened at s[open],
// or -1. A ']' at the beginning of the class is a member.
func classEnd(s string, open int) int {
	i := open + 1
	if i < len(s) && s[i] == '!' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	if i > len(s) {
		return -1
	}
	if n := strings.IndexByte(s[i:], ']'); n >= 0 {
		return i + n
	}
	return -1
}

// compileClass compiles the text between the brackets of a class. As in fnmatch, a
// leading '!' negates and '^' does not, and a reversed range is empty.
func compileClass(s string) class {
	var c class
	if s, c.negated = strings.CutPrefix(s, "!"); s == "" {
		return c
	}
	members := []rune(s)
	for i := 0; i < len(members); i++ {
		if i+2 < len(members) && members[i+1] == '-' {
			c.ranges = append(c.ranges, runes{members[i], members[i+2]})
			i += 2
			continue
		}
		c.ranges = append(c.ranges, runes{members[i], members[i]})
	}
	return c
}

// match reports whether the glob matches all of s. After a mismatch it retries only
// the last '*', so it takes at most time proportional to len(s) times the length of
// the glob.
func (g glob) match(s string) bool {
	if len(g) == 2 && g[0].kind == anyRun && g[1].kind == literal && utf8.ValidString(g[1].text) {
		return strings.HasSuffix(s, g[1].text)
	}
	if len(g) == 2 && g[0].kind == literal && g[1].kind == anyRun {
		return strings.HasPrefix(s, g[0].text)
	}
	i, at := 0, 0
	star, starAt := -1, 0
	for {
		if i < len(g) && g[i].kind == anyRun {
			star, starAt = i, at
			i++
			continue
		}
		if i == len(g) && at == len(s) {
			return true
		}
		if i < len(g) {
			if n := g[i].take(s[at:]); n >= 0 {
				i++
				at += n
				continue
			}
		}
		if star < 0 || starAt == len(s) {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[starAt:])
		starAt += size
		i, at = star+1, starAt
	}
}

// take returns the number of bytes at the start of s that the token matches, or -1.
func (t token) take(s string) int {
	if t.kind == literal {
		if strings.HasPrefix(s, t.text) {
			return len(t.text)
		}
		return -1
	}
	if s == "" {
		return -1
	}
	r, size := utf8.DecodeRuneInString(s)
	if t.kind == oneOf && !t.class.match(r) {
		return -1
	}
	return size
}

// literal returns the string that the glob matches, if it matches only one.
func (g glob) literal() (s string, ok bool) {
	switch {
	case len(g) == 0:
		return "", true
	case len(g) == 1 && g[0].kind == literal:
		return g[0].text, true
	}
	return "", false
}

// prefix returns the literal text at the start of the glob.
func (g glob) prefix() string {
	if len(g) > 0 && g[0].kind == literal {
		return g[0].text
	}
	return ""
}
