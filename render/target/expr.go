// Package target parses the language of the parameter target: paths with globs, function
// calls, pipes and template().
//
// Parse returns a tree of Expr. Its String is a target that parses to the same tree. Package
// function looks up functions and checks their arguments.
package target

import "strings"

// Expr is a node of a parsed target: *Path, *Call, *Pipe, *Template, or one of
// the literals *Number, *String, *Bool, *None and *Infinity.
type Expr interface {
	String() string
	appendTo(b *strings.Builder)
}

// Path is a path expression: the name of a metric or a glob, without escapes.
type Path struct{ Text string }

// Call is a function call. Positional arguments come before keyword arguments.
type Call struct {
	Name   string
	Args   []Expr
	Kwargs []Kwarg
	Pos    int // byte offset in the target

	// Raw is the text of a call of seriesByTag, which is the path expression of the
	// series found. It is empty for other calls.
	Raw string
}

// Kwarg is a keyword argument.
type Kwarg struct {
	Name  string
	Value Expr
}

// Pipe is a pipe, such as a|f(1)|g(), which means g(f(a,1)).
type Pipe struct {
	Input Expr // *Path, *Call or *Template
	Calls []*Call
}

// Template is a template, such as template(body,x="1"), which means the body with $x
// replaced. Arguments are strings and numbers, either all positional ($1, $2, …) or all by
// keyword.
type Template struct {
	Body   Expr // *Path or *Call
	Args   []Expr
	Kwargs []Kwarg
}

// Number is an integer or a floating-point number, as written.
type Number struct{ Text string }

// Float reports whether the number was written with a fraction or an exponent.
func (e *Number) Float() bool { return strings.ContainsAny(e.Text, ".eE") }

// String is a quoted string. As in Graphite, backslashes in Text are kept.
type String struct {
	Text  string
	Quote byte
}

// Bool is true or false.
type Bool struct{ Value bool }

// None is the literal none.
type None struct{}

// Infinity is the literal inf.
type Infinity struct{}

func (e *Path) String() string     { return print(e) }
func (e *Call) String() string     { return print(e) }
func (e *Pipe) String() string     { return print(e) }
func (e *Template) String() string { return print(e) }
func (e *Number) String() string   { return print(e) }
func (e *String) String() string   { return print(e) }
func (e *Bool) String() string     { return print(e) }
func (e *None) String() string     { return print(e) }
func (e *Infinity) String() string { return print(e) }

func print(e Expr) string {
	var b strings.Builder
	e.appendTo(&b)
	return b.String()
}

func (e *Path) appendTo(b *strings.Builder) {
	if plainPath(e.Text) {
		b.WriteString(e.Text)
		return
	}
	for i := range len(e.Text) {
		if isSymbol(e.Text[i]) || e.Text[i] == '=' {
			b.WriteByte('\\')
		}
		b.WriteByte(e.Text[i])
	}
}

// plainPath reports whether text is parsed as a path without escapes. A word before '=' would
// be parsed as a keyword.
func plainPath(text string) bool {
	p := parser{s: text}
	path, end, ok := p.path(0)
	if !ok || end != len(text) || path.Text != text {
		return false
	}
	word := p.word(0)
	return word == 0 || word == len(text) || text[word] != '='
}

func (e *Call) appendTo(b *strings.Builder) {
	if e.Raw != "" {
		b.WriteString(e.Raw)
		return
	}
	b.WriteString(e.Name)
	b.WriteByte('(')
	appendArgs(b, e.Args, e.Kwargs)
	b.WriteByte(')')
}

func (e *Pipe) appendTo(b *strings.Builder) {
	e.Input.appendTo(b)
	for _, c := range e.Calls {
		b.WriteByte('|')
		c.appendTo(b)
	}
}

func (e *Template) appendTo(b *strings.Builder) {
	b.WriteString("template(")
	e.Body.appendTo(b)
	if len(e.Args)+len(e.Kwargs) > 0 {
		b.WriteByte(',')
	}
	appendArgs(b, e.Args, e.Kwargs)
	b.WriteByte(')')
}

func appendArgs(b *strings.Builder, args []Expr, kwargs []Kwarg) {
	for i, a := range args {
		if i > 0 {
			b.WriteByte(',')
		}
		a.appendTo(b)
	}
	for i, k := range kwargs {
		if i+len(args) > 0 {
			b.WriteByte(',')
		}
		b.WriteString(k.Name)
		b.WriteByte('=')
		k.Value.appendTo(b)
	}
}

func (e *Number) appendTo(b *strings.Builder) { b.WriteString(e.Text) }

func (e *String) appendTo(b *strings.Builder) {
	b.WriteByte(e.Quote)
	b.WriteString(e.Text)
	b.WriteByte(e.Quote)
}

func (e *Bool) appendTo(b *strings.Builder) {
	if e.Value {
		b.WriteString("true")
	} else {
		b.WriteString("false")
	}
}

func (e *None) appendTo(b *strings.Builder) { b.WriteString("none") }

func (e *Infinity) appendTo(b *strings.Builder) { b.WriteString("inf") }
