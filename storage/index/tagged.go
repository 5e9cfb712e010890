package index

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"carbon/metric"
)

// tagged holds tagged series under numbers that only grow, so that the lists
// below are sorted without further ado.
type tagged struct {
	ids   map[string]uint32
	names []string                       // by number; "" was removed
	tags  map[string]map[string][]uint32 // tag, value: numbers
}

func newTagged() tagged {
	return tagged{ids: make(map[string]uint32), tags: make(map[string]map[string][]uint32)}
}

func (t *tagged) add(name string) bool {
	if _, ok := t.ids[name]; ok {
		return false
	}
	name = strings.Clone(name)
	id := uint32(len(t.names))
	t.names = append(t.names, name)
	t.ids[name] = id
	for tag, value := range metric.ParseTags(name) {
		values := t.tags[tag]
		if values == nil {
			values = make(map[string][]uint32)
			t.tags[tag] = values
		}
		values[value] = append(values[value], id)
	}
	return true
}

func (t *tagged) remove(name string) bool {
	id, ok := t.ids[name]
	if !ok {
		return false
	}
	delete(t.ids, name)
	t.names[id] = ""
	for tag, value := range metric.ParseTags(name) {
		values := t.tags[tag]
		list := values[value]
		if i, ok := slices.BinarySearch(list, id); ok {
			list = slices.Delete(list, i, i+1)
		}
		if len(list) > 0 {
			values[value] = list
			continue
		}
		delete(values, value)
		if len(values) == 0 {
			delete(t.tags, tag)
		}
	}
	return true
}

// FindTagged returns the names, sorted, of the tagged series for which all
// expressions hold:
//
//	tag=value      the tag has this value
//	tag!=value     it has another one, or there is no such tag
//	tag=~regexp    its value begins with what the expression matches
//	tag!=~regexp   it does not
//
// As in graphite-web a missing tag is one with an empty value, and at least one
// expression must refuse the empty value. The tag "name" is the metric without
// tags. Regular expressions are Go's. The error is a *metric.TagExprError.
func (x *Index) FindTagged(exprs []string) ([]string, error) {
	parsed := make([]expr, len(exprs))
	for i, s := range exprs {
		var err error
		if parsed[i], err = parseExpr(s); err != nil {
			return nil, err
		}
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	ids, selector := x.tagged.fewest(parsed)
	if selector < 0 {
		return nil, &metric.TagExprError{Reason: "at least one must require a non-empty value"}
	}
	var names []string
	for _, id := range ids {
		if name := x.tagged.names[id]; matchAll(parsed, selector, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// fewest returns the series that one expression selects, and which one: that of
// fewest series if there is one with '='. It is -1 if none can select.
func (t *tagged) fewest(exprs []expr) (ids []uint32, selector int) {
	selector = -1
	for i, e := range exprs {
		if e.exact && e.value != "" {
			list := t.tags[e.tag][e.value]
			if selector < 0 || len(list) < len(ids) {
				ids, selector = list, i
			}
		}
	}
	if selector >= 0 {
		return ids, selector
	}
	for i, e := range exprs {
		if e.match("") {
			continue
		}
		// A series has one value of a tag, so no number comes twice.
		for value, list := range maps.All(t.tags[e.tag]) {
			if e.match(value) {
				ids = append(ids, list...)
			}
		}
		return ids, i
	}
	return nil, -1
}

// matchAll tells whether all expressions but the one that selected hold.
func matchAll(exprs []expr, selector int, name string) bool {
	for i, e := range exprs {
		if i != selector && !e.match(tagValue(name, e.tag)) {
			return false
		}
	}
	return true
}

// tagValue returns the value of a tag of a canonical name, empty if there is
// none. It says the same as metric.ParseTags and does not allocate.
func tagValue(name, tag string) string {
	metric, rest, more := strings.Cut(name, ";")
	if tag == "name" {
		return metric
	}
	for more {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		if key, value, _ := strings.Cut(segment, "="); key == tag {
			return value
		}
	}
	return ""
}

// expr is a tag expression.
type expr struct {
	tag   string
	exact bool   // tag=value
	value string // if exact
	match func(value string) bool
}

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
		if _, err := regexp.Compile(value); err != nil {
			return fail(err.Error())
		}
		re, err := regexp.Compile(`\A(?:` + value + `)`)
		if err != nil {
			return fail(err.Error())
		}
		want := operator == "=~"
		known := make(map[string]bool) // a value is met many times
		e.match = func(v string) bool {
			matched, ok := known[v]
			if !ok {
				matched = re.MatchString(v) == want
				known[v] = matched
			}
			return matched
		}
	}
	return e, nil
}
