// Package filter reads carbon's lists of patterns for names, whitelist.conf and
// blacklist.conf: one regular expression in each line, which is searched anywhere
// in a name. Blank lines and those that begin with # do not count.
package filter

import (
	"bufio"
	"io"
	"strings"

	"carbon/codec/ini"
	"carbon/regex"
)

// The reasons a name is refused for. They are constant words, fit to label a
// counter.
const (
	Blacklisted    = "blacklist"
	NotWhitelisted = "whitelist"
)

// List is a list of patterns.
type List []*regex.Regexp

// Parse reads a list. Of each pattern that is none there is a warning, and the
// others count, as in carbon.
func Parse(r io.Reader) (l List, warnings []ini.Error, err error) {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		pattern := strings.TrimSpace(lines.Text())
		if pattern == "" || pattern[0] == '#' {
			continue
		}
		p, err := regex.Compile(pattern)
		if err != nil {
			warnings = append(warnings, ini.Error{Line: n, Reason: err.Error()})
			continue
		}
		l = append(l, p)
	}
	return l, warnings, lines.Err()
}

// Match tells whether a pattern of the list is found in name. One that takes too
// long to tell is not.
func (l List) Match(name string) bool {
	for _, p := range l {
		if found, err := p.Search(name); found && err == nil {
			return true
		}
	}
	return false
}

// Lists are a blacklist and a whitelist. An empty one does nothing.
type Lists struct{ Black, White List }

// Refuse says why a name is refused; empty: it is not.
func (l Lists) Refuse(name string) (reason string) {
	switch {
	case l.Black.Match(name):
		return Blacklisted
	case len(l.White) > 0 && !l.White.Match(name):
		return NotWhitelisted
	}
	return ""
}
