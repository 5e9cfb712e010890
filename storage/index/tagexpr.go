package index

import (
	"regexp"
	"strings"
	"time"

	"carbon/metric"
	"carbon/regex"
)

// expr is a tag expression.
type expr struct {
	tag    string
	exact  bool   // tag=value
	value  string // if exact
	prefix string // of all values that match; it may be empty
	match  func(value string) bool
	err    func() error // that a match ended with, which makes all others void
}

// needsValue tells whether a series without the tag is refused.
func (e *expr) needsValue() bool { return !e.match("") }

// operators, longest first.
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
		return fail("a value holds no ';'")
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

// filter is a regular expression that matches at the start of a text.
type filter struct {
	prefix string // of all that matches
	match  func(s string) bool
	err    func() error // that a match ended with, which makes all others void
}

func parseFilter(s string) (filter, error) {
	alone, err := regexp.Compile(s)
	if err != nil {
		return parseBacktracking(s)
	}
	anchored, err := regexp.Compile(`\A(?:` + s + `)`)
	if err != nil {
		return filter{}, err
	}
	f := filter{match: anchored.MatchString, err: noError}
	f.prefix, _ = alone.LiteralPrefix()
	return f, nil
}

func noError() error { return nil }

// maxBacktracking is how long a filter may take for all texts together.
const maxBacktracking = 2 * time.Second

// parseBacktracking makes a filter of what Python can match and Go cannot.
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
		if spent += time.Since(began); spent > maxBacktracking {
			failed = regex.ErrTimeout
		}
		return matched
	}
	return filter{match: match, err: func() error { return failed }}, nil
}
