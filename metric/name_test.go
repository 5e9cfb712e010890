package metric

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		got, err := Canonical(name)
		if err != nil || got != want {
			t.Errorf("Canonical(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	long := strings.Repeat("x", MaxNodeLength)
	deep := strings.Repeat("n.", MaxNodes-1) + "n"

	f("a.b.c", "a.b.c")
	f("a", "a")
	f("größe.Ω", "größe.Ω")
	f("weird.slash^x.value=1:2@3", "weird.slash^x.value=1:2@3")
	f("a..b", "a.b")
	f(".a", "a")
	f("..a...b..", "a.b")
	f("a"+strings.Repeat(".", 2000)+"b", "a.b")
	f("~a.b", "a.b")
	f("~~a~b", "a~b")
	f(".~.a", "a")
	f("cpu load.1 min", "cpu_load.1_min")
	f("a."+long, "a."+long)
	f(deep, deep)
	f("."+deep+".", deep)
	f("_tagge.d", "_tagge.d")
	f("a._tagged", "a._tagged")
	f("a.{b}.*", "a.{b}.*")

	f("m;a=1;b=2", "m;a=1;b=2")
	f("m;b=2;a=1", "m;a=1;b=2")
	f("m;a=x;a-=y", "m;a-=y;a=x") // sorted as text, '-' before '='
	f("m;a=2;a=1", "m;a=1")
	f("m;a=1;name=x;a=2", "m;a=2")
	f("..m.n.;a=b", "m.n;a=b")
	f("m;mount=/var/log", "m;mount=/var/log")
	f("m;a=b..c.", "m;a=b..c.")
	f("m;a=b=c", "m;a=b=c")
	f("m;a=b c", "m;a=b_c")
	f("m;long="+long+long, "m;long="+long+long)

	f(`m{a="b"}`, "m;a=b")
	f(`m{z="1",a="2"}`, "m;a=2;z=1")
	f(`m{a="say \"x\" \\"}`, `m;a=say_"x"_\`)
	f(`m{a="{}"}`, "m;a={}")
	f(`m{path="/x.y"}`, "m;path=/x.y")
	f(`m;a={"}`, `m;a={"}`)
	f(`m{a="b",}`, `m{a="b",}`) // no tags: it does not end in "}
}

func TestCanonicalRefuses(t *testing.T) {
	f := func(name, reason string) {
		t.Helper()
		_, err := Canonical(name)
		var e *NameError
		if !errors.As(err, &e) || e.Reason != reason {
			t.Errorf("Canonical(%.60q): %v; want reason %s", name, err, reason)
		}
	}
	long := strings.Repeat("x", MaxNodeLength+1)
	f("", ReasonEmpty)
	f("...", ReasonEmpty)
	f("~", ReasonEmpty)
	f(".~.", ReasonEmpty)
	f(";a=b", ReasonEmpty)
	f("~;a=b", ReasonEmpty)
	f(`{a="b"}`, ReasonEmpty)
	f("../../etc/passwd", ReasonSlash)
	f("a/b", ReasonSlash)
	f("a/b;c=d", ReasonSlash)
	f("a\x00b", ReasonControl)
	f("a\tb", ReasonControl)
	f("a\x7fb", ReasonControl)
	f("a\u0085b", ReasonControl)
	f("m;a=b\nc", ReasonControl)
	f("a\xffb", ReasonUTF8)
	f("m;a=\xc3", ReasonUTF8)
	f("_tagged", ReasonReserved)
	f("_tagged.abc.def", ReasonReserved)
	f("._tagged..abc", ReasonReserved)
	f("_tagged;a=b", ReasonReserved)
	f("a."+long, ReasonNodeLength)
	f(long+".a", ReasonNodeLength)
	f("a.."+long, ReasonNodeLength)
	f(long+";a=b", ReasonNodeLength)
	f(strings.Repeat("n.", MaxNodes)+"n", ReasonNodes)
	f(strings.Repeat("n..", MaxNodes)+"n", ReasonNodes)
	f(strings.Repeat(strings.Repeat("x", 200)+".", 20)+"x", ReasonLength)
	f("m;a="+strings.Repeat("x", MaxTaggedLength), ReasonLength)
	f("m;", ReasonTag)
	f("m;a", ReasonTag)
	f("m;a=", ReasonTag)
	f("m;=b", ReasonTag)
	f("m;a=~x", ReasonTag)
	f("m;a!=b", ReasonTag)
	f("m;a^b=c", ReasonTag)
	f("m;a=b;;c=d", ReasonTag)
	f("m;a=1;name=~", ReasonTag)
	f(`m{a="b"c="d"}`, ReasonTag)
	f(`m{a="b;c"}`, ReasonTag)
	f(`m{a=b"}`, ReasonTag)
	f(`m{a=""}`, ReasonTag)
	f(`m{"}.`, ReasonTag)
	f(`m;x=y{a="b"}z;x`, ReasonTag)
}

// TestCanonicalMatchesGraphite compares with recorded results of graphite-web's
// parser.
func TestCanonicalMatchesGraphite(t *testing.T) {
	data, err := os.ReadFile("testdata/names.json")
	if err != nil {
		t.Fatal(err)
	}
	var names []struct {
		Received, Canonical string
		Tags                Tags
		Error               bool
	}
	if err := json.Unmarshal(data, &names); err != nil || len(names) == 0 {
		t.Fatalf("%d names, %v", len(names), err)
	}
	for _, n := range names {
		got, err := Canonical(n.Received)
		if (err != nil) != n.Error || got != n.Canonical {
			t.Errorf("Canonical(%q) = %q, %v; want %q", n.Received, got, err, n.Canonical)
		}
		if !n.Error && !maps.Equal(ParseTags(got), n.Tags) {
			t.Errorf("ParseTags(%q) = %v; want %v", got, ParseTags(got), n.Tags)
		}
	}
}

func TestIsTagged(t *testing.T) {
	if IsTagged("a.b") || !IsTagged("a.b;c=d") {
		t.Error(`IsTagged is wrong for "a.b" or "a.b;c=d"`)
	}
}

func TestCanonicalDoesNotAllocate(t *testing.T) {
	for _, name := range []string{
		"servers.web01.cpu.user",
		"servers.größe.value",
		"http.requests;dc=eu;env=prod;host=web01",
	} {
		if n := testing.AllocsPerRun(100, func() { _, _ = Canonical(name) }); n != 0 {
			t.Errorf("Canonical(%q): %v allocations", name, n)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, name := range []string{
		"a.b.c", "..a..b.", "~a;b=c", `m{a="b",c="d"}`, "m;b=2;a=1;a=3", "a b\tc", "\xff", ".~", `m{x;b="};a=c`, "m;name=x", `~{a="b"}`,
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := Canonical(name)
		if err != nil {
			return
		}
		if again, err := Canonical(got); err != nil || again != got {
			t.Fatalf("Canonical(%q) = %q, and Canonical of the result = %q, %v", name, got, again, err)
		}
		tags := ParseTags(got)
		metric := tags["name"]
		if metric == "" || strings.ContainsAny(metric, "/ \x00") || strings.Contains(metric, "..") || len(got) > MaxTaggedLength {
			t.Fatalf("Canonical(%q) = %q", name, got)
		}
		for key, value := range tags {
			if key == "" || value == "" || value[0] == '~' {
				t.Fatalf("Canonical(%q) = %q with tag %q=%q", name, got, key, value)
			}
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	for _, name := range []string{"servers.web01.cpu.user", "http.requests;dc=eu;env=prod;host=web01"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Canonical(name)
			}
		})
	}
}
