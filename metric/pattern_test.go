package metric

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPatternMatch(t *testing.T) {
	f := func(pattern string, want ...string) {
		t.Helper()
		p, err := CompilePattern(pattern)
		if err != nil {
			t.Errorf("CompilePattern(%q): %v", pattern, err)
			return
		}
		names := []string{
			"a", "b", "a.b", "a.bb", "a.cb", "a.b.c", "a.b.b.c", "b.c",
			"x.web01", "x.web02", "x.web10", "x.db01", "x.*", "x.[w", "x.{y", "x.y}", "x.-", "x.ö",
		}
		var got []string
		for _, name := range names {
			if p.Match(name) {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q matches %q; want %q", pattern, got, want)
		}
	}
	f("a.b", "a.b")
	f("*", "a", "b")
	f("a.*", "a.b", "a.bb", "a.cb")
	f("a.*b", "a.b", "a.bb", "a.cb")
	f("a.?b", "a.bb", "a.cb")
	f("a.?*b", "a.bb", "a.cb")
	f("x.?", "x.*", "x.-", "x.ö")
	f("*.c", "b.c")
	f("*.*.c", "a.b.c")

	f("x.web0[12]", "x.web01", "x.web02")
	f("x.web0[!1]", "x.web02")
	f("x.web[0-9][^1]", "x.web01") // ^ is a member like any other
	f("x.[a-z]?b*", "x.web01", "x.web02", "x.web10")
	f("x.[ö-ü]", "x.ö")
	f("x.[]*-]", "x.*", "x.-")
	f("x.[!]*-]", "x.ö")
	f("x.[z-a]")
	f("x.[!z-a]", "x.*", "x.-", "x.ö")
	f("x.[w", "x.[w")
	f("x.[]")

	f("x.{web01,db01}", "x.web01", "x.db01")
	f("x.{web0{1,2},db01}", "x.web01", "x.web02", "x.db01")
	f("x.{web,db}01", "x.web01", "x.db01")
	f("x.{web0*,db}*", "x.web01", "x.web02", "x.db01")
	f("x.web{0[12],}", "x.web01", "x.web02")
	f("x.{y", "x.{y")
	f("x.y}", "x.y}")
	f("{a.b,b.c}") // patterns are split at dots before braces are expanded

	f("**", "a", "b", "a.b", "a.bb", "a.cb", "a.b.c", "a.b.b.c", "b.c",
		"x.web01", "x.web02", "x.web10", "x.db01", "x.*", "x.[w", "x.{y", "x.y}", "x.-", "x.ö")
	f("a.**", "a.b", "a.bb", "a.cb", "a.b.c", "a.b.b.c")
	f("**.c", "a.b.c", "a.b.b.c", "b.c")
	f("a.**.c", "a.b.c", "a.b.b.c")
	f("a.**.b.c", "a.b.c", "a.b.b.c")
	f("a.**.**.c", "a.b.c", "a.b.b.c")
	f("**.b.**.c", "a.b.c", "a.b.b.c", "b.c")
	f("a.b**", "a.b", "a.bb")

	f("a..b", "a.b")
	f(".a.", "a")
	f(`x.\*`, "x.*")
	f(`x.we\b01`, "x.web01")
	f(`x\.web01`, "x.web01")
	f(`x.web01\`, "x.web01")
	f("")
}

func TestPatternLiteral(t *testing.T) {
	f := func(pattern, want string, literal bool) {
		t.Helper()
		p, err := CompilePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := p.Literal(); got != want || ok != literal {
			t.Errorf("%q: Literal() = %q, %v; want %q, %v", pattern, got, ok, want, literal)
		}
	}
	f("a.b.c", "a.b.c", true)
	f("a..b.", "a.b", true)
	f(`a.\*`, "a.*", true)
	f("a.{b}", "a.b", true)
	f("a.{b,c}", "", false)
	f("a.*", "", false)
	f("**", "", false)
}

func TestPatternNodes(t *testing.T) {
	p, err := CompilePattern("a.we{b,st}*.{db01,web0?,db}.**")
	if err != nil {
		t.Fatal(err)
	}
	n := p.Nodes()
	if len(n) != 5 {
		t.Fatalf("%d nodes; want 5, the last of them *", len(n))
	}
	if name, ok := n[0].Literal(); name != "a" || !ok || n[0].HasGlob() || n[0].Prefix() != "a" {
		t.Errorf("node a: %q %v %v %q", name, ok, n[0].HasGlob(), n[0].Prefix())
	}
	if _, ok := n[1].Literal(); ok || !n[1].HasGlob() || n[1].Prefix() != "we" || len(n[1].Literals()) != 0 {
		t.Errorf("node we{b,st}*: prefix %q, literals %q", n[1].Prefix(), n[1].Literals())
	}
	if !slices.Equal(n[2].Literals(), []string{"db", "db01"}) || !n[2].HasGlob() || n[2].Prefix() != "" || !n[2].Match("web07") || !n[2].Match("db") {
		t.Errorf("node {db01,web0?,db}: literals %q, prefix %q", n[2].Literals(), n[2].Prefix())
	}
	if !n[3].Deep() || n[4].Deep() || !n[4].Match("anything") {
		t.Error("a final ** does not compile to ** and *")
	}
}

func TestCompilePatternRefuses(t *testing.T) {
	f := func(pattern string) {
		t.Helper()
		_, err := CompilePattern(pattern)
		var e *PatternError
		if !errors.As(err, &e) || len(e.Pattern) > 400 {
			t.Errorf("CompilePattern(%.40q): %v; want a *PatternError", pattern, err)
		}
	}
	f(strings.Repeat("{a,b}", 20))
	f(strings.Repeat("{a,", 5000) + strings.Repeat("}", 5000) + strings.Repeat("{a,b}", 20))
	f(strings.Repeat("x", 100<<10) + "{" + strings.Repeat(",", 1000) + "}")
	f(strings.Repeat("*.", 1000))
	f(strings.Repeat("x", MaxPatternLength+1))
}

func TestHasGlob(t *testing.T) {
	for s, want := range map[string]bool{"a.b": false, "a.*": true, "a.?": true, "a.[b]": true, "{a,b}": true, "a}": false} {
		if HasGlob(s) != want {
			t.Errorf("HasGlob(%q) = %v", s, !want)
		}
	}
}

// TestPatternManyStars checks that matching does not take exponential time.
func TestPatternManyStars(t *testing.T) {
	p, err := CompilePattern(strings.Repeat("*a", 100) + "b")
	if err != nil {
		t.Fatal(err)
	}
	if p.Match(strings.Repeat("a", MaxNodeLength)) {
		t.Error("a name without b matches")
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"a.*.{b,c}", "x.[!a-z]?**", "**.{a{b,c},d}", "[", "[]", "[!", "[!]", "{", `\`, "{,}", "[a-", "a..b"} {
		f.Add(s, "a.b.c")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p, err := CompilePattern(pattern)
		if err != nil {
			return
		}
		matched := p.Match(name)
		if want, ok := p.Literal(); ok && matched && want != strings.Trim(name, ".") && !strings.Contains(name, "..") {
			t.Fatalf("pattern %q has the literal %q but matches %q", pattern, want, name)
		}
		for _, n := range p.Nodes() {
			for _, s := range n.Literals() {
				if !n.Match(s) || !strings.HasPrefix(s, n.Prefix()) {
					t.Fatalf("pattern %q: a node does not match its literal %q", pattern, s)
				}
			}
			if n.Match(name) && !strings.HasPrefix(name, n.Prefix()) {
				t.Fatalf("pattern %q: a node matches %q, which lacks the prefix %q", pattern, name, n.Prefix())
			}
		}
	})
}
