package regex

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// group parses a group after its '('. first is true where flags for the whole pattern are
// allowed.
func (t *translator) group(first bool) (extent, error) {
	if !t.accept('?') {
		return t.capture("")
	}
	r := t.peek()
	t.pos++
	switch r {
	case 'P':
		return t.named()
	case ':':
		t.write("(?:")
		return t.body()
	case '#':
		for !t.accept(')') {
			if t.pos++; t.pos > len(t.in) {
				return extent{}, errors.New("an unterminated comment")
			}
		}
		return extent{}, nil
	case '>':
		t.writeFull("(?>")
		return t.body()
	case '=', '!':
		t.writeFull("(?" + string(r))
		return t.lookAround()
	case '<':
		r := t.peek()
		t.pos++
		if r != '=' && r != '!' {
			return extent{}, errors.New("an unknown kind of group (named groups are written (?P<name>…))")
		}
		t.writeFull("(?<" + string(r))
		if t.behind == 0 {
			t.behind = len(t.groups)
			defer func() { t.behind = 0 }()
		}
		e, err := t.body()
		if err == nil && e.least != e.most {
			err = errors.New("a look-behind of variable length")
		}
		return extent{0, 0, e.size}, err
	case '(':
		return t.conditional()
	}
	t.pos--
	return t.flagged(first)
}

// body parses the rest of a group, whose start is already written.
func (t *translator) body() (extent, error) {
	e, err := t.alternatives(false)
	if err == nil && !t.accept(')') {
		err = errors.New("a '(' without ')'")
	}
	t.write(")")
	e.size = plus(e.size, 1)
	return e, err
}

func (t *translator) lookAround() (extent, error) {
	e, err := t.body()
	return extent{0, 0, e.size}, err
}

// capture parses the rest of a capturing group.
func (t *translator) capture(name string) (extent, error) {
	n := len(t.groups)
	if n > maxGroups {
		return extent{}, fmt.Errorf("more than %d groups (groups that do not capture are written (?:…))", maxGroups)
	}
	if name != "" {
		if t.names[name] != 0 {
			return extent{}, fmt.Errorf("a second group with the name %q", name)
		}
		t.names[name] = n
	}
	t.groups = append(t.groups, nil)
	t.write("(")
	e, err := t.body()
	t.groups[n] = &e
	return e, err
}

// named parses a group after (?P.
func (t *translator) named() (extent, error) {
	switch {
	case t.accept('<'):
		name, err := t.name('>')
		if err != nil {
			return extent{}, err
		}
		return t.capture(name)
	case t.accept('='):
		name, err := t.name(')')
		if err != nil {
			return extent{}, err
		}
		if t.names[name] == 0 {
			return extent{}, fmt.Errorf("a reference to the unknown group %q", name)
		}
		e, _, err := t.reference(t.names[name])
		return e, err
	}
	return extent{}, errors.New("an unknown kind of group (?P")
}

// name parses the name of a group.
func (t *translator) name(end rune) (string, error) {
	name, err := t.until(end)
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return "", fmt.Errorf("the group name %q (names consist of letters, digits and '_')", name)
		}
	}
	return name, err
}

// until parses a text, which must not be empty, and the character after it.
func (t *translator) until(end rune) (string, error) {
	begin := t.pos
	for t.pos < len(t.in) && t.in[t.pos] != end {
		t.pos++
	}
	text := string(t.in[begin:t.pos])
	if !t.accept(end) || text == "" {
		return "", errors.New("a group without a name")
	}
	return text, nil
}

// conditional parses a conditional expression after its (?( : a group, and the expressions to
// match if the group matched and if it did not.
func (t *translator) conditional() (extent, error) {
	name, err := t.until(')')
	if err != nil {
		return extent{}, err
	}
	n := t.names[name]
	if n == 0 {
		for _, r := range name {
			if !isDigit(r) {
				return extent{}, fmt.Errorf("a condition on the unknown group %q", name)
			}
			n = plus(times(n, 10), int(r-'0'))
		}
		if n == 0 {
			return extent{}, errors.New("a condition on group 0")
		}
	}
	if t.behind > 0 && n >= t.behind {
		return extent{}, errBehind
	}
	t.refs = max(t.refs, n)
	t.writeFull(fmt.Sprintf("(?(%d)", n))
	e, err := t.sequence(false)
	if err != nil {
		return e, err
	}
	var other extent
	t.write("|") // regexp2 requires it
	if t.accept('|') {
		if other, err = t.sequence(false); err != nil {
			return e, err
		}
	}
	if !t.accept(')') {
		return e, errors.New("a condition with a third branch, or without ')'")
	}
	t.write(")")
	e = e.or(other)
	e.size = plus(e.size, 1)
	return e, nil
}

// flagged parses flags: for a group, or, at the start, for the whole pattern.
func (t *translator) flagged(first bool) (extent, error) {
	on := t.letters()
	off := ""
	negated := t.accept('-')
	if negated {
		off = t.letters()
	}
	whole := t.peek() == ')'
	switch {
	case t.pos >= len(t.in) || on+off == "" && !negated:
		return extent{}, errors.New("an unknown kind of group")
	case !whole && t.peek() != ':' || negated && (whole || off == ""):
		return extent{}, errors.New("an unknown or missing flag")
	case whole && !first:
		return extent{}, errors.New("flags for the whole pattern that are not at its start (for a part, write (?i:…))")
	case strings.ContainsAny(on, off) || strings.ContainsAny(off, "au") || strings.Contains(on, "a") && strings.Contains(on, "u"):
		return extent{}, errors.New("flags that contradict each other")
	}
	t.pos++
	outside := t.flags
	for _, r := range on {
		t.set(r, true)
	}
	for _, r := range off {
		t.set(r, false)
	}
	written := known(on)
	if known(off) != "" {
		written += "-" + known(off)
	}
	if whole {
		if written != "" {
			t.write("(?" + written + ")")
		}
		return extent{}, nil
	}
	t.write("(?" + written + ":")
	e, err := t.body()
	t.flags = outside
	return e, err
}

var errBehind = errors.New("a reference within a look-behind to one of its groups")

// letters parses the letters of flags.
func (t *translator) letters() string {
	begin := t.pos
	for t.pos < len(t.in) && strings.ContainsRune("aimsux", t.in[t.pos]) {
		t.pos++
	}
	return string(t.in[begin:t.pos])
}

// known returns the flags that the matchers have as well. The others are translated.
func known(letters string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("ims", r) {
			return r
		}
		return -1
	}, letters)
}

func (t *translator) set(r rune, on bool) {
	switch r {
	case 'm':
		t.flags.multiLine = on
	case 'x':
		t.flags.verbose = on
	case 'a':
		t.flags.ascii = on
	case 'u':
		t.flags.ascii = false
	}
}
