package index

import (
	"regexp"
	"strings"
	"time"

	"carbon/metric"
	"carbon/regex"
)

// expr is a parsed tag expression.
type expr struct {
	tag    string
	exact  bool   // tag=value
	value  string // if exact
	prefix string // common prefix of all values that match; may be empty
	match  func(value string) bool
	err    func() error // error of a match; if not nil, the results of match are invalid
}

// rejectsEmpty reports whether series without the tag do not match.
func (e *expr) rejectsEmpty() bool { return !e.match("") }

// operators lists each operator before its prefixes.
var operators = []string{"!=~", "!=", "=~", "="}

func parseExpr(s string) (expr, error) {
	fail := func(reason string) (expr, error) {
		return expr{}, &metric.TagExprError{Expr: s, Reason: reason}
	}
	end := strings.IndexAny(s, ";!=")
	if end <= 0 {
		return fail("not of the form tag=value")
	}
	var operator string
	for _, o := range operators {
		if strings.HasPrefix(s[end:], o) {
			operator = o
			break
		}
	}
	value := s[end+len(operator):]
	switch {
	case operator == "":
		return fail("no operator after the tag")
	case strings.Contains(value, ";"):
		return fail("value contains ';'")
	}
	e := expr{tag: s[:end], err: noError}
	switch operator {
	case "=":
		e.exact, e.value = true, value
		e.match = func(v string) bool { return v == value }
	case "!=":
		e.match = func(v string) bool { return v != value }
	default:
		f, err := parseFilter(value)
		if err != nil {
			return fail(err.Error())
		}
		e.match, e.err = f.match, f.err
		if operator == "=~" {
			e.prefix = f.prefix
		} else {
			e.match = func(v string) bool { return !f.match(v) }
		}
	}
	return e, nil
}

// filter is a regular expression, anchored at the start of the text.
type filter struct {
	prefix string // common prefix of all texts that match
	match  func(s string) bool
	err    func() error // error of a match; if not nil, the results of match are invalid
}

func parseFilter(s string) (filter, error) {
	unanchored, err := regexp.Compile(s)
	if err != nil {
		return parseBacktracking(s)
	}
	anchored, err := regexp.Compile(`\A(?:` + s + `)`)
	if err != nil {
		return filter{}, err
	}
	f := filter{match: anchored.MatchString, err: noError}
	f.prefix, _ = unanchored.LiteralPrefix()
	return f, nil
}

func noError() error { return nil }

// maxBacktrackingTime limits the time that a filter spends on all texts together.
const maxBacktrackingTime = 2 * time.Second

// parseBacktracking parses a regular expression of Python that package regexp does not
// support.
func parseBacktracking(s string) (filter, error) {
	re, err := regex.Compile(s)
	if err != nil {
		return filter{}, err
	}
	var failed error
	var spent time.Duration
	match := func(s string) bool {
		if failed != nil {
			return false
		}
		began := time.Now()
		var matched bool
		matched, failed = re.Match(s)
		if spent += time.Since(began); spent > maxBacktrackingTime {
			failed = regex.ErrTimeout
		}
		return matched
	}
	return filter{match: match, err: func() error { return failed }}, nil
}
