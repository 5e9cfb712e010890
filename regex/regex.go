// Package regex matches and substitutes as Python's re does, for the arguments of Graphite's
// functions.
//
// Patterns are matched in linear time by Go's regexp if it can express them. Look-around,
// backreferences and atomic groups need a backtracking matcher, whose time is limited. The
// limits protect against patterns from untrusted clients.
//
// Unlike in Python, \N{name} is not supported.
package regex

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

const (
	maxPattern = 8192     // bytes
	maxGroups  = 100      // capturing groups
	maxSize    = 50_000   // atoms, with repetitions multiplied out
	maxResult  = 64 << 10 // bytes of a result of Sub
	maxTime    = 250 * time.Millisecond
)

// ErrTimeout reports a match that exceeded the time limit.
var ErrTimeout = errors.New("the pattern takes too long to match: use fewer nested repetitions")

// Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	linear     *regexp.Regexp  // nil if Go cannot express the pattern
	full       *regexp2.Regexp // nil if linear is sufficient
	advancing  *regexp2.Regexp // full without empty matches at the start; nil if full is never empty
	plainOnly  bool            // linear is correct only for plain texts
	mayBeEmpty bool            // may match the empty text

	groups int // capturing groups
	names  map[string]int
}

// Compile compiles a pattern in Python's syntax.
func Compile(pattern string) (*Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("the pattern is longer than %d bytes", maxPattern)
	}
	t, err := translate(pattern)
	if err != nil {
		return nil, err
	}
	re := &Regexp{
		plainOnly:  t.plainOnly,
		mayBeEmpty: t.total.least == 0,
		groups:     len(t.groups) - 1,
		names:      t.names,
	}
	if t.total.size > maxSize {
		return nil, errors.New("the pattern has too many repetitions")
	}
	if t.isLinear {
		re.linear, err = regexp.Compile(string(t.linear))
		if err != nil {
			re.linear = nil // beyond Go's limits
		}
	}
	if re.linear == nil || re.plainOnly || re.mayBeEmpty {
		if re.full, err = backtracking(string(t.full)); err != nil {
			return nil, err
		}
	}
	if re.mayBeEmpty {
		if re.advancing, err = backtracking("(?:" + string(t.full) + `)(?!\G)`); err != nil {
			return nil, err
		}
	}
	return re, nil
}

// backtracking compiles a pattern for the backtracking matcher.
func backtracking(pattern string) (*regexp2.Regexp, error) {
	re, err := regexp2.Compile(pattern, regexp2.None)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = maxTime
	return re, nil
}

// Search reports whether the pattern matches anywhere in s.
func (re *Regexp) Search(s string) (bool, error) {
	if re.useLinear(s) {
		return re.linear.MatchString(s), nil
	}
	found, err := re.full.MatchString(s)
	return found, timeout(err)
}

// Match reports whether the pattern matches at the beginning of s.
func (re *Regexp) Match(s string) (bool, error) {
	// If there is a match at the beginning, it is the leftmost one.
	if re.useLinear(s) {
		at := re.linear.FindStringIndex(s)
		return at != nil && at[0] == 0, nil
	}
	m, err := re.full.FindStringMatch(s)
	return m != nil && m.Index == 0, timeout(err)
}

// Sub returns s with all matches replaced. In the replacement, \1, \g<1> and \g<name> are
// the texts that groups matched.
func (re *Regexp) Sub(replacement, s string) (string, error) {
	parts, err := re.template(replacement)
	if err != nil {
		return "", err
	}
	b := &result{}
	// Go skips empty matches right after other matches.
	if re.useLinear(s) && !re.mayBeEmpty {
		re.subLinear(b, parts, s)
	} else if err := re.subFull(b, parts, s); err != nil {
		return "", err
	}
	if b.tooLong {
		return "", fmt.Errorf("the result of the replacement is longer than %d bytes", maxResult)
	}
	return b.text.String(), nil
}

func (re *Regexp) subLinear(b *result, parts []part, s string) {
	done := 0
	for _, at := range re.linear.FindAllStringSubmatchIndex(s, -1) {
		b.add(s[done:at[0]])
		for _, p := range parts {
			b.add(p.literal)
			if p.group >= 0 && at[2*p.group] >= 0 {
				b.add(s[at[2*p.group]:at[2*p.group+1]])
			}
		}
		if done = at[1]; b.tooLong {
			return
		}
	}
	b.add(s[done:])
}

func (re *Regexp) subFull(b *result, parts []part, s string) error {
	runes := []rune(s)
	done := 0
	began := time.Now()
	m, err := re.full.FindRunesMatch(runes)
	for m != nil && err == nil && !b.tooLong {
		b.add(string(runes[done:m.Index]))
		for _, p := range parts {
			b.add(p.literal)
			if p.group >= 0 {
				b.add(m.GroupByNumber(p.group).String())
			}
		}
		if done = m.Index + m.Length; time.Since(began) > maxTime {
			return ErrTimeout
		}
		// As in Python, after an empty match the next match at the same position must
		// not be empty.
		next := re.full
		if m.Length == 0 {
			next = re.advancing
		}
		m, err = next.FindRunesMatchStartingAt(runes, done)
	}
	if err == nil {
		b.add(string(runes[done:]))
	}
	return timeout(err)
}

// result is a text of limited length.
type result struct {
	text    strings.Builder
	tooLong bool
}

func (r *result) add(s string) {
	if r.text.Len()+len(s) > maxResult {
		r.tooLong = true
		return
	}
	r.text.WriteString(s)
}

func (re *Regexp) useLinear(s string) bool {
	return re.linear != nil && (!re.plainOnly || isPlain(s))
}

// isPlain reports whether s is ASCII, not empty, and does not end in a newline. Python's $
// also matches before such a newline.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return s != "" && !strings.HasSuffix(s, "\n")
}

// timeout converts the only error that regexp2 returns from a match.
func timeout(err error) error {
	if err != nil {
		return ErrTimeout
	}
	return nil
}
