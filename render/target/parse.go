package target

import (
	"fmt"
	"strings"
)

// Limits of a target. Parsing takes time and memory linear in its length.
const (
	MaxLength = 1 << 18 // bytes
	MaxDepth  = 200     // nested calls
)

// SyntaxError reports an invalid target.
type SyntaxError struct {
	Target string
	Pos    int // byte offset in Target
	Reason string
}

func (e *SyntaxError) Error() string {
	return Place(e.Target, e.Pos) + ": " + e.Reason
}

// Place describes a byte offset in a target.
func Place(target string, pos int) string {
	near := target[min(max(pos, 0), len(target)):]
	if len(near) > 40 {
		near = near[:40] + "…"
	}
	return fmt.Sprintf("position %d of the target (%q)", pos, near)
}

// Parse parses a target.
//
// As graphite-web, it parses the longest valid prefix and ignores the rest: "a.b)" is the
// path "a.b", and "scale(a.b,2", which lacks the closing parenthesis, is the path "scale".
// Only a target that does not start with a path is an error.
func Parse(s string) (Expr, error) {
	e, _, err := parse(s)
	return e, err
}

// parse is Parse, and also returns where the ignored rest starts.
func parse(s string) (e Expr, end int, err error) {
	if len(s) > MaxLength {
		return nil, 0, &SyntaxError{s, MaxLength, fmt.Sprintf("longer than %d bytes", MaxLength)}
	}
	p := parser{s: s}
	e, end, ok := p.expression(0)
	if p.tooDeep > 0 {
		return nil, 0, &SyntaxError{s, p.tooDeep, fmt.Sprintf("nested deeper than %d calls", MaxDepth)}
	}
	if !ok {
		return nil, 0, &SyntaxError{s, p.space(0), "expected a metric name or a function call"}
	}
	return e, p.space(end), nil
}

// parser parses a target. Its methods take the position to start at, and return what they
// parsed, the position after it, and whether it matched. As in graphite-web's grammar, the
// first alternative that matches is used, and white space before a token is ignored.
type parser struct {
	s       string
	depth   int
	tooDeep int              // position of a call nested too deeply, or 0
	args    map[int]argument // parsed arguments by position, because alternatives parse them again
}

type argument struct {
	expr Expr
	end  int
	ok   bool
}

func (p *parser) space(i int) int {
	for i < len(p.s) && (p.s[i] == ' ' || p.s[i] == '\t' || p.s[i] == '\n' || p.s[i] == '\r') {
		i++
	}
	return i
}

// token matches one character after white space.
func (p *parser) token(i int, c byte) (int, bool) {
	i = p.space(i)
	if i < len(p.s) && p.s[i] == c {
		return i + 1, true
	}
	return i, false
}

// word returns the end of the name of a function or a keyword at i; i if there is none.
func (p *parser) word(i int) int {
	for j := i; ; j++ {
		if j == len(p.s) || !isLetter(p.s[j]) && (j == i || !isDigit(p.s[j])) {
			return j
		}
	}
}

func (p *parser) expression(i int) (Expr, int, bool) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > MaxDepth {
		p.tooDeep = max(p.tooDeep, i)
		return nil, i, false
	}
	e, end, ok := p.template(i)
	if !ok {
		e, end, ok = p.callOrPath(i)
	}
	if !ok {
		return nil, i, false
	}
	var calls []*Call
	for {
		next, ok := p.token(end, '|')
		if !ok {
			break
		}
		c, next, ok := p.call(next)
		if !ok {
			break
		}
		calls, end = append(calls, c), next
	}
	if calls != nil {
		e = &Pipe{Input: e, Calls: calls}
	}
	return e, end, true
}

func (p *parser) callOrPath(i int) (Expr, int, bool) {
	if c, end, ok := p.call(i); ok {
		return c, end, true
	}
	if path, end, ok := p.path(i); ok {
		return path, end, true
	}
	return nil, i, false
}

func (p *parser) template(i int) (Expr, int, bool) {
	i = p.space(i)
	if !strings.HasPrefix(p.s[i:], "template") {
		return nil, i, false
	}
	end, ok := p.token(i+len("template"), '(')
	if !ok {
		return nil, i, false
	}
	t := &Template{}
	if t.Body, end, ok = p.callOrPath(end); !ok {
		return nil, i, false
	}
	if next, ok := p.token(end, ','); ok {
		if args, after, ok := p.list(next, p.literal); ok {
			t.Args, end = args, after
		} else if kwargs, after, ok := p.keywords(next, p.literal); ok {
			t.Kwargs, end = kwargs, after
		}
	}
	if end, ok = p.token(end, ')'); !ok {
		return nil, i, false
	}
	return t, end, true
}

func (p *parser) call(i int) (*Call, int, bool) {
	i = p.space(i)
	word := p.word(i)
	if word == i {
		return nil, i, false
	}
	end, ok := p.token(word, '(')
	if !ok {
		return nil, i, false
	}
	c := &Call{Name: p.s[i:word], Pos: i}
	if args, after, ok := p.list(end, p.argument); ok {
		c.Args, end = args, after
		if next, ok := p.token(end, ','); ok {
			if kwargs, after, ok := p.keywords(next, p.argument); ok {
				c.Kwargs, end = kwargs, after
			}
		}
	}
	if end, ok = p.token(end, ')'); !ok {
		return nil, i, false
	}
	if c.Name == "seriesByTag" {
		c.Raw = p.s[i:end]
	}
	return c, end, true
}

// list matches one or more positional arguments, up to the first keyword one.
func (p *parser) list(i int, value func(int) (Expr, int, bool)) (args []Expr, end int, ok bool) {
	for {
		if _, _, isKeyword := p.keyword(i, value); isKeyword {
			return args, end, args != nil
		}
		e, after, ok := value(i)
		if !ok {
			return args, end, args != nil
		}
		args, end = append(args, e), after
		if i, ok = p.token(end, ','); !ok {
			return args, end, true
		}
	}
}

// keywords matches one or more keyword arguments.
func (p *parser) keywords(i int, value func(int) (Expr, int, bool)) (kwargs []Kwarg, end int, ok bool) {
	for {
		k, after, ok := p.keyword(i, value)
		if !ok {
			return kwargs, end, kwargs != nil
		}
		kwargs, end = append(kwargs, k), after
		if i, ok = p.token(end, ','); !ok {
			return kwargs, end, true
		}
	}
}

func (p *parser) keyword(i int, value func(int) (Expr, int, bool)) (Kwarg, int, bool) {
	i = p.space(i)
	word := p.word(i)
	if word == i {
		return Kwarg{}, i, false
	}
	end, ok := p.token(word, '=')
	if !ok {
		return Kwarg{}, i, false
	}
	e, end, ok := value(end)
	return Kwarg{p.s[i:word], e}, end, ok
}

// argument matches any argument. It caches the result, so that trying alternatives takes
// linear time at any nesting depth.
func (p *parser) argument(i int) (Expr, int, bool) {
	i = p.space(i)
	if a, ok := p.args[i]; ok {
		return a.expr, a.end, a.ok
	}
	var a argument
	a.expr, a.end, a.ok = p.anyArgument(i)
	if p.args == nil {
		p.args = map[int]argument{}
	}
	p.args[i] = a
	return a.expr, a.end, a.ok
}

func (p *parser) anyArgument(i int) (Expr, int, bool) {
	if end, ok := p.reserved(i, "true"); ok {
		return &Bool{true}, end, true
	}
	if end, ok := p.reserved(i, "false"); ok {
		return &Bool{false}, end, true
	}
	if end, ok := p.reserved(i, "none"); ok {
		return &None{}, end, true
	}
	if e, end, ok := p.literal(i); ok {
		return e, end, true
	}
	if end, ok := p.reserved(i, "inf"); ok {
		return &Infinity{}, end, true
	}
	return p.expression(i)
}

// reserved matches a reserved word in any case that is not followed by a letter or digit. So
// the argument "true.x" is "true", followed by a syntax error.
func (p *parser) reserved(i int, word string) (int, bool) {
	end := i + len(word)
	if end > len(p.s) || !strings.EqualFold(p.s[i:end], word) {
		return i, false
	}
	if end < len(p.s) && (isLetter(p.s[end]) || isDigit(p.s[end]) || p.s[end] == '$') {
		return i, false
	}
	return end, true
}

// literal matches a number or a string.
func (p *parser) literal(i int) (Expr, int, bool) {
	i = p.space(i)
	if end, ok := p.number(i); ok {
		return &Number{p.s[i:end]}, end, true
	}
	if end, ok := p.quoted(i); ok {
		return &String{Text: p.s[i+1 : end-1], Quote: p.s[i]}, end, true
	}
	return nil, i, false
}

// number matches a number at the end of an argument: "1min.cpu" is a path.
func (p *parser) number(i int) (int, bool) {
	whole, ok := p.integer(i)
	if !ok {
		return i, false
	}
	long := whole
	if whole < len(p.s) && p.s[whole] == '.' {
		if end := p.digits(whole + 1); end > whole+1 {
			long = end
		}
	}
	if long < len(p.s) && (p.s[long] == 'e' || p.s[long] == 'E') {
		if end, ok := p.integer(long + 1); ok && p.argumentEnds(end) {
			return end, true
		}
	}
	if p.argumentEnds(long) {
		return long, true
	}
	return i, false
}

func (p *parser) integer(i int) (int, bool) {
	if i < len(p.s) && p.s[i] == '-' {
		i++
	}
	end := p.digits(i)
	return end, end > i
}

func (p *parser) digits(i int) int {
	for i < len(p.s) && isDigit(p.s[i]) {
		i++
	}
	return i
}

func (p *parser) argumentEnds(i int) bool {
	end := p.space(i)
	return end == len(p.s) || p.s[end] == ',' || p.s[end] == ')' || strings.Contains(p.s[i:end], "\n")
}

// quoted matches a string in single or double quotes. A backslash escapes any character
// except an x without a hexadecimal digit after it; a doubled quote is part of the string; a
// string cannot contain a line break.
func (p *parser) quoted(i int) (int, bool) {
	if i >= len(p.s) || p.s[i] != '"' && p.s[i] != '\'' {
		return i, false
	}
	quote := p.s[i]
	for j := i + 1; j < len(p.s); j++ {
		switch p.s[j] {
		case '\n', '\r':
			return i, false
		case '\\':
			j++
			if j+1 < len(p.s) && p.s[j] == 'x' && !isHex(p.s[j+1]) {
				return i, false
			}
		case quote:
			if j+1 == len(p.s) || p.s[j+1] != quote {
				return j + 1, true
			}
			j++
		}
	}
	return i, false
}

// path matches a path expression. It ends before incomplete braces and empty nodes: "a.{b"
// and "a..b" are the path "a".
func (p *parser) path(i int) (*Path, int, bool) {
	i = p.space(i)
	var text []byte
	end := i
	for {
		var ok bool
		next := end
		if end > i {
			if next == len(p.s) || p.s[next] != '.' {
				break
			}
			next++
		}
		more := text
		if end > i {
			more = append(more, '.')
		}
		if more, next, ok = p.pathElement(next, more); !ok {
			break
		}
		text, end = more, next
	}
	return &Path{string(text)}, end, end > i
}

func (p *parser) pathElement(i int, text []byte) ([]byte, int, bool) {
	end := i
	for {
		more, next, ok := p.partialElement(end, text)
		if !ok {
			more, next, ok = p.enumeration(end, text)
		}
		if !ok {
			return text, end, end > i
		}
		text, end = more, next
	}
}

func (p *parser) enumeration(i int, text []byte) ([]byte, int, bool) {
	if i == len(p.s) || p.s[i] != '{' {
		return text, i, false
	}
	for end := i; ; {
		text = append(text, p.s[end]) // { or ,
		more, next, ok := p.partialElement(end+1, text)
		if !ok || next == len(p.s) {
			return text, i, false
		}
		text, end = more, next
		switch p.s[end] {
		case '}':
			return append(text, '}'), end + 1, true
		case ',':
		default:
			return text, i, false
		}
	}
}

func (p *parser) partialElement(i int, text []byte) ([]byte, int, bool) {
	end := i
	for end < len(p.s) {
		c := p.s[end]
		switch {
		case c == '\\' && end+1 < len(p.s) && (isSymbol(p.s[end+1]) || p.s[end+1] == '='):
			text = append(text, p.s[end+1])
			end += 2
		case isPathChar(c):
			text = append(text, c)
			end++
		default:
			return text, end, end > i
		}
	}
	return text, end, end > i
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isSymbol(c byte) bool { return strings.IndexByte(`(){},.'"\|`, c) >= 0 }

// isPathChar reports whether a path may contain a byte: printable ASCII, and all other than
// ASCII, as in graphite-web with UTF8_METRICS.
func isPathChar(c byte) bool { return c > ' ' && c != 0x7f && !isSymbol(c) }
