// Package filter reads carbon's whitelist.conf and blacklist.conf. Each line is a
// regular expression that matches anywhere in a metric name. Blank lines and lines
// that begin with # are ignored.
package filter

import (
	"bufio"
	"io"
	"strings"

	"carbon/codec/ini"
	"carbon/regex"
)

// Reasons why a name is refused. They label counters.
const (
	Blacklisted    = "blacklist"
	NotWhitelisted = "whitelist"
)

// List is a list of patterns.
type List []*regex.Regexp

// Parse reads a list. Like carbon it skips invalid patterns; it returns a warning
// for each.
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

// Match reports whether a pattern of the list matches name. A pattern that takes
// too long does not match.
func (l List) Match(name string) bool {
	for _, p := range l {
		if found, err := p.Search(name); found && err == nil {
			return true
		}
	}
	return false
}

// Lists are a blacklist and a whitelist. An empty list refuses nothing.
type Lists struct{ Black, White List }

// Refuse returns the reason why a name is refused, or "".
func (l Lists) Refuse(name string) (reason string) {
	switch {
	case l.Black.Match(name):
		return Blacklisted
	case len(l.White) > 0 && !l.White.Match(name):
		return NotWhitelisted
	}
	return ""
}
