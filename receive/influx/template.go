package influx

import (
	"fmt"
	"strings"

	"carbon/metric"
)

// Template makes dotted names of series. It is text with {measurement}, {field}, {db},
// and {NAME} or {tag:NAME} for the value of a tag. Dots of the value become '_', but
// not with {NAME.}. A missing tag is replaced by unknown.
type Template struct{ parts []part }

// part is text or a placeholder.
type part struct {
	kind byte   // one of the constants below
	text string // of literal; the key of tagValue
	dots bool   // keep the dots of a tag's value
}

const (
	literal = iota
	measurement
	fieldName
	database
	tagValue
)

// unknown replaces what a series does not have.
const unknown = "unknown"

// ParseTemplate parses a template. It must contain {field}, or all fields of a line
// would be one series.
func ParseTemplate(text string) (*Template, error) {
	t := &Template{}
	named := false
	for text != "" {
		before, after, found := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("template: } without {")
		}
		if before != "" {
			t.parts = append(t.parts, part{kind: literal, text: before})
		}
		if !found {
			break
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("template: { without }")
		}
		text = rest
		switch name {
		case "":
			return nil, fmt.Errorf("template: {} without a name")
		case "measurement":
			t.parts = append(t.parts, part{kind: measurement})
		case "field":
			t.parts = append(t.parts, part{kind: fieldName})
			named = true
		case "db":
			t.parts = append(t.parts, part{kind: database})
		default:
			key, dots := strings.CutSuffix(strings.TrimPrefix(name, "tag:"), ".")
			t.parts = append(t.parts, part{kind: tagValue, text: strings.ReplaceAll(metric.SafeName(key), "=", "_"), dots: dots})
		}
	}
	if !named {
		return nil, fmt.Errorf("template: {field} is missing; without it all fields of a line would be one series")
	}
	return t, nil
}

// append appends the name of a field of a series.
func (t *Template) append(name []byte, s *series, field, db string) []byte {
	for _, p := range t.parts {
		text := p.text
		switch p.kind {
		case measurement:
			text = s.measurement
		case fieldName:
			text = field
		case database:
			text = metric.SafeName(db)
		case tagValue:
			text = s.value(p.text, p.dots)
		}
		if text == "" {
			text = unknown
		}
		name = append(name, text...)
	}
	return name
}

// value returns the value of a tag as part of a name, or an empty text.
func (s *series) value(key string, dots bool) (text string) {
	for _, t := range s.tags {
		if t.key == key {
			text = t.value // of several the last
		}
	}
	text = metric.SafeName(text)
	if !dots {
		text = strings.ReplaceAll(text, ".", "_")
	}
	return text
}
