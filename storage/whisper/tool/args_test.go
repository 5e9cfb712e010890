package tool

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestParse(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
		method := fs.String("aggregationMethod", "", "")
		aggregate := fs.Bool("aggregate", false, "")
		format := fs.StringP("time-format", "t", "", "")
		quiet := fs.Bool("quiet", false, "")
		rest, err := parse(fs, strings.Fields(line))
		got := fmt.Sprintf("%s %v %s %v %q", *method, *aggregate, *format, *quiet, rest)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	f("a b", ` false  false ["a" "b"]`)
	f("--aggregate a", ` true  false ["a"]`)
	f("a --aggregate b", ` true  false ["a" "b"]`)
	f("a --aggregationMethod=sum b -t %Y", `sum false %Y false ["a" "b"]`)
	f("a --aggregationMethod sum b -t%Y", `sum false %Y false ["a" "b"]`)
	f("--aggregationM max --q", `max false  true []`)
	f("--aggregationM=max --q", `max false  true []`)
	f("a -- --quiet b", ` false  false ["a" "--quiet" "b"]`)
	f("- a", ` false  false ["-" "a"]`)
	f("--agg", "ambiguous option: --agg (--aggregate, --aggregationMethod?)")
	f("--nothing", "no such option: --nothing")
	f("-x", "unknown shorthand flag: 'x' in -x")
	f("--aggregationMethod", "flag needs an argument: --aggregationMethod")
}

func TestPoint(t *testing.T) {
	f := func(s string, time int64, value float64) {
		t.Helper()
		p, err := point(s, now)
		if err != nil || p.Time != time || p.Value != value {
			t.Errorf("point(%q) = %v, %v", s, p, err)
		}
	}
	f("1:2", 1, 2)
	f("N:2.5", now, 2.5)
	f("1500000000.9:-1e3", 1500000000, -1000)
	f("4294967295:inf", math.MaxUint32, math.Inf(1))
	f(" 60:1\n", 60, 1)
}

func TestPointErrors(t *testing.T) {
	for _, s := range []string{"", "1", ":", "1:", ":1", "x:1", "1:x", "-1:1", "4294967296:1", "1:2:3", "nan:1", "1e400:1", "N:"} {
		if p, err := point(s, now); err == nil {
			t.Errorf("point(%q) = %v", s, p)
		}
	}
}

func FuzzPoint(f *testing.F) {
	for _, s := range []string{"1:2", "N:-1e9", "1500000000.5:nan", ":", "99999999999:1", "1:1e999", "0x10:0x1p-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := point(s, now)
		if err == nil && (p.Time < 0 || p.Time > math.MaxUint32) {
			t.Fatalf("point(%q) = %v", s, p)
		}
	})
}

// TestHelp prints something for every command, and finds it by the names it has.
func TestHelp(t *testing.T) {
	for _, c := range commands() {
		names := append([]string{c.name, "whisper-" + c.name, "whisper-" + c.name + ".py"}, c.aliases...)
		for _, name := range names {
			stdout, stderr, code := runTool(t, "", name, "-h")
			if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "usage: carbon whisper "+c.name) {
				t.Errorf("%s -h: code %d, %s%s", name, code, stderr, stdout)
			}
		}
		if stdout, stderr, code := runTool(t, "", c.name, "--no-such-option"); code != 2 || stdout != "" || !strings.Contains(stderr, "no such option") {
			t.Errorf("%s: code %d, %s%s", c.name, code, stdout, stderr)
		}
	}
	if stdout, _, code := runTool(t, "", "--help"); code != 0 || !strings.Contains(stdout, "conform") {
		t.Errorf("code %d, %s", code, stdout)
	}
	if _, stderr, code := runTool(t, "", "sing"); code != 2 || !strings.Contains(stderr, `"sing"`) {
		t.Errorf("code %d, %s", code, stderr)
	}
	if _, stderr, code := runTool(t, ""); code != 2 || !strings.Contains(stderr, "usage") {
		t.Errorf("code %d, %s", code, stderr)
	}
}
