package influx

import (
	"fmt"
	"strings"

	"carbon/metric"
)

// Template makes dotted names of series: text with {measurement}, {field}, {db}, and
// {tag:NAME} or {NAME} for the values of tags, whose dots become '_', unless it says
// {NAME.}. A tag that a series does not have is unknown.
type Template struct{ parts []part }

// part is text, or what stands in its place.
type part struct {
	kind byte   // one of the constants
	text string // of literal; the key of tag
	dots bool   // stay, of a tag's value
}

const (
	literal = iota
	measurement
	fieldName
	database
	tagValue
)

// unknown stands for what a series does not say.
const unknown = "unknown"

// ParseTemplate reads a template. It must hold {field}, or all fields of a line would
// be one series.
func ParseTemplate(text string) (*Template, error) {
	t := &Template{}
	named := false
	for text != "" {
		before, after, found := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("template: a } without its {")
		}
		if before != "" {
			t.parts = append(t.parts, part{kind: literal, text: before})
		}
		if !found {
			break
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("template: a { without its }")
		}
		text = rest
		switch name {
		case "":
			return nil, fmt.Errorf("template: {} names nothing")
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
		return nil, fmt.Errorf("template: no {field}: all fields of a line would be one series")
	}
	return t, nil
}

// append makes the name of a field of a series.
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

// value is that of a tag as part of a name, or empty.
func (s *series) value(key string, dots bool) (text string) {
	for _, t := range s.tags {
		if t.key == key {
			text = t.value // the last one counts
		}
	}
	text = metric.SafeName(text)
	if !dots {
		text = strings.ReplaceAll(text, ".", "_")
	}
	return text
}
