package schema

import (
	"errors"
	"math"
	"strings"
	"testing"

	"carbon/codec/ini"
	"carbon/metric"
)

func TestParseRetentions(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		archives, err := ParseRetentions(s)
		var got []string
		for _, a := range archives {
			got = append(got, describe(a))
		}
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("ParseRetentions(%q) = %v, %v; want %s", s, got, err, want)
		}
	}
	f("60:1440", "60:1440")
	f("60s:7d", "60:10080")
	f("60s:1d,5m:30d,1h:3y", "60:1440,300:8640,3600:26280")
	f(" 1s:1m , 1m:1h ", "1:60,60:60")
	f("1h:1y,1s:1d,1m:1w", "1:86400,60:10080,3600:8760") // in any order
	f("7s:1m", "7:8")
	f("1w:52w", "604800:52")

	// Other syntax: numbers of points as in carbon, words as in whisper's tools, repeated
	// letters as in go-carbon.
	f("1m:1440", "60:1440")
	f("10min:1day", "600:144")
	f("10minutes:1years", "600:52560")
	f("1mm:1hh", "60:60")
}

func TestParseRetentionsErrors(t *testing.T) {
	f := func(s, reason string) {
		t.Helper()
		_, err := ParseRetentions(s)
		var e *ini.Error
		if !errors.As(err, &e) || e.Line != 0 || !strings.Contains(e.Error(), reason) {
			t.Errorf("ParseRetentions(%q): %v; want %s", s, err, reason)
		}
	}
	f("", "precision:retention")
	f("60", "precision:retention")
	f("60s:1d:2", `"1d:2"`)
	f("s:1d", `"s"`)
	f("60s:", `""`)
	f("-60s:1d", `"-60s"`)
	f("1.5m:1d", `"1.5m"`)
	f("60s:1mo", `"1mo"`)
	f("60s:1M", `"1M"`)
	f("60s:1D", `"1D"`)
	f("0s:1d", "precision is 0")
	f("60s:59s", "no points")
	f("1s:200y", "too large")
	f("99999999999999999999:1", "too large")
	f("60:99999999", "reaches back more")
	f("1s:400000000,2s:400000000", "4 GiB")
	f("60s:1d,60s:2d", "same precision")
	f("60s:1d,90s:2d", "divide")
	f("60s:1d,120s:1d", "no further")
	f("60s:5m,600s:1d", "too few points")
}

func TestValidate(t *testing.T) {
	f := func(ok bool, archives ...metric.Archive) {
		t.Helper()
		if err := Validate(archives); (err == nil) != ok {
			t.Errorf("Validate(%v): %v", archives, err)
		}
	}
	f(true, metric.Archive{Step: 10, Points: 6}, metric.Archive{Step: 60, Points: 5})
	f(true, metric.Archive{Step: 1, Points: math.MaxUint32})
	f(false)
	f(false, metric.Archive{Step: 60, Points: 5}, metric.Archive{Step: 10, Points: 6})
	f(false, metric.Archive{Step: 0, Points: 5})
	f(false, metric.Archive{Step: -60, Points: 5})
	f(false, metric.Archive{Step: 1, Points: 400_000_000}, metric.Archive{Step: 2, Points: 400_000_000})
	f(false, metric.Archive{Step: math.MaxInt64, Points: math.MaxInt64})
}

func FuzzParseRetentions(f *testing.F) {
	for _, s := range []string{"60s:7d,5m:60d,1h:2y", "60:1440", "1m:1440", "10min:1day", ":", "9999999999999999999:1", "1s:1ss"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		archives, err := ParseRetentions(s)
		if err == nil && Validate(archives) != nil {
			t.Fatalf("ParseRetentions(%q) = %v", s, archives)
		}
	})
}
