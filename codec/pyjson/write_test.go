package pyjson

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestAppendString(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if got := string(AppendString(nil, s)); got != want {
			t.Errorf("%q became %s, want %s", s, got, want)
		}
	}
	// As Python's json.dumps writes them.
	f("", `""`)
	f("web01.cpu ~", `"web01.cpu ~"`)
	f("\"\\/\b\f\n\r\t", `"\"\\/\b\f\n\r\t"`)
	f("\x00\x1f\x7f", `"\u0000\u001f\u007f"`)
	f("é\u2028\uffff😀", `"\u00e9\u2028\uffff\ud83d\ude00"`)
	f("a\xffb", `"a\ufffdb"`)
}

func TestEscapeNonASCII(t *testing.T) {
	for _, s := range []string{"", `"plain"`, `{"größe": ["日本語", "a😀"]}`} {
		escaped := EscapeNonASCII([]byte(s))
		if strings.ContainsFunc(string(escaped), func(r rune) bool { return r > 127 }) {
			t.Errorf("%s became %s", s, escaped)
		}
		var got, want any
		if s != "" && (json.Unmarshal(escaped, &got) != nil || json.Unmarshal([]byte(s), &want) != nil || len(escaped) < len(s)) {
			t.Errorf("%s became %s", s, escaped)
		}
	}
}

// The numbers that Python writes are compared in render/function.
func TestAppendRepr(t *testing.T) {
	f := func(v float64, want string) {
		t.Helper()
		if got := string(AppendRepr([]byte("x"), v)); got != "x"+want {
			t.Errorf("%v became %s, want %s", v, got[1:], want)
		}
	}
	f(0, "0.0")
	f(math.Copysign(0, -1), "-0.0")
	f(-12.5, "-12.5")
	f(0.0001, "0.0001")
	f(0.00001, "1e-05")
	f(1e15, "1000000000000000.0")
	f(1e16, "1e+16")
	f(1.0/3, "0.3333333333333333")
	f(math.Inf(-1), "-inf")
	f(math.NaN(), "nan")
}
