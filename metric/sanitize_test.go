package metric

import (
	"strings"
	"testing"
)

func TestSafeName(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if got := SafeName(name); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", name, got, want)
		}
	}
	f("interesting_metric", "interesting_metric")
	f("a-b.c:d%e#f@g+h$i=j", "a-b.c:d%e#f@g+h$i=j")
	f("größe.温度.٣", "größe.温度.٣")
	f("disk usage/%", "disk_usage_%")
	f("a;b{c}~!^\"'\\|,*?[]<>()&", "a_b_c"+strings.Repeat("_", 18))
	f("~a", "_a")
	f("a\tb\nc\x00d\x7fe\u0085f\u00a0g", "a_b_c_d_e_f_g")
	f("a\xffb\xc3", "a_b_")
	f("a…b", "a_b")
	f("..a...b..c.", "a.b.c")
	f(". .", "_")
	f("...", "")
	f("", "")
}

func TestSafeTag(t *testing.T) {
	f := func(key, value, wantKey, wantValue string) {
		t.Helper()
		k, v, ok := SafeTag(key, value)
		if k != wantKey || v != wantValue || !ok {
			t.Errorf("SafeTag(%q, %q) = %q, %q, %v", key, value, k, v, ok)
		}
	}
	f("host", "web01", "host", "web01")
	f("a=b!c^d;e~", "x=y", "a_b_c_d_e_", "x=y")
	f("mount", "/var/lib/a b\t;c", "mount", "/var/lib/a_b__c")
	f("k", "~~a~", "k", "a~")
	f("k", "ü.\u00a0\x00\xff", "k", "ü.___")

	refused := func(key, value string) {
		t.Helper()
		if k, v, ok := SafeTag(key, value); ok {
			t.Errorf("SafeTag(%q, %q) = %q, %q, want ok to be false", key, value, k, v)
		}
	}
	refused("", "a")
	refused("..", "a")
	refused("k", "")
	refused("k", "~~")
}

func TestSafeNameDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { SafeName("servers.web-01.größe") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzSafe checks that safe names and tags are canonical unless they are too long.
func FuzzSafe(f *testing.F) {
	f.Add("a.b", "k", "v")
	f.Add("..~a;b", "=~", "~;\xff")
	f.Add(`a{b="c"}`, "name", `"}`)
	f.Fuzz(func(t *testing.T, name, key, value string) {
		safe := SafeName(name)
		if again := SafeName(safe); again != safe {
			t.Errorf("SafeName(%q) = %q", safe, again)
		}
		if len(safe) > MaxNodeLength || safe == "" || strings.HasPrefix(safe, "_tagged") || strings.Count(safe, ".") >= MaxNodes {
			return
		}
		if c, err := Canonical(safe); err != nil || c != safe {
			t.Errorf("SafeName(%q) = %q, stored as %q: %v", name, safe, c, err)
		}
		k, v, ok := SafeTag(key, value)
		if !ok || k == "name" || len(safe)+len(k)+len(v)+2 > MaxTaggedLength {
			return
		}
		tagged := safe + ";" + k + "=" + v
		c, err := Canonical(tagged)
		if err != nil || c != tagged || len(ParseTags(c)) != 2 {
			t.Errorf("%q stored as %q: %v", tagged, c, err)
		}
	})
}
