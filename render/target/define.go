package target

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
)

// Defines are functions that are defined as templates of targets. Nil is none.
type Defines struct {
	templates *template.Template
	names     map[string]bool
}

// ParseDefines parses templates, by the name of their function, in the language of
// text/template. A template can use .argString, the arguments as text, .args, the list of
// positional arguments, and .kwargs, the map of keyword arguments.
func ParseDefines(templates map[string]string) (*Defines, error) {
	if len(templates) == 0 {
		return nil, nil
	}
	d := &Defines{template.New(""), map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		p := parser{s: name}
		switch {
		case name == "" || p.word(0) != len(name) || name == "template":
			return nil, fmt.Errorf("define %q: not a function name: use letters, digits and underscores", name)
		case strings.TrimSpace(templates[name]) == "":
			return nil, fmt.Errorf("define %s: the template is empty", name)
		}
		if _, err := d.templates.New(name).Parse(templates[name]); err != nil {
			return nil, fmt.Errorf("define %s: %w", name, err)
		}
		d.names[name] = true
	}
	return d, nil
}

// Limits of the expansion of a target.
const (
	maxExpansions = 50            // nested expansions
	expansionSize = 4 * MaxLength // bytes of all expansions
	eachExpansion = 1 << 6        // additional bytes counted for each expansion
)

// Expand replaces calls and paths that have the name of a template with the text of the
// template, recursively. A template may wrap the function of the same name: the outermost
// call in it is not expanded again. Errors are *SyntaxError.
func (d *Defines) Expand(s string) (string, error) {
	if d == nil {
		return s, nil
	}
	e, err := Parse(s)
	if err != nil {
		return "", err
	}
	x := expander{Defines: d, size: expansionSize}
	expanded, err := x.expr(e, s, 0)
	if err != nil || x.size == expansionSize {
		return s, err
	}
	return expanded.String(), nil
}

// expander expands one target.
type expander struct {
	*Defines
	size int // bytes left for expansions
}

// expr expands an expression in the text s, which is nested in depth expansions.
func (x *expander) expr(e Expr, s string, depth int) (Expr, error) {
	switch e := e.(type) {
	case *Path:
		if x.names[e.Text] {
			return x.call(&Call{Name: e.Text}, s, depth)
		}
	case *Call:
		return x.call(e, s, depth)
	case *Template:
		body, err := x.expr(e.Body, s, depth)
		return &Template{body, e.Args, e.Kwargs}, err
	case *Pipe:
		if slices.ContainsFunc(e.Calls, func(c *Call) bool { return x.names[c.Name] }) {
			return x.expr(nested(e), s, depth)
		}
		input, err := x.expr(e.Input, s, depth)
		if err != nil {
			return nil, err
		}
		pipe := &Pipe{Input: input}
		for _, c := range e.Calls {
			if c, err = x.arguments(c, s, depth); err != nil {
				return nil, err
			}
			pipe.Calls = append(pipe.Calls, c)
		}
		return pipe, nil
	}
	return e, nil
}

// nested converts a pipe to nested calls.
func nested(e Expr) Expr {
	pipe, ok := e.(*Pipe)
	if !ok {
		return e
	}
	e = nested(pipe.Input)
	for _, c := range pipe.Calls {
		e = &Call{Name: c.Name, Args: append([]Expr{e}, c.Args...), Kwargs: c.Kwargs, Pos: c.Pos}
	}
	return e
}

func (x *expander) call(c *Call, s string, depth int) (Expr, error) {
	if !x.names[c.Name] {
		return x.arguments(c, s, depth)
	}
	fail := func(format string, args ...any) error {
		return &SyntaxError{s, c.Pos, c.Name + ": " + fmt.Sprintf(format, args...)}
	}
	if depth == maxExpansions {
		return nil, fail("expands to itself, or is nested more than %d templates deep", maxExpansions)
	}
	text, err := x.execute(c)
	if err != nil {
		return nil, fail("%v", err)
	}
	if x.size -= len(text) + eachExpansion; x.size < 0 {
		return nil, fail("expands to more than %d bytes", expansionSize)
	}
	e, end, err := parse(text)
	if err == nil && end < len(text) {
		err = &SyntaxError{text, end, "syntax error"}
	}
	if err != nil {
		return nil, fail("expands to %v", err)
	}
	e = nested(e)
	if outermost, ok := e.(*Call); ok && outermost.Name == c.Name {
		return x.arguments(outermost, text, depth+1)
	}
	if path, ok := e.(*Path); ok && path.Text == c.Name {
		return e, nil
	}
	return x.expr(e, text, depth+1)
}

// arguments expands the arguments of a call.
func (x *expander) arguments(c *Call, s string, depth int) (*Call, error) {
	if c.Raw != "" {
		return c, nil
	}
	expanded := &Call{Name: c.Name, Pos: c.Pos}
	for _, a := range c.Args {
		a, err := x.expr(a, s, depth)
		if err != nil {
			return nil, err
		}
		expanded.Args = append(expanded.Args, a)
	}
	for _, k := range c.Kwargs {
		v, err := x.expr(k.Value, s, depth)
		if err != nil {
			return nil, err
		}
		expanded.Kwargs = append(expanded.Kwargs, Kwarg{k.Name, v})
	}
	return expanded, nil
}

// execute executes the template of a call with its arguments.
func (x *expander) execute(c *Call) (string, error) {
	var argString strings.Builder
	appendArgs(&argString, c.Args, c.Kwargs)
	args, kwargs := make([]string, len(c.Args)), make(map[string]string, len(c.Kwargs))
	for i, a := range c.Args {
		args[i] = a.String()
	}
	for _, k := range c.Kwargs {
		kwargs[k.Name] = k.Value.String()
	}
	out := bounded{most: MaxLength}
	err := x.templates.ExecuteTemplate(&out, c.Name, map[string]any{"argString": argString.String(), "args": args, "kwargs": kwargs})
	return out.text.String(), err
}

// bounded is a Writer of at most most bytes.
type bounded struct {
	text strings.Builder
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > b.most {
		return 0, fmt.Errorf("more than %d bytes", b.most)
	}
	return b.text.Write(p)
}
