// Package ini parses configuration files in the syntax of Python's ConfigParser, as
// carbon does.
//
// A file consists of sections, [name], with lines "key = value" or "key: value".
// Lines that begin with '#' or ';' are comments. A line indented deeper than the key
// before it continues the value of that key. Names of keys are case-insensitive,
// names of sections are case-sensitive, and neither may be repeated. All sections
// inherit the keys of the section DEFAULT.
package ini

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is the maximum length in bytes of a line, and of a value after interpolation.
const maxLine = 1 << 20

// defaultSection is the section whose keys all others inherit.
const defaultSection = "DEFAULT"

// Options select extensions of the syntax. The zero value has none.
type Options struct {
	// InlineComments begins a comment at a ';' that follows white space, as Python 2
	// does. It does not suit files of rules, whose patterns may contain any character.
	InlineComments bool

	// Interpolation replaces %% with a percent sign, and %(key)s with the value of
	// another key of the section. Any other '%' is an error.
	Interpolation bool
}

// Error reports an error in a configuration file. Parsers of other syntaxes use it
// too, so that all errors have the form FILE:LINE: reason.
type Error struct {
	Line   int // from 1; 0: unknown
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// In returns the message with the name of the file: "FILE:LINE: reason".
func (e *Error) In(path string) string { return fmt.Sprintf("%s:%d: %s", path, e.Line, e.Reason) }

// ParseBool parses True, yes, on, 1, False, no, off and 0, ignoring case, as
// Python's ConfigParser does.
func ParseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "1", "yes", "true", "on":
		return true, nil
	case "0", "no", "false", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q: want True or False", text)
}

// List splits text at commas. It trims white space and leaves out empty words.
func List(text string) []string {
	var words []string
	for w := range strings.SplitSeq(text, ",") {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// File is a parsed configuration file.
type File struct {
	Sections []Section // in file order
}

// Section is a section of a file.
type Section struct {
	Name string
	Line int   // of the header
	Keys []Key // in file order, then those inherited from DEFAULT
}

// Key is a key with its value.
type Key struct {
	Name    string // in lower case
	Written string // the name as written
	Value   string // '\n' separates the lines of a continued value
	Line    int    // the first line
}

// Key returns the key with a name, which must be in lower case.
func (s *Section) Key(name string) (k Key, ok bool) {
	for _, k := range s.Keys {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// Parse parses a file. Errors are of type *Error, except read errors of r.
func Parse(r io.Reader, o Options) (*File, error) {
	p := parser{options: o, section: -1, index: make(map[string]int), keys: make(map[string]int)}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		p.line++
		if err := p.take(lines.Text()); err != nil {
			return nil, err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, &Error{p.line + 1, fmt.Sprintf("line longer than %d bytes", maxLine)}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return &p.file, nil
}

// parser holds the state between lines of a file.
type parser struct {
	options Options
	file    File
	line    int            // number of the current line
	section int            // index into file.Sections, -1 before the first section
	index   map[string]int // indexes into file.Sections by name
	keys    map[string]int // line numbers of the keys of the current section by name
	current *Key           // the key that a deeper line continues; nil: none
	value   []string       // lines of the value of current
	size    int            // length of value in bytes
	indent  int            // of the last key or header
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{p.line, fmt.Sprintf(format, args...)}
}

// take parses one line.
func (p *parser) take(line string) error {
	if p.line == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	text := strings.TrimSpace(line)
	if text != "" && (text[0] == '#' || text[0] == ';') {
		return nil
	}
	if p.options.InlineComments {
		text = strings.TrimSpace(cutComment(text))
	}
	if text == "" {
		return p.extend("") // endKey removes trailing empty lines
	}
	indent := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsSpace(r) })
	if p.current != nil && indent > p.indent {
		return p.extend(text)
	}
	p.indent = indent
	if end := strings.LastIndexByte(text, ']'); text[0] == '[' && end > 1 {
		return p.startSection(text[1:end])
	}
	return p.startKey(text)
}

// cutComment returns s up to the first ';' that follows white space.
func cutComment(s string) string {
	for i := range len(s) {
		if s[i] != ';' {
			continue
		}
		if before, _ := utf8.DecodeLastRuneInString(s[:i]); unicode.IsSpace(before) {
			return s[:i]
		}
	}
	return s
}

// extend adds a line to the value of the current key, if there is one.
func (p *parser) extend(text string) error {
	if p.current == nil {
		return nil
	}
	if p.size += 1 + len(text); p.size > maxLine {
		return p.fail("%s: value longer than %d bytes", p.current.Name, maxLine)
	}
	p.value = append(p.value, text)
	return nil
}

// endKey stores the value of the current key, which is now complete.
func (p *parser) endKey() {
	if p.current != nil {
		p.current.Value = strings.TrimRightFunc(strings.Join(p.value, "\n"), unicode.IsSpace)
	}
	p.current, p.value, p.size = nil, p.value[:0], 0
}

func (p *parser) startSection(name string) error {
	p.endKey()
	clear(p.keys)
	at, repeated := p.index[name]
	if !repeated {
		p.section = len(p.file.Sections)
		p.index[name] = p.section
		p.file.Sections = append(p.file.Sections, Section{Name: name, Line: p.line})
		return nil
	}
	section := &p.file.Sections[at]
	if name != defaultSection {
		return p.fail("duplicate section [%s], first at line %d", name, section.Line)
	}
	p.section = at
	for _, k := range section.Keys {
		p.keys[k.Name] = k.Line
	}
	return nil
}

func (p *parser) startKey(text string) error {
	if p.section < 0 {
		return p.fail("key before the first section: want [name] first")
	}
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		return p.fail("want [section] or key = value: %.80q", text)
	}
	written := strings.TrimSpace(text[:at])
	name := strings.ToLower(written)
	if name == "" {
		return p.fail("missing key before %q", text[at])
	}
	if first, repeated := p.keys[name]; repeated {
		return p.fail("duplicate key %s, first at line %d", name, first)
	}
	p.endKey()
	p.keys[name] = p.line
	section := &p.file.Sections[p.section]
	section.Keys = append(section.Keys, Key{Name: name, Written: written, Line: p.line})
	p.current = &section.Keys[len(section.Keys)-1]
	p.value = append(p.value, strings.TrimSpace(text[at+1:]))
	p.size = len(p.value[0])
	return nil
}

// finish inherits and interpolates keys after the last line.
func (p *parser) finish() error {
	p.endKey()
	if at, ok := p.index[defaultSection]; ok {
		inherit(p.file.Sections, p.file.Sections[at].Keys)
	}
	if p.options.Interpolation {
		for i := range p.file.Sections {
			if err := interpolate(&p.file.Sections[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// inherit adds to every section the keys that it does not set.
func inherit(sections []Section, keys []Key) {
	for i := range sections {
		s := &sections[i]
		if s.Name == defaultSection {
			continue
		}
		own := make(map[string]bool, len(s.Keys))
		for _, k := range s.Keys {
			own[k.Name] = true
		}
		for _, k := range keys {
			if !own[k.Name] {
				s.Keys = append(s.Keys, k)
			}
		}
	}
}

// interpolate replaces %% and %(key)s in the values of a section.
func interpolate(s *Section) error {
	raw := make(map[string]string, len(s.Keys))
	for _, k := range s.Keys {
		raw[k.Name] = k.Value
	}
	for i := range s.Keys {
		k := &s.Keys[i]
		if strings.IndexByte(k.Value, '%') < 0 {
			continue
		}
		e := expander{raw: raw, left: maxLine}
		if reason := e.expand(k.Value, 1); reason != "" {
			return &Error{k.Line, k.Name + ": " + reason}
		}
		k.Value = e.out.String()
	}
	return nil
}

// maxDepth is the maximum nesting of references to other keys, as in Python.
const maxDepth = 10

// expander expands one value.
type expander struct {
	raw  map[string]string // values of the section before interpolation
	out  strings.Builder
	left int // number of bytes and references that may still be expanded
}

// expand appends the expansion of value to e.out. The reason is empty on success.
func (e *expander) expand(value string, depth int) (reason string) {
	if depth > maxDepth {
		return fmt.Sprintf("refers to itself, or references nest deeper than %d", maxDepth)
	}
	for value != "" {
		text, rest, found := strings.Cut(value, "%")
		e.out.WriteString(text)
		if e.left -= len(text) + 1; e.left < 0 {
			return fmt.Sprintf("value longer than %d bytes", maxLine)
		}
		if !found {
			return ""
		}
		name, after, reference := cutReference(rest)
		switch {
		case strings.HasPrefix(rest, "%"):
			e.out.WriteByte('%')
			after = rest[1:]
		case !reference:
			return fmt.Sprintf("%% must be followed by %% or (key)s, not by %.20q", rest)
		default:
			referred, ok := e.raw[name]
			if !ok {
				return fmt.Sprintf("%%(%s)s: no such key here or in [%s]", name, defaultSection)
			}
			if reason := e.expand(referred, depth+1); reason != "" {
				return reason
			}
		}
		value = after
	}
	return ""
}

// cutReference parses "(name)s" at the start of s. It returns the name in lower case.
func cutReference(s string) (name, rest string, ok bool) {
	reference, ok := strings.CutPrefix(s, "(")
	if !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(reference, ")")
	rest, isString := strings.CutPrefix(rest, "s")
	return strings.ToLower(name), rest, ok && isString && name != ""
}
