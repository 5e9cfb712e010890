package ini

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// show formats a file on one line: [section@line] key@line=value ...
func show(f *File) string {
	var b strings.Builder
	for _, s := range f.Sections {
		fmt.Fprintf(&b, "[%s@%d]", s.Name, s.Line)
		for _, k := range s.Keys {
			fmt.Fprintf(&b, " %s@%d=%s", k.Name, k.Line, strings.ReplaceAll(k.Value, "\n", "|"))
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		file, err := Parse(strings.NewReader(text), Options{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		if got := show(file); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
	f("", "")
	f("# nothing\n\n ; at all\n", "")
	f("[a]\nx = 1\n[b]\ny: 2\n", "[a@1] x@2=1[b@3] y@4=2")
	f("[b]\n[a]\n[B]\n", "[b@1][a@2][B@3]")
	f("[a]\r\nx = 1\r\n", "[a@1] x@2=1")
	f("\ufeff[a]\nx=1", "[a@1] x@2=1")
	f("[a]\nMAX_Cache = Inf\n", "[a@1] max_cache@2=Inf")
	f("[a]\nx =\ny=1\n", "[a@1] x@2= y@3=1")
	f("[a]\nx = a=b:c\n", "[a@1] x@2=a=b:c")
	f("[a]\nx : a=b\n", "[a@1] x@2=a=b")
	f("[a]\npattern = ^a\\.[b#;]c$ ; d # e\n", "[a@1] pattern@2=^a\\.[b#;]c$ ; d # e")
	f("[a] # why\nx = 1\n", "[a@1] x@2=1")
	f("[a]]\n", "[a]@1]")
	f("  [a]\n  x = 1\n  y = 2\n", "[a@1] x@2=1 y@3=2")
	f("[a]\nx = 1\n  2\n\n  3\n\n\ny = 4\n", "[a@1] x@2=1|2||3 y@8=4")
	f("[a]\nx = 1\n  # no\n  2\n", "[a@1] x@2=1|2")
	f("[a]\nx =\n  [1]\n  y = 2\n", "[a@1] x@2=|[1]|y = 2")
	f("[a]\nx = 100%\n", "[a@1] x@2=100%")
	f("[DEFAULT]\nx = 1\ny = 2\n[a]\ny = 3\n[DEFAULT]\nz = 4\n",
		"[DEFAULT@1] x@2=1 y@3=2 z@7=4[a@4] y@5=3 x@2=1 z@7=4")
}

func TestParseInlineComments(t *testing.T) {
	file, err := Parse(strings.NewReader("[a] ; one\nx = 1 ; two\ny = a;b\t; c ; d\nz = 1 # 2\n  3 ; three\n"), Options{InlineComments: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(file), "[a@1] x@2=1 y@3=a;b z@4=1 # 2|3"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestParseInterpolation(t *testing.T) {
	file, err := Parse(strings.NewReader(`
[DEFAULT]
root = /opt
[cache]
STORAGE_DIR = %(ROOT)s/graphite
LOCAL_DATA_DIR = %(storage_dir)s/whisper
full = 100%%
pattern = a%%(b)s
`), Options{Interpolation: true})
	if err != nil {
		t.Fatal(err)
	}
	want := "[DEFAULT@2] root@3=/opt[cache@4] storage_dir@5=/opt/graphite local_data_dir@6=/opt/graphite/whisper full@7=100% pattern@8=a%(b)s root@3=/opt"
	if got := show(file); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	f := func(text string, line int, reason string) {
		t.Helper()
		_, err := Parse(strings.NewReader(text), Options{Interpolation: true})
		var e *Error
		if !errors.As(err, &e) || e.Line != line || !strings.Contains(e.Reason, reason) {
			t.Errorf("%.60q: %v; want line %d: %s", text, err, line, reason)
		}
	}
	f("x = 1\n", 1, "before the first section")
	f("# c\nnonsense\n", 2, "before the first section")
	f("[a]\nnonsense\n", 2, "want [section]")
	f("[]\n", 1, "before the first section")
	f("[a]\n[b\n", 2, "want [section]")
	f("[a]\n = 1\n", 2, "missing key")
	f("[a]\n[b]\n[a]\n", 3, "line 1")
	f("[a]\nx=1\nX: 2\n", 3, "line 2")
	f("[DEFAULT]\nx=1\n[DEFAULT]\nx=2\n", 4, "line 2")
	f("[a]\nx = 50%\n", 2, "% must be followed")
	f("[a]\n\nx = 5%d\n", 3, "% must be followed")
	f("[a]\nx = %(b\n", 2, "% must be followed")
	f("[a]\nx = %()s\n", 2, "% must be followed")
	f("[a]\nx = %(b)s\n", 2, "no such key")
	f("[a]\nx = %(x)s\n", 2, "itself")
	f("[a]\ny = %(x)s\nx = %(y)s\n", 2, "itself")
	f("[a]\nx = "+strings.Repeat("y", maxLine), 2, "longer")
	f("[a]\nx = 1"+strings.Repeat("\n "+strings.Repeat("y", maxLine/4), 5), 6, "longer")

	bomb := "[a]\nx0 = " + strings.Repeat("y", 100) + "\n"
	for i := range 9 {
		bomb += fmt.Sprintf("x%d = %s\n", i+1, strings.Repeat(fmt.Sprintf("%%(x%d)s", i), 100))
	}
	f(bomb, 5, "longer")
}

func TestParseReportsReadErrors(t *testing.T) {
	_, err := Parse(iotest.ErrReader(io.ErrUnexpectedEOF), Options{})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("err = %v", err)
	}
}

func TestSectionKey(t *testing.T) {
	file, err := Parse(strings.NewReader("[a]\nPattern = x\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := file.Sections[0].Key("pattern"); !ok || k.Value != "x" || k.Line != 2 {
		t.Errorf("Key(pattern) = %v, %v", k, ok)
	}
	if _, ok := file.Sections[0].Key("y"); ok {
		t.Error("Key(y) found a key that does not exist")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"[a]\nx = 1\n  2\n[b]\ny: %(x)s\n", "[DEFAULT]\nx=%%\n[a]", "\ufeff[a] ; b\nc=d ; e", "[", "]", "=", "[a]\n%=%(%)s", "[a]\r\n\tb=c\r\n\t\td",
	} {
		f.Add(s, true, true)
	}
	f.Fuzz(func(t *testing.T, text string, comments, interpolation bool) {
		file, err := Parse(strings.NewReader(text), Options{InlineComments: comments, Interpolation: interpolation})
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Line < 1 || e.Line > strings.Count(text, "\n")+1) {
			t.Fatalf("error %v", err)
		}
		if err != nil {
			return
		}
		for _, s := range file.Sections {
			if s.Name == "" || s.Line < 1 {
				t.Fatalf("section %+v", s)
			}
			for _, k := range s.Keys {
				if k.Name == "" || k.Name != strings.ToLower(k.Name) || len(k.Value) > maxLine {
					t.Fatalf("key %+v", k)
				}
			}
		}
	})
}

// TestParseManyBlankLines checks that parsing takes linear time.
func TestParseManyBlankLines(t *testing.T) {
	file, err := Parse(strings.NewReader("[a]\nx = 1\n"+strings.Repeat("\n", maxLine/2)), Options{})
	if err != nil || show(file) != "[a@1] x@2=1" {
		t.Errorf("%v, %v", file, err)
	}
}
