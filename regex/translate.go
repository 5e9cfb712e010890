package regex

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// translator parses a pattern as Python does, with the same errors, and translates it for
// both matchers. It writes groups without names, because regexp2 numbers named groups
// differently.
type translator struct {
	in  []rune
	pos int

	linear, full []byte
	isLinear     bool // linear is equivalent to the pattern
	plainOnly    bool // but only for plain texts

	flags  flags
	groups []*extent // by number, nil while open; 0 is the whole
	names  map[string]int
	total  extent
	refs   int // the highest group that a condition refers to
	behind int // within a look-behind: the number of its first group, else 0
}

type flags struct{ multiLine, verbose, ascii bool }

// extent is the least and the most length of text that an expression matches, and its size in
// atoms with repetitions multiplied out.
type extent struct{ least, most, size int }

const unbounded = math.MaxInt32

func translate(pattern string) (*translator, error) {
	t := &translator{in: []rune(pattern), isLinear: true, groups: []*extent{nil}, names: map[string]int{}}
	var err error
	if t.total, err = t.alternatives(true); err != nil {
		return nil, fmt.Errorf("%w at character %d of the pattern", err, min(t.pos, len(t.in)))
	}
	if t.pos < len(t.in) {
		return nil, fmt.Errorf("unbalanced ')' at character %d of the pattern", t.pos+1)
	}
	if t.refs >= len(t.groups) {
		return nil, fmt.Errorf("a condition of the pattern names group %d of %d", t.refs, len(t.groups)-1)
	}
	return t, nil
}

func (t *translator) write(s string) { t.writeBoth(s, s) }

func (t *translator) writeBoth(linear, full string) {
	t.linear = append(t.linear, linear...)
	t.full = append(t.full, full...)
}

// writeFull writes an expression that only the backtracking matcher supports.
func (t *translator) writeFull(s string) {
	t.isLinear = false
	t.full = append(t.full, s...)
}

// peek returns the next character; 0 at the end.
func (t *translator) peek() rune {
	if t.pos < len(t.in) {
		return t.in[t.pos]
	}
	return 0
}

func (t *translator) accept(r rune) bool {
	if t.pos < len(t.in) && t.in[t.pos] == r {
		t.pos++
		return true
	}
	return false
}

// alternatives parses up to the end or a ')'.
func (t *translator) alternatives(outermost bool) (extent, error) {
	e, err := t.sequence(outermost)
	for err == nil && t.accept('|') {
		t.write("|")
		var other extent
		other, err = t.sequence(false)
		e = e.or(other)
	}
	return e, err
}

func (e extent) or(other extent) extent {
	return extent{min(e.least, other.least), max(e.most, other.most), plus(e.size, other.size)}
}

func (e extent) then(other extent) extent {
	return extent{plus(e.least, other.least), plus(e.most, other.most), plus(e.size, other.size)}
}

func (e extent) times(least, most int) extent {
	written := most
	if most == unbounded {
		written = least + 1
	}
	return extent{times(e.least, least), times(e.most, most), times(e.size, max(written, 1))}
}

func plus(a, b int) int  { return min(a+b, unbounded) }
func times(a, b int) int { return min(a*b, unbounded) }

// kind is the kind of expression before a quantifier.
type kind int

const (
	nothing kind = iota // a quantifier would be an error
	atom
	repeated
)

// sequence parses up to the end, a '|' or a ')'. first is true at the start of the pattern,
// where flags for the whole pattern are allowed.
func (t *translator) sequence(first bool) (extent, error) {
	var before, last extent
	kindOfLast := nothing
	at := len(t.full) // position of last
	for t.pos < len(t.in) && t.peek() != '|' && t.peek() != ')' {
		r := t.in[t.pos]
		t.pos++
		if t.flags.verbose && t.ignored(r) {
			continue
		}
		if least, most, ok := t.quantifier(r); ok {
			switch {
			case kindOfLast == nothing:
				return last, fmt.Errorf("nothing to repeat before '%c'", r)
			case kindOfLast == repeated:
				return last, errors.New("multiple repeat")
			case least > most:
				return last, errors.New("the minimum of a repetition is above its maximum")
			case least >= unbounded:
				return last, errors.New("too many repetitions")
			}
			t.repeat(at, least, most)
			last = last.times(least, most)
			kindOfLast = repeated
			continue
		}
		written := len(t.full)
		e, k, err := t.atom(r, first)
		if err != nil {
			return e, err
		}
		if len(t.full) == written || e.size == 0 {
			continue // a comment or flags
		}
		before, last, kindOfLast, at, first = before.then(last), e, k, written, false
	}
	return before.then(last), nil
}

// ignored skips white space and comments of a verbose pattern.
func (t *translator) ignored(r rune) bool {
	if r == '#' {
		for t.pos < len(t.in) && !t.accept('\n') {
			t.pos++
		}
		return true
	}
	return strings.ContainsRune(" \t\n\r\v\f", r)
}

// quantifier parses * + ? or {m,n}, which starts with r.
func (t *translator) quantifier(r rune) (least, most int, ok bool) {
	switch r {
	case '*':
		return 0, unbounded, true
	case '+':
		return 1, unbounded, true
	case '?':
		return 0, 1, true
	case '{':
		here := t.pos
		if t.peek() == '}' {
			return 0, 0, false
		}
		least, given := t.number()
		if !given {
			least = 0
		}
		most := least
		if t.accept(',') {
			if most, given = t.number(); !given {
				most = unbounded
			}
		}
		if t.accept('}') {
			return least, most, true
		}
		t.pos = here
	}
	return 0, 0, false
}

// number parses digits.
func (t *translator) number() (n int, given bool) {
	for ; isDigit(t.peek()); t.pos++ {
		n = plus(times(n, 10), int(t.peek()-'0'))
		given = true
	}
	return n, given
}

// repeat writes a quantifier for the expression from position at on.
func (t *translator) repeat(at, least, most int) {
	var q string
	switch {
	case least == 0 && most == unbounded:
		q = "*"
	case least == 1 && most == unbounded:
		q = "+"
	case least == 0 && most == 1:
		q = "?"
	case most == unbounded:
		q = fmt.Sprintf("{%d,}", least)
	default:
		q = fmt.Sprintf("{%d,%d}", least, most)
	}
	switch {
	case t.accept('?'):
		t.write(q + "?")
	case t.accept('+'): // possessive
		repeated := string(t.full[at:])
		t.full = t.full[:at]
		t.writeFull("(?>" + repeated + q + ")")
	default:
		t.write(q)
	}
}

// atom parses an expression that starts with r and is not a quantifier.
func (t *translator) atom(r rune, first bool) (extent, kind, error) {
	one := extent{1, 1, 1}
	switch r {
	case '^':
		t.write("^")
		return extent{0, 0, 1}, nothing, nil
	case '$':
		if t.flags.multiLine {
			t.write("$")
		} else {
			t.plainOnly = true
			t.writeBoth(`\z`, "$")
		}
		return extent{0, 0, 1}, nothing, nil
	case '.':
		t.write(".")
		return one, atom, nil
	case '[':
		return one, atom, t.class()
	case '(':
		e, err := t.group(first)
		return e, atom, err
	case '\\':
		return t.escape()
	default:
		t.write(quote(r))
		return one, atom, nil
	}
}

// escape parses an escape sequence after its backslash.
func (t *translator) escape() (extent, kind, error) {
	c := t.peek()
	switch c {
	case 'A':
		t.pos++
		t.write(`\A`)
		return extent{0, 0, 1}, nothing, nil
	case 'Z':
		t.pos++
		t.write(`\z`)
		return extent{0, 0, 1}, nothing, nil
	case 'b':
		t.pos++
		t.plainOnly = t.plainOnly || !t.flags.ascii // in Go, words are ASCII
		t.write(`\b`)
		return extent{0, 0, 1}, nothing, nil
	case 'B':
		t.pos++
		t.plainOnly = true
		t.writeBoth(`\B`, `\B(?!\A\z)`) // does not match in an empty text
		return extent{0, 0, 1}, nothing, nil
	case 'd', 'D', 's', 'S', 'w', 'W':
		t.pos++
		negate := ""
		if unicode.IsUpper(c) {
			negate = "^"
		}
		t.write("[" + negate + t.members(unicode.ToLower(c)) + "]")
		return extent{1, 1, 1}, atom, nil
	}
	if c >= '1' && c <= '9' && !t.octalAhead() {
		n := 0
		for i := 0; i < 2 && isDigit(t.peek()); i++ {
			n = n*10 + int(t.peek()-'0')
			t.pos++
		}
		return t.reference(n)
	}
	literal, err := t.literal()
	t.write(quote(literal))
	return extent{1, 1, 1}, atom, err
}

// octalAhead reports whether three octal digits follow.
func (t *translator) octalAhead() bool {
	rest := t.in[t.pos:]
	return len(rest) >= 3 && octal(string(rest[:3])) == 3
}

// reference writes a backreference.
func (t *translator) reference(n int) (extent, kind, error) {
	if n >= len(t.groups) || t.groups[n] == nil {
		return extent{}, nothing, fmt.Errorf("a reference to group %d, which does not exist or is open", n)
	}
	if t.behind > 0 && n >= t.behind {
		return extent{}, nothing, errBehind
	}
	t.writeFull("(?:\\" + strconv.Itoa(n) + ")")
	e := *t.groups[n]
	e.size = 1
	return e, atom, nil
}

// members returns the characters of \d, \s or \w in a class.
func (t *translator) members(c rune) string {
	switch {
	case c == 'd' && t.flags.ascii:
		return "0-9"
	case c == 'd':
		return `\p{Nd}`
	case c == 's' && t.flags.ascii:
		return `\t-\r\x20`
	case c == 's':
		return `\t-\r\x1c-\x1f\x85\p{Z}`
	case t.flags.ascii:
		return "0-9A-Za-z_"
	default:
		return `\p{L}\p{N}_`
	}
}

// literal parses an escaped character after its backslash.
func (t *translator) literal() (rune, error) {
	if t.pos == len(t.in) {
		return 0, errors.New(`a trailing \`)
	}
	c := t.in[t.pos]
	t.pos++
	switch {
	case c == 'x':
		return t.hex(2)
	case c == 'u':
		return t.hex(4)
	case c == 'U':
		return t.hex(8)
	case c < 0x80 && controls[c] != 0:
		return rune(controls[c]), nil
	case c >= '0' && c <= '7':
		n := c - '0'
		for i := 0; i < 2 && t.peek() >= '0' && t.peek() <= '7'; i++ {
			n = n*8 + t.peek() - '0'
			t.pos++
		}
		if n > 0o377 {
			return 0, errors.New(`an octal character above \377`)
		}
		return n, nil
	case isLetter(c) || isDigit(c):
		return 0, fmt.Errorf(`the unknown escape sequence \%c`, c)
	}
	return c, nil
}

func (t *translator) hex(digits int) (rune, error) {
	if t.pos+digits > len(t.in) {
		return 0, errors.New("an incomplete escape sequence")
	}
	n, err := strconv.ParseUint(string(t.in[t.pos:t.pos+digits]), 16, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, errors.New("an escape sequence that is not a character")
	}
	t.pos += digits
	return rune(n), nil
}

// class parses a character class after its '['.
func (t *translator) class() error {
	t.write("[")
	if t.accept('^') {
		t.write("^")
	}
	for begin := t.pos; ; {
		if t.pos == len(t.in) {
			return errors.New("a '[' without ']'")
		}
		if t.pos > begin && t.accept(']') {
			t.write("]")
			return nil
		}
		low, isSet, err := t.member()
		if err != nil {
			return err
		}
		if rest := t.in[t.pos:]; len(rest) < 2 || rest[0] != '-' || rest[1] == ']' {
			if !isSet {
				t.write(quote(low))
			}
			continue
		}
		t.pos++
		high, isHighSet, err := t.member()
		switch {
		case err != nil:
			return err
		case isSet || isHighSet || low > high:
			return errors.New("a range with a class at an end, or with its ends in the wrong order")
		}
		t.write(quote(low) + "-" + quote(high))
	}
}

// member parses a character of a class, or a set such as \d, which it writes.
func (t *translator) member() (r rune, isSet bool, err error) {
	c := t.in[t.pos]
	t.pos++
	if c != '\\' {
		return c, false, nil
	}
	switch c := t.peek(); c {
	case 'd', 's', 'w':
		t.pos++
		t.write(t.members(c))
		return 0, true, nil
	case 'D', 'S', 'W':
		t.pos++
		// Go does not support negated sets in classes.
		ascii := map[rune]string{
			'D': `\x00-/:-`,
			'S': `\x00-\x08\x0e-\x1b!-`,
			'W': "\\x00-/:-@\\[-\\^`{-",
		}[c]
		if t.flags.ascii {
			t.write(ascii + string(unicode.MaxRune))
		} else {
			t.plainOnly = true
			t.writeBoth(ascii+`\x7f`, `\`+string(c))
		}
		return 0, true, nil
	}
	r, err = t.literal()
	return r, false, err
}

// quote returns a character that matches itself, within and outside of classes.
func quote(r rune) string {
	switch {
	case r >= 0x80 || isLetter(r) || isDigit(r) || r == '_':
		return string(r)
	case r < 0x20 || r == 0x7f:
		return fmt.Sprintf(`\x%02x`, r)
	default:
		return `\` + string(r)
	}
}

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
