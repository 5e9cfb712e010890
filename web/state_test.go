package web

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestStateURL(t *testing.T) {
	f := func(s State) {
		t.Helper()
		u, err := url.Parse(s.URL("/graphite"))
		if err != nil {
			t.Fatal(err)
		}
		if u.Path != "/graphite/" {
			t.Errorf("path %q", u.Path)
		}
		if got := ParseState(u.Query()); !reflect.DeepEqual(got, s) {
			t.Errorf("%s parses as %+v, want %+v", u, got, s)
		}
	}
	f(State{Page: 1})
	f(State{Targets: []string{"a.b", `alias(scale(a.*,2),"50% & more; +1")`}, Page: 1})
	f(State{Open: []string{"a.b", "c"}, Search: "dc=eu host=~web.*", Page: 3, From: "-1h", Until: "now", Zone: "Europe/Berlin", Title: "größe #1?", Refresh: 60})
}

func TestParseState(t *testing.T) {
	f := func(query string, want State) {
		t.Helper()
		v, _ := url.ParseQuery(query)
		if got := ParseState(v); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", query, got, want)
		}
	}
	f("", State{Page: 1})
	f("target=&target=+&target=a&target=a", State{Targets: []string{"a"}, Page: 1})
	f("refresh=1&page=-4", State{Page: 1, Refresh: 5})
	f("refresh=x&page=99999999999999999999", State{Page: 1})
	f("refresh=100000000", State{Page: 1})
	f("from=-1h&from=-2h", State{Page: 1, From: "-2h"})
	f("open=a&open=a.b&open=a&open=", State{Open: []string{"a.b"}, Page: 1})
	f("open=a.b&open=a.bc", State{Open: []string{"a.b", "a.bc"}, Page: 1})
	f("title="+strings.Repeat("x", maxText+1), State{Page: 1})
	f(strings.Repeat("open="+strings.Repeat("a.", 100)+"&", 3), State{Page: 1})

	many := ParseState(url.Values{"target": numbered(1000), "open": numbered(1000)})
	if len(many.Targets) != maxTargets || len(many.Open) != maxBranches || len(many.Branches()) != maxBranches {
		t.Errorf("%d targets, %d open, %d branches", len(many.Targets), len(many.Open), len(many.Branches()))
	}
}

func numbered(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = strings.Repeat("x", i+1)
	}
	return all
}

func TestOpenAndClose(t *testing.T) {
	f := func(s State, want ...string) {
		t.Helper()
		if !slices.Equal(s.Open, want) {
			t.Errorf("open is %q, want %q", s.Open, want)
		}
	}
	var s State
	a := s.opened("a")
	ab := a.opened("a.b")
	f(a, "a")
	f(ab, "a.b")
	f(ab.opened("a"), "a.b")
	f(ab.opened("a.c"), "a.b", "a.c")
	f(ab.closed("a.b"), "a")
	f(ab.closed("a"))
	f(ab.opened("ab").closed("a"), "ab")
	f(ab, "a.b")

	if got, want := ab.opened("c").Branches(), []string{"", "a", "a.b", "c"}; !slices.Equal(got, want) {
		t.Errorf("branches %q, want %q", got, want)
	}
}

func TestToggled(t *testing.T) {
	s := State{Targets: []string{"a", "b", "c"}}
	if got := s.toggled("b").Targets; !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("without b: %q", got)
	}
	if got := s.toggled("d").Targets; !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("with d: %q", got)
	}
	if !slices.Equal(s.Targets, []string{"a", "b", "c"}) {
		t.Errorf("toggled changed its receiver: %q", s.Targets)
	}
}

func FuzzParseState(f *testing.F) {
	f.Add("target=a.b&open=a&from=-1h&refresh=10")
	f.Add("open=..&open=.a.&find=*&page=2")
	f.Fuzz(func(t *testing.T, query string) {
		v, _ := url.ParseQuery(query)
		s := ParseState(v)
		u, err := url.Parse(s.URL(""))
		if err != nil {
			t.Fatal(err)
		}
		if again := ParseState(u.Query()); !reflect.DeepEqual(again, s) {
			t.Errorf("%+v reads back as %+v", s, again)
		}
	})
}
