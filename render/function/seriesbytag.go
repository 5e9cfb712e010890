package function

import (
	"regexp"
	"strconv"
	"strings"

	"carbon/regex"
	"carbon/render/target"
)

// seriesByTag is a path expression rather than a call: the binder makes it one.
var seriesByTag = &Spec{
	Name:  "seriesByTag",
	Group: Special,
	Doc: `Shows the series whose tags match all expressions: tag=value, tag!=value,
tag=~regex or tag!=~regex, where a regex must match from the beginning.

Example::

  &target=seriesByTag("name=cpu","host=~web.*")`,
	Params: []Param{{Name: "tagExpressions", Type: String, Required: true, Multiple: true}},
}

// seriesByTag binds a call of the function that is a path expression. As in
// graphite-web, only strings among its arguments count.
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
		return nil, &ArgError{e.Name, "tagExpressions", "at least one must not match the empty string"}
	}
	return b.node(n), nil
}

var tagExpr = regexp.MustCompile(`^([^;!=]+)(!?=~?)([^;]*)$`)

// matchesEmpty reports whether a series without the tag would match. Patterns
// that are no regular expressions here are left for the store to refuse.
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
