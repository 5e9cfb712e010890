package target

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f := func(s string, want Expr) {
		t.Helper()
		got, err := Parse(s)
		forgetPlaces(got)
		if err != nil {
			t.Errorf("Parse(%q): %v", s, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %#v (%s), want %#v (%s)", s, got, got, want, want)
		}
	}
	path := func(text string) Expr { return &Path{text} }
	number := func(text string) Expr { return &Number{text} }
	call := func(name string, args ...Expr) *Call { return &Call{Name: name, Args: args} }

	// Paths.
	f("a.b", path("a.b"))
	f(" a.b ", path("a.b"))
	f("servers.*.cpu.{user,sys}?[0-9]", path("servers.*.cpu.{user,sys}?[0-9]"))
	f("true.false.none", path("true.false.none"))
	f("5", path("5"))
	f("1min.cpu", path("1min.cpu"))
	f("a;dc=eu;env=prod", path("a;dc=eu;env=prod"))
	f(`a\.b\,c\(d\)`, path("a.b,c(d)"))

	// The rest after the longest valid prefix is ignored.
	f("a,b", path("a"))
	f("a..b", path("a"))
	f("a.{b", path("a"))
	f("a.{b,}", path("a"))
	f("a.", path("a"))
	f("a.b}", path("a.b"))
	f("a b", path("a"))
	f("scale(a.é,2)", call("scale", path("a.é"), number("2")))
	f("scale(a,2", path("scale"))
	f("scale(a 2)", path("scale"))
	f("scale(a,,2)", path("scale"))
	f("scale(,2)", path("scale"))
	f("scale(a,.5)", path("scale"))
	f("scale(a,2.)", path("scale"))
	f("scale(true.x,2)", path("scale"))
	f("f(k=1)", path("f"))
	f("f(k=1,a)", path("f"))
	f("scale(a,2))", call("scale", path("a"), number("2")))
	f("a|", path("a"))

	// Arguments.
	f("f()", call("f"))
	f("f ( a , 2 )", call("f", path("a"), number("2")))
	f("f(a,-2,1.5,1e3,2E-1)", call("f", path("a"), number("-2"), number("1.5"), number("1e3"), number("2E-1")))
	f("f(1min.cpu,1e+5)", call("f", path("1min.cpu"), path("1e+5")))
	f("f(True,FALSE,None,inf,-inf,info)",
		call("f", &Bool{true}, &Bool{false}, &None{}, &Infinity{}, path("-inf"), path("info")))
	f(`f("a'b",'c"d',"e\"f","")`, call("f",
		&String{"a'b", '"'}, &String{`c"d`, '\''}, &String{`e\"f`, '"'}, &String{"", '"'}))
	f(`f("a""b")`, call("f", &String{`a""b`, '"'}))
	f("f(a,k=1)", &Call{Name: "f", Args: []Expr{path("a")}, Kwargs: []Kwarg{{"k", number("1")}}})
	f("f(a=b.c,d)", path("f"))
	f(`f(a\=b.c,d)`, call("f", path("a=b.c"), path("d")))
	f("f(a.b=c)", call("f", path("a.b=c")))
	f("seriesByTag( 'a=b' )|f()", &Pipe{
		&Call{Name: "seriesByTag", Args: []Expr{&String{"a=b", '\''}}, Raw: "seriesByTag( 'a=b' )"},
		[]*Call{call("f")},
	})

	// Pipes and templates.
	f("a | f(1) |g()|", &Pipe{path("a"), []*Call{call("f", number("1")), call("g")}})
	f("f(a|g(),5|h())", call("f",
		&Pipe{path("a"), []*Call{call("g")}}, &Pipe{path("5"), []*Call{call("h")}}))
	f("template(a.$1,'x',2)", &Template{Body: path("a.$1"), Args: []Expr{&String{"x", '\''}, number("2")}})
	f("template(f(a.$x),x='y')", &Template{
		Body: call("f", path("a.$x")), Kwargs: []Kwarg{{"x", &String{"y", '\''}}},
	})
	f("template(a,b)", call("template", path("a"), path("b")))
	f("template(a,x='1',2)", path("template"))
}

func TestParseErrors(t *testing.T) {
	f := func(s string, pos int) {
		t.Helper()
		_, err := Parse(s)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%.40q) = %v, want a SyntaxError", s, err)
		} else if syntax.Pos != pos || syntax.Target != s || syntax.Reason == "" {
			t.Errorf("Parse(%.40q): %v at %d, want position %d", s, err, syntax.Pos, pos)
		}
	}
	f("", 0)
	f("  ", 2)
	f("()", 0)
	f(" |scale(2)", 1)
	f(".a.b", 0)
	f("'a'", 0)
	f(strings.Repeat("f(", MaxDepth+50)+"a", 2*MaxDepth)
	f(strings.Repeat("a", MaxLength+1), MaxLength)
}

// Targets with many alternatives must not take long: each of these would take years without the
// cache of arguments.
func TestParseHostile(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("f(a=", 150),
		strings.Repeat("f(a,b=f(c,d=", 80),
		strings.Repeat("template(", 150),
		strings.Repeat("template(f(a|", 60),
		strings.Repeat("f(1,'", 150),
		strings.Repeat("f({a,", 150),
		"f(" + strings.Repeat("{a,", 50000),
		"a" + strings.Repeat("|f(a", 150),
	} {
		if _, err := Parse(s); err != nil {
			t.Errorf("Parse(%.20q…): %v", s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a.b.{c,d}[0-9]*?", "scale(a,2", "f(a,k='v',l=1.5e-3)", `a\=b.c\(d|f("x\"y")|g()`,
		"template(f(a.$x,$1),x=\"1\")", "template(a,b)", "seriesByTag('a=b', \"c!=~d\")", "f(true,none,inf)",
		"f(a=b", `f(a\=b)`, "5|f()", "f(5|g())", "a..b", "\"\"", "f('''')", "1e+5", "f(\"\\x4\")", "f(a,)", "é", "f(\t1\n)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(s) || syntax.Error() == "" {
				t.Fatalf("Parse(%q): %#v", s, err)
			}
			return
		}
		printed := e.String()
		again, err := Parse(printed)
		if err != nil {
			t.Fatalf("%q prints as %q: %v", s, printed, err)
		}
		forgetPlaces(e)
		forgetPlaces(again)
		if !reflect.DeepEqual(again, e) {
			t.Fatalf("%q prints as %q, which is %s", s, printed, again)
		}
	})
}

// forgetPlaces removes positions, so that expressions can be compared.
func forgetPlaces(e Expr) {
	switch e := e.(type) {
	case *Call:
		e.Pos = 0
		for _, a := range e.Args {
			forgetPlaces(a)
		}
		for _, k := range e.Kwargs {
			forgetPlaces(k.Value)
		}
	case *Pipe:
		forgetPlaces(e.Input)
		for _, c := range e.Calls {
			forgetPlaces(c)
		}
	case *Template:
		forgetPlaces(e.Body)
	}
}

func TestPlaces(t *testing.T) {
	e, err := Parse(" a(b, c(d), x=e(f)) | g()")
	if err != nil {
		t.Fatal(err)
	}
	pipe := e.(*Pipe)
	a := pipe.Input.(*Call)
	got := []int{a.Pos, a.Args[1].(*Call).Pos, a.Kwargs[0].Value.(*Call).Pos, pipe.Calls[0].Pos}
	if want := []int{1, 6, 14, 22}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
