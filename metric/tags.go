package metric

import (
	"fmt"
	"slices"
	"strings"
)

// IsTagged tells whether a canonical name carries tags.
func IsTagged(name string) bool { return strings.IndexByte(name, ';') >= 0 }

// ParseTags returns the tags of a canonical name. There is always one called
// "name", the metric without its tags.
func ParseTags(name string) Tags {
	metric, rest, tagged := strings.Cut(name, ";")
	tags := Tags{"name": metric}
	if !tagged {
		return tags
	}
	for segment := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(segment, "=")
		tags[key] = value
	}
	return tags
}

// tag is one key=value of a name, and how long the key is.
type tag struct {
	text string
	key  int
}

// makeTag checks one key=value as graphite-web does. ok is false if it would
// refuse the name for it.
func makeTag(segment string) (t tag, ok bool) {
	key := strings.IndexByte(segment, '=')
	if key <= 0 || strings.ContainsAny(segment[:key], ";!^") {
		return tag{}, false
	}
	value := segment[key+1:]
	if value == "" || value[0] == '~' || strings.IndexByte(value, ';') >= 0 {
		return tag{}, false
	}
	return tag{segment, key}, true
}

// tagsInOrder tells whether ";k=v;k=v…" is in canonical form: all valid, sorted
// as text, no key twice, none called name.
func tagsInOrder(s string) bool {
	var last tag
	for s != "" {
		segment := s[1:]
		if end := strings.IndexByte(segment, ';'); end >= 0 {
			segment = segment[:end]
		}
		s = s[1+len(segment):]
		t, ok := makeTag(segment)
		// Two tags of one key are neighbours when sorted: only "key=" sorts between them.
		if !ok || t.text <= last.text || t.text[:t.key] == last.text[:last.key] || t.text[:t.key] == "name" {
			return false
		}
		last = t
	}
	return true
}

// splitTags takes a name in either form, metric;tag=value or
// metric{tag="value"}, apart.
func splitTags(name string) (metric string, tags []tag, reason string) {
	if brace := openMetrics(name); brace >= 0 {
		tags, ok := openMetricsTags(name[brace+1 : len(name)-1])
		if !ok {
			return "", nil, ReasonTag
		}
		return name[:brace], tags, ""
	}
	metric, rest, tagged := strings.Cut(name, ";")
	if !tagged {
		return metric, nil, ""
	}
	for segment := range strings.SplitSeq(rest, ";") {
		t, ok := makeTag(segment)
		if !ok {
			return "", nil, ReasonTag
		}
		tags = append(tags, t)
	}
	return metric, tags, ""
}

// openMetrics returns where the brace is in metric{tag="value"}, or -1. As in
// carbon the form is known by its end; a ';' before the brace makes it the
// other one, whose values may hold anything.
func openMetrics(name string) int {
	if !strings.HasSuffix(name, `"}`) {
		return -1
	}
	if i := strings.IndexAny(name, ";{"); name[max(i, 0)] == '{' {
		return i
	}
	return -1
}

// openMetricsTags reads tag="value",tag="value". In values \" and \\ are
// escapes.
func openMetricsTags(s string) (tags []tag, ok bool) {
	for s != "" {
		key, rest, found := strings.Cut(s, `="`)
		if !found {
			return nil, false
		}
		value, rest, closed := unquote(rest)
		if !closed || strings.IndexByte(key, '=') >= 0 {
			return nil, false
		}
		t, ok := makeTag(key + "=" + value)
		if !ok {
			return nil, false
		}
		tags = append(tags, t)
		if s, found = strings.CutPrefix(rest, ","); !found && rest != "" {
			return nil, false
		}
	}
	return tags, true
}

// unquote reads up to the closing quote.
func unquote(s string) (value, rest string, closed bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// formatTags writes tags in canonical form: of one key the last counts, and
// name is the metric's own. It sorts the slice it is given.
func formatTags(tags []tag) string {
	slices.SortStableFunc(tags, func(a, b tag) int { return strings.Compare(a.text[:a.key], b.text[:b.key]) })
	kept := tags[:0]
	for i, t := range tags {
		key := t.text[:t.key]
		again := i+1 < len(tags) && tags[i+1].text[:tags[i+1].key] == key
		if key != "name" && !again {
			kept = append(kept, t)
		}
	}
	slices.SortFunc(kept, func(a, b tag) int { return strings.Compare(a.text, b.text) })
	var b strings.Builder
	for _, t := range kept {
		b.WriteByte(';')
		b.WriteString(t.text)
	}
	return b.String()
}

// TagCount is a value of a tag, and how many series have it.
type TagCount struct {
	Value  string
	Series int
}

// TagExprError reports a tag expression that cannot be followed, or a list of
// them that as a whole cannot.
type TagExprError struct {
	Expr   string // empty: all of them
	Reason string
}

func (e *TagExprError) Error() string {
	if e.Expr == "" {
		return "tag expressions: " + e.Reason
	}
	const most = 400 // bytes of each: a reason may repeat the expression
	return fmt.Sprintf("tag expression %q: %s", e.Expr[:min(len(e.Expr), most)], strings.ToValidUTF8(e.Reason[:min(len(e.Reason), most)], ""))
}
