package metric

import (
	"fmt"
	"slices"
	"strings"
)

// IsTagged reports whether a canonical name has tags.
func IsTagged(name string) bool { return strings.IndexByte(name, ';') >= 0 }

// ParseTags returns the tags of a canonical name, including "name", whose value is
// the metric name without tags.
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

// tag is a tag of a name.
type tag struct {
	text string // key=value
	key  int    // length of the key
}

// makeTag parses key=value. ok is false if graphite-web refuses such a tag.
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

// tagsInOrder reports whether tags such as ";k=v;k=v" are in canonical form: all
// valid, sorted as text, without duplicate keys, and without the key "name".
func tagsInOrder(s string) bool {
	var last tag
	for s != "" {
		segment := s[1:]
		if end := strings.IndexByte(segment, ';'); end >= 0 {
			segment = segment[:end]
		}
		s = s[1+len(segment):]
		t, ok := makeTag(segment)
		// Tags with the same key are adjacent: only text that begins with "key=" sorts between them.
		if !ok || t.text <= last.text || t.text[:t.key] == last.text[:last.key] || t.text[:t.key] == "name" {
			return false
		}
		last = t
	}
	return true
}

// splitTags splits a name of the form metric;tag=value or metric{tag="value"} into
// the metric and its tags.
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

// openMetrics returns the index of the brace in metric{tag="value"}, or -1 if the
// name does not have this form. As in carbon, such a name ends in "}. If a ';' comes
// before the brace, the name has the form metric;tag=value, whose values may contain
// braces.
func openMetrics(name string) int {
	if !strings.HasSuffix(name, `"}`) {
		return -1
	}
	if i := strings.IndexAny(name, ";{"); name[max(i, 0)] == '{' {
		return i
	}
	return -1
}

// openMetricsTags parses tag="value",tag="value". In values, \" and \\ are escapes.
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

// unquote returns the value before the closing quote, and the text after the quote.
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

// formatTags formats tags in canonical form. Of several tags with the same key it
// keeps the last. It leaves out the key "name". It changes the order of the slice.
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

// TagCount is a tag value with the number of series that have it.
type TagCount struct {
	Value  string
	Series int
}

// TagExprError reports a tag expression, or a list of tag expressions, that cannot
// be evaluated.
type TagExprError struct {
	Expr   string // empty: the error concerns the whole list
	Reason string
}

func (e *TagExprError) Error() string {
	if e.Expr == "" {
		return "tag expressions: " + e.Reason
	}
	const most = 400 // bytes; the reason may repeat the expression
	return fmt.Sprintf("tag expression %q: %s", e.Expr[:min(len(e.Expr), most)], strings.ToValidUTF8(e.Reason[:min(len(e.Reason), most)], ""))
}
