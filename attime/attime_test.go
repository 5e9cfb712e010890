package attime

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine
)

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestParseAsGraphite compares with the answers of graphite-web's parser: [time, zone, now,
// answer], where a null answer is an error. All times of the conformance cases are among them.
func TestParseAsGraphite(t *testing.T) {
	data, err := os.ReadFile("testdata/graphite.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][4]any
	if err := json.Unmarshal(data, &rows); err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		input, zone, now := row[0].(string), row[1].(string), row[2].(float64)
		want, ok := row[3].(float64)
		got, err := Parse(input, time.Unix(int64(now), 0).In(mustZone(t, zone)))
		if (err == nil) != ok || ok && got.Unix() != int64(want) {
			t.Errorf("Parse(%q) in %s at %.0f = %v (%d), %v; want %v", input, zone, now, got, got.Unix(), err, row[3])
		}
	}
}

// TestParse parses times on the day on which the clocks went forward in Berlin.
func TestParse(t *testing.T) {
	now := time.Date(2024, 3, 31, 12, 30, 15, 5e8, mustZone(t, "Europe/Berlin"))
	f := func(s, want string) {
		t.Helper()
		got, err := Parse(s, now)
		if err != nil || got.Format("Mon 2006-01-02 15:04:05.9 -07") != want {
			t.Errorf("Parse(%q) = %v, %v; want %s", s, got, err, want)
		}
	}
	f("1700000000.000000", "Tue 2023-11-14 23:13:20 +01")
	f("", "Sun 2024-03-31 12:30:15.5 +02")
	f("now", "Sun 2024-03-31 12:30:15.5 +02")
	f(" NOW - 1_Hour, ", "Sun 2024-03-31 11:30:15.5 +02")
	f("0", "Thu 1970-01-01 01:00:00 +01")
	f("20241399", "Sun 1970-08-23 07:36:39 +01") // no such date, so seconds
	f("20240229", "Thu 2024-02-29 00:00:00 +01")

	// Offsets are in seconds, references in wall-clock time.
	f("-1d", "Sat 2024-03-30 11:30:15.5 +01")
	f("midnight", "Sun 2024-03-31 00:00:00 +01")
	f("midnight+12h", "Sun 2024-03-31 13:00:00 +02")
	f("12:30 yesterday", "Sat 2024-03-30 12:30:00 +01")
	f("tomorrow", "Mon 2024-04-01 00:00:00 +02")
	f("2:30", "Sun 2024-03-31 03:30:00 +02")             // skipped
	f("2:30 20231029", "Sun 2023-10-29 02:30:00 +01")    // twice: the winter's
	f("1:30 20231029+1h", "Sun 2023-10-29 02:30:00 +02") // the summer's
	f("noon sunday", "Sun 2024-03-31 12:00:00 +02")      // today counts
	f("6pm monday", "Mon 2024-03-25 18:00:00 +01")       // six days ago
	f("teatime 12/31/23", "Sun 2023-12-31 16:00:00 +01")
	f("9:05 pm jan 5", "Fri 2024-01-05 21:05:00 +01")
	f("feb29-1y2d", "Mon 2023-02-27 00:00:00 +01") // the sign is for all
	f("-1mon", "Fri 2024-03-01 11:30:15.5 +01")    // 30 days
	f("12am", "Sun 2024-03-31 12:00:00 +02")       // as graphite-web does
	f("12pm", "Sun 2024-03-31 00:00:00 +01")       // as graphite-web does
	f("12:10am", "Sun 2024-03-31 12:10:00 +02")
	f("noon+15min yesterday", "Sun 2024-03-31 12:15:00 +02") // the unit is minyesterday
}

func TestParseErrors(t *testing.T) {
	now := time.Unix(1793617643, 0).UTC()
	f := func(s, reason string) {
		t.Helper()
		got, err := Parse(s, now)
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(s, e.Input) || !strings.Contains(e.Reason, reason) {
			t.Errorf("Parse(%.60q) = %v, %v; want an error: %s", s, got, err, reason)
		}
	}
	f("garbage", "unknown day")
	f("5min", "unknown day")
	f("-5m", "unknown unit")
	f("-30", "unknown unit")
	f("-1.5h", "unknown unit")
	f("-h", "number")
	f("noon+yesterday", "number")
	f("2024-03-01", "unknown day")
	f("10:61", "no such time")
	f("24:00", "no such time")
	f("4:5_20261102", "unknown day")
	f("x:30", "time of day")
	f("3:", "time of day")
	f("xam", "time of day")
	f("nov", "day of the month")
	f("feb30", "no such day")
	f("13/1/20", "no such day")
	f("20240230", "no such day")
	f("1/2/10000", "no such day")
	f("1/2/x", "MM/DD")
	f("1/2/99999999999999999999", "MM/DD")
	f("253402300800", "9999")
	f("99999999999999999999", "9999")
	f("+8000y", "9999")
	f("-99999y", "longer than 9999 years")
	f("-5000y5000y", "9999")
	f("-99999999999999999999s", "longer than 9999 years")
	f(strings.Repeat("x", 5000), "unknown day")
	f("\xff\xfe", "unknown day")
}

func TestParseOffset(t *testing.T) {
	f := func(s string, want int64) {
		t.Helper()
		if got, err := ParseOffset(s); got != want || err != nil {
			t.Errorf("ParseOffset(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	f("", 0)
	f("+", 0)
	f("-", 0)
	f("0s", 0)
	f("10seconds", 10)
	f("5min", 300)
	f("+5min", 300)
	f("-5minutes", -300)
	f("1h30min", 5400)
	f("3hfoo", 10800)
	f("1d", 86400)
	f("-1w2d", -777600)
	f("1mon", 2592000)
	f("2years", 63072000)
	f("1sé", 1)
}

func TestParseOffsetErrors(t *testing.T) {
	for _, s := range []string{"m", "5m", "1H", "10", "h", "-h", "1.5h", "1h-30min", "1h 30min", " 1h", "--1h", "1d2", "é1", "99999999999999d", "9999y9999y"} {
		var e *Error
		if got, err := ParseOffset(s); !errors.As(err, &e) || e.Input != s || e.Reason == "" {
			t.Errorf("ParseOffset(%q) = %d, %v; want an *Error", s, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "now-1h", "-1d", "noon_yesterday", "04:00_20110501+2h", "1793617643", "11/02/26", "november_2", "monday-1w", "9:05pm", "12am tomorrow", "-", "+99999y", "1:2:3",
	} {
		f.Add(s, int64(1711881015))
	}
	zone := mustZone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, s string, now int64) {
		if now < 0 || now > latest {
			return
		}
		got, err := Parse(s, time.Unix(now, 0).In(zone))
		var e *Error
		if err != nil && (!errors.As(err, &e) || len(e.Input) > 200) {
			t.Fatalf("error %v", err)
		}
		if err == nil && (got.Unix() < earliest || got.Unix() > latest || got.Location() != zone) {
			t.Fatalf("Parse(%q) = %v", s, got)
		}
	})
}

func FuzzParseOffset(f *testing.F) {
	for _, s := range []string{"", "5min", "-1w2d", "+1mon", "99999999999999999999s", "9999y9999y", "1é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseOffset(s)
		if got < -maxOffset || got > maxOffset {
			t.Fatalf("ParseOffset(%q) = %d", s, got)
		}
		if err == nil && got > 0 && s[0] != '+' {
			if back, err := ParseOffset("-" + s); back != -got || err != nil {
				t.Fatalf("ParseOffset(-%s) = %d, %v; want %d", s, back, err, -got)
			}
		}
	})
}
