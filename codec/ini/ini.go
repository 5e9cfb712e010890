// Package ini reads configuration files as Python's ConfigParser does, which is
// what carbon reads its own with.
//
// A file is sections, [name], of keys: "key = value" or "key: value". Lines that
// begin with '#' or ';' are comments. A line indented deeper than the key before
// it continues that key's value. Keys compare without case, sections with it;
// either may be there only once. The keys of the section DEFAULT are in all
// others too, unless they set them themselves.
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

// maxLine bounds a line, and a value with what was put into it, in bytes.
const maxLine = 1 << 20

// defaultSection is the section that all others inherit from.
const defaultSection = "DEFAULT"

// Options say which of Python's two dialects a file is written in. The zero
// value is the plain one.
type Options struct {
	// InlineComments ends a line at a ';' that follows white space, as Python 2
	// did. Rule files cannot have it: their patterns may hold any character.
	InlineComments bool

	// Interpolation makes %% a percent sign and %(key)s the value of another key
	// of the section. Any other '%' is an error then.
	Interpolation bool
}

// Error reports a fault of a configuration file. Parsers of files in other syntaxes
// use it too, so that all faults are reported as FILE:LINE: reason.
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

// In returns the fault with the file's name: "FILE:LINE: reason".
func (e *Error) In(path string) string { return fmt.Sprintf("%s:%d: %s", path, e.Line, e.Reason) }

// ParseBool parses True, yes, on, 1, False, no, off and 0 in any case, as Python's
// ConfigParser does.
func ParseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "1", "yes", "true", "on":
		return true, nil
	case "0", "no", "false", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q: want True or False", text)
}

// List splits words separated by commas. Empty words are left out.
func List(text string) []string {
	var words []string
	for w := range strings.SplitSeq(text, ",") {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// File is what a configuration file says.
type File struct {
	Sections []Section // in file order
}

// Section is one [name] and what follows it.
type Section struct {
	Name string
	Line int   // of the header
	Keys []Key // in file order, then those inherited from DEFAULT
}

// Key is one setting.
type Key struct {
	Name    string // in lower case
	Written string // the name as it was written
	Value   string // the lines of a continued value are separated by '\n'
	Line    int    // where it begins
}

// Key returns the key of a name, which is to be in lower case.
func (s *Section) Key(name string) (k Key, ok bool) {
	for _, k := range s.Keys {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// Parse reads a file. The error is an *Error, unless reading itself failed.
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
		return nil, &Error{p.line + 1, fmt.Sprintf("longer than %d bytes", maxLine)}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return &p.file, nil
}

// parser is a file half read.
type parser struct {
	options Options
	file    File
	line    int            // of what is being read
	section int            // into file.Sections, -1 before the first
	index   map[string]int // section by name
	keys    map[string]int // the current section's, by name
	current *Key           // whose value a deeper line would continue
	value   []string       // that value's lines
	size    int            // of value, in bytes
	indent  int            // of the current key or header
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{p.line, fmt.Sprintf(format, args...)}
}

// take reads one line.
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
		// Part of a continued value, if more of it follows; else endKey trims it.
		return p.extend("")
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

// cutComment cuts a line before the first ';' that follows white space.
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

func (p *parser) extend(text string) error {
	if p.current == nil {
		return nil
	}
	if p.size += 1 + len(text); p.size > maxLine {
		return p.fail("%s: longer than %d bytes", p.current.Name, maxLine)
	}
	p.value = append(p.value, text)
	return nil
}

// endKey gives the current key its value: no line can continue it any more.
func (p *parser) endKey() {
	if p.current != nil {
		p.current.Value = strings.TrimRightFunc(strings.Join(p.value, "\n"), unicode.IsSpace)
	}
	p.current, p.value, p.size = nil, p.value[:0], 0
}

func (p *parser) startSection(name string) error {
	p.endKey()
	clear(p.keys)
	at, again := p.index[name]
	if !again {
		p.section = len(p.file.Sections)
		p.index[name] = p.section
		p.file.Sections = append(p.file.Sections, Section{Name: name, Line: p.line})
		return nil
	}
	section := &p.file.Sections[at]
	if name != defaultSection {
		return p.fail("section [%s] is there already, at line %d", name, section.Line)
	}
	p.section = at
	for _, k := range section.Keys {
		p.keys[k.Name] = k.Line
	}
	return nil
}

func (p *parser) startKey(text string) error {
	if p.section < 0 {
		return p.fail("no section yet: want [name] first")
	}
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		return p.fail("neither [section] nor key = value: %.80q", text)
	}
	written := strings.TrimSpace(text[:at])
	name := strings.ToLower(written)
	if name == "" {
		return p.fail("no key before the %q", text[at])
	}
	if first, again := p.keys[name]; again {
		return p.fail("%s is there already, at line %d", name, first)
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

// finish does what needs the whole file.
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

// inherit gives every section the keys it does not set itself.
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

// interpolate replaces what '%' introduces in the values of a section.
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
		e := expander{raw: raw, fuel: maxLine}
		if reason := e.expand(k.Value, 1); reason != "" {
			return &Error{k.Line, k.Name + ": " + reason}
		}
		k.Value = e.out.String()
	}
	return nil
}

// maxDepth is how deep keys may refer to others, as in Python.
const maxDepth = 10

// expander makes one value.
type expander struct {
	raw  map[string]string
	out  strings.Builder
	fuel int // bytes and references that it may still take
}

func (e *expander) expand(value string, depth int) (reason string) {
	if depth > maxDepth {
		return fmt.Sprintf("refers to itself, or to others more than %d deep", maxDepth)
	}
	for value != "" {
		text, rest, found := strings.Cut(value, "%")
		e.out.WriteString(text)
		if e.fuel -= len(text) + 1; e.fuel < 0 {
			return fmt.Sprintf("longer than %d bytes", maxLine)
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
			return fmt.Sprintf("%% must be followed by %% or (name)s, not by %.20q", rest)
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

// cutReference takes "(name)s" off the front.
func cutReference(s string) (name, rest string, ok bool) {
	inside, ok := strings.CutPrefix(s, "(")
	if !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(inside, ")")
	rest, isString := strings.CutPrefix(rest, "s")
	return strings.ToLower(name), rest, ok && isString && name != ""
}
