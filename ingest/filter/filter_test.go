package filter

import (
	"strings"
	"testing"
)

func parse(t *testing.T, content string) List {
	t.Helper()
	l, warnings, err := Parse(strings.NewReader(content))
	if err != nil || warnings != nil {
		t.Fatal(warnings, err)
	}
	return l
}

func TestRefuse(t *testing.T) {
	f := func(black, white, name, want string) {
		t.Helper()
		lists := Lists{Black: parse(t, black), White: parse(t, white)}
		if got := lists.Refuse(name); got != want {
			t.Errorf("black %q, white %q: %s: got %q, want %q", black, white, name, got, want)
		}
	}
	f("", "", "a.b", "")
	f("# a\n\n  b$  \n", "", "a.b", Blacklisted)
	f("b$", "", "a.bc", "")
	f("", "^a\n^c", "a.b", "")
	f("", "^a\n^c", "b.a", NotWhitelisted)
	f("b", "a", "a.b", Blacklisted)
	f(`^(?!servers\.)`, "", "other.x", Blacklisted)
	f(`^(?!servers\.)`, "", "servers.x", "")
}

func TestInvalidPatternsAreSkipped(t *testing.T) {
	l, warnings, err := Parse(strings.NewReader("a(\nb\n"))
	if err != nil || len(warnings) != 1 || warnings[0].Line != 1 || !l.Match("b") || l.Match("a(") {
		t.Errorf("got %d patterns, %v, %v", len(l), warnings, err)
	}
}
