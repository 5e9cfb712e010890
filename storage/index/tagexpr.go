package index

import (
	"regexp"
	"strings"

	"carbon/metric"
)

// expr is a tag expression.
type expr struct {
	tag    string
	exact  bool   // tag=value
	value  string // if exact
	prefix string // of all values that match; it may be empty
	match  func(value string) bool
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
	e := expr{tag: s[:end]}
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
		e.match = f.match
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
}

func parseFilter(s string) (filter, error) {
	alone, err := regexp.Compile(s)
	if err != nil {
		return filter{}, err
	}
	anchored, err := regexp.Compile(`\A(?:` + s + `)`)
	if err != nil {
		return filter{}, err
	}
	f := filter{match: anchored.MatchString}
	f.prefix, _ = alone.LiteralPrefix()
	return f, nil
}
