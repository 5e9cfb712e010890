package function

import (
	"regexp"
	"strconv"
	"strings"

	"carbon/regex"
	"carbon/render/target"
)

// seriesByTag is a path expression rather than a call: Binder.seriesByTag makes a node to
// fetch.
var seriesByTag = &Spec{
	Name:  "seriesByTag",
	Group: Special,
	Doc: `Returns the series whose tags match all expressions. An expression is
tag=value, tag!=value, tag=~regex or tag!=~regex; a regular expression is matched at
the start of the value. At least one expression must not match series without the tag.

Example::

  &target=seriesByTag("name=cpu","host=~web.*")`,
	Params: []Param{{Name: "tagExpressions", Type: String, Required: true, Multiple: true}},
}

// seriesByTag binds a call of seriesByTag. As in graphite-web, arguments that are not
// strings are ignored.
func (b *Binder) seriesByTag(e *target.Call) (Value, error) {
	n := &Node{Path: e.Raw}
	for _, a := range e.Args {
		if s, ok := a.(*target.String); ok {
			n.Exprs = append(n.Exprs, s.Text)
		}
	}
	selective := false
	for _, expr := range n.Exprs {
		m := tagExpr.FindStringSubmatch(expr)
		if m == nil {
			return nil, &ArgError{e.Name, "tagExpressions", strconv.Quote(expr) + " is not of the form tag=value, tag!=value, tag=~regex or tag!=~regex"}
		}
		selective = selective || !matchesEmpty(m[2], m[3])
	}
	if !selective {
		return nil, &ArgError{e.Name, "tagExpressions", "at least one expression must not match the empty string"}
	}
	return b.node(n), nil
}

var tagExpr = regexp.MustCompile(`^([^;!=]+)(!?=~?)([^;]*)$`)

// matchesEmpty reports whether an expression matches series without the tag. Invalid
// regular expressions are left for the store to report.
func matchesEmpty(operator, value string) bool {
	match := value == ""
	if strings.HasSuffix(operator, "~") {
		match = false
		if re, err := regex.Compile(value); err == nil {
			match, _ = re.Match("")
		}
	}
	return match != strings.HasPrefix(operator, "!")
}
