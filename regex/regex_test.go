package regex

import (
	"errors"
	"strings"
	"testing"
)

func TestSearchAndMatch(t *testing.T) {
	f := func(pattern, s string, search, match bool) {
		t.Helper()
		re, err := Compile(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			return
		}
		if got, err := re.Search(s); got != search || err != nil {
			t.Errorf("%q finds in %q: %v, %v, want %v", pattern, s, got, err, search)
		}
		if got, err := re.Match(s); got != match || err != nil {
			t.Errorf("%q matches %q: %v, %v, want %v", pattern, s, got, err, match)
		}
	}
	f(`cpu`, "web.cpu", true, false)
	f(`web\.`, "web.cpu", true, true)
	f(``, "", true, true)
	f(`(?i)WEB`, "web.cpu", true, true)
	f(`w(?#the web)eb`, "web", true, true)
	f("(?x) w e  # comment\n b", "web", true, true)
	f(`a{,2}b`, "aaab", true, false)
	f(`a{}`, "a{}", true, true)

	// $ also matches before a trailing newline, \Z does not.
	f(`web$`, "web\n", true, true)
	f(`web\Z`, "web\n", false, false)
	f(`web$`, "web\n\n", false, false)
	f(`(?m)^b$`, "a\nb\nc", true, false)

	// Classes are Unicode, unless the flag a is set.
	f(`^\w+$`, "é٣", true, true)
	f(`(?a)^\w+$`, "é", false, false)
	f(`^[^\W\d]+$`, "web_é", true, true)
	f(`[]a]`, "]", true, true)
	f(`[^]a]`, "]", false, false)

	// Backtracking.
	f(`web(?!01)`, "web01", false, false)
	f(`web(?!01)`, "web02", true, true)
	f(`(?<=\.)cpu`, "web.cpu", true, false)
	f(`(?P<c>.)(?P=c)`, "abb", true, false)
	f(`(a)?b(?(1)c|d)`, "abd", true, false)
	f(`a++a`, "aaa", false, false)
}

func TestSub(t *testing.T) {
	f := func(pattern, replacement, s, want string) {
		t.Helper()
		re, err := Compile(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			return
		}
		if got, err := re.Sub(replacement, s); got != want || err != nil {
			t.Errorf("%q to %q in %q: %q, %v, want %q", pattern, replacement, s, got, err, want)
		}
	}
	f(`(\w+)\.(\w+)`, `\2.\1`, "a.b.c.d", "b.a.d.c")
	f(`(?P<host>\w+)`, `<\g<host>\g<1>>`, "a", "<aa>")
	f(`a`, `\g<0>\g<0>`, "aba", "aabaa")
	f(`(a)|b`, `[\1]`, "ab", "[a][]")
	f(`a`, `$1 ${x} & \. \\ \101\n`, "a", "$1 ${x} & \\. \\ A\n")
	f(`(a)`, `\1\g<1>0\100`, "a", "aa0@")

	// Empty matches count, also right after another match.
	f(`.*`, "x", "abc", "xx")
	f(`x*`, "-", "abxd", "-a-b--d-")
	f(`.*?`, "-", "ab", "-----")
	f(`$`, "!", "a", "a!")
	f(`(?<=a)(?=b)`, "-", "ab ab", "a-b a-b")
}

func TestErrors(t *testing.T) {
	for _, pattern := range []string{
		`(`, `)`, `[`, `[z-a]`, `[\d-z]`, `*`, `a**`, `^*`, `\`, `\q`, `\p{L}`, `\x1`, `\1`, `(\1)`, `(?P<n>a)(?P<n>b)`,
		`(?P<1>a)`, `(?<n>a)`, `(?P=n)`, `a(?i)`, `(?<=a*)b`, `(?<=(a)\1)`, `(?(1)a)`, `(?(0)a)`, `(?z)`, `(?i-i:a)`, `(?#`,
		`a{2,1}`, `a{99999999999}`, `(?:a{999}){999}`, `((){99}){999}`, strings.Repeat("()", maxGroups+1), strings.Repeat("a", maxPattern+1),
	} {
		if _, err := Compile(pattern); err == nil {
			t.Errorf("%.40q compiles", pattern)
		}
	}
	re, err := Compile(`(?P<n>a)`)
	if err != nil {
		t.Fatal(err)
	}
	for _, replacement := range []string{`\2`, `\g<2>`, `\g<m>`, `\g<`, `\g`, `\q`, `\777`, `\`, `\g<-1>`} {
		if got, err := re.Sub(replacement, "a"); err == nil {
			t.Errorf("%q makes %q", replacement, got)
		}
	}
}

// TestBounds tries patterns that would take a matcher without limits forever.
func TestBounds(t *testing.T) {
	re, err := Compile(`(?=a)(a+)+$`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := re.Search(strings.Repeat("a", 100) + "b"); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v, want %v", err, ErrTimeout)
	}
	re, err = Compile(`(a+)+$`)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := re.Search(strings.Repeat("a", 100) + "b"); found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
	re, err = Compile(`.`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := re.Sub(strings.Repeat("x", 100), strings.Repeat("y", 1000)); err == nil {
		t.Error("no limit to what a replacement makes")
	}
}

func FuzzRegexp(f *testing.F) {
	for _, pattern := range []string{
		`(?i)^web\.(\w+)$`, `(?P<a>[^]x-z\d])(?=b)\1{2,3}?`, `(?<!a|b)(?>c)(?(1)d|e)(?-i:f)`, `(?m)\B\W*+|$`,
	} {
		f.Add(pattern, `\g<1>\2\n`, "web.cpu\n")
	}
	f.Fuzz(func(_ *testing.T, pattern, replacement, s string) {
		re, err := Compile(pattern)
		if err != nil || len(s) > 100 {
			return
		}
		_, _ = re.Search(s)
		_, _ = re.Match(s)
		_, _ = re.Sub(replacement, s)
	})
}
