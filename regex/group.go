package regex

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// group reads what follows a '('. first says whether flags for the whole pattern
// may stand there.
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
				return extent{}, errors.New("a comment without end")
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
			return extent{}, errors.New("an unknown kind of group: (?P<name>…) is how groups are named,")
		}
		t.writeFull("(?<" + string(r))
		if t.behind == 0 {
			t.behind = len(t.groups)
			defer func() { t.behind = 0 }()
		}
		e, err := t.body()
		if err == nil && e.least != e.most {
			err = errors.New("a look-behind for texts of various lengths")
		}
		return extent{0, 0, e.size}, err
	case '(':
		return t.conditional()
	}
	t.pos--
	return t.flagged(first)
}

// body reads the rest of a group, whose beginning is written.
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

// capture reads the rest of a group that can be referred to.
func (t *translator) capture(name string) (extent, error) {
	n := len(t.groups)
	if n > maxGroups {
		return extent{}, fmt.Errorf("more than %d groups: (?:…) is one that captures nothing,", maxGroups)
	}
	if name != "" {
		if t.names[name] != 0 {
			return extent{}, fmt.Errorf("another group called %q", name)
		}
		t.names[name] = n
	}
	t.groups = append(t.groups, nil)
	t.write("(")
	e, err := t.body()
	t.groups[n] = &e
	return e, err
}

// named reads what follows (?P.
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
			return extent{}, fmt.Errorf("a reference to group %q, which is not there,", name)
		}
		e, _, err := t.reference(t.names[name])
		return e, err
	}
	return extent{}, errors.New("an unknown kind of group (?P")
}

// name reads the name of a group.
func (t *translator) name(end rune) (string, error) {
	name, err := t.until(end)
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return "", fmt.Errorf("a group called %q: names are letters, digits and '_',", name)
		}
	}
	return name, err
}

// until reads a text, which is not empty, and the character that ends it.
func (t *translator) until(end rune) (string, error) {
	begin := t.pos
	for t.pos < len(t.in) && t.in[t.pos] != end {
		t.pos++
	}
	text := string(t.in[begin:t.pos])
	if !t.accept(end) || text == "" {
		return "", errors.New("a group without name")
	}
	return text, nil
}

// conditional reads what follows (?( : a group, and what to match if that
// matched or else.
func (t *translator) conditional() (extent, error) {
	name, err := t.until(')')
	if err != nil {
		return extent{}, err
	}
	n := t.names[name]
	if n == 0 {
		for _, r := range name {
			if !isDigit(r) {
				return extent{}, fmt.Errorf("a condition on group %q, which is not there,", name)
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
	t.write("|") // regexp2 goes wrong without
	if t.accept('|') {
		if other, err = t.sequence(false); err != nil {
			return e, err
		}
	}
	if !t.accept(')') {
		return e, errors.New("a condition with a third branch, or without ')',")
	}
	t.write(")")
	e = e.or(other)
	e.size = plus(e.size, 1)
	return e, nil
}

// flagged reads flags: for a group, or, first of all, for the whole pattern.
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
		return extent{}, errors.New("an unknown flag, or one too few,")
	case whole && !first:
		return extent{}, errors.New("flags for the whole pattern, which must be its beginning: (?i:…) is for a part,")
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

var errBehind = errors.New("a reference within a look-behind to a group in it")

// letters reads flags.
func (t *translator) letters() string {
	begin := t.pos
	for t.pos < len(t.in) && strings.ContainsRune("aimsux", t.in[t.pos]) {
		t.pos++
	}
	return string(t.in[begin:t.pos])
}

// known returns the flags that mean the same to the matchers; the others are
// translated.
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
