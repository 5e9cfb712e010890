package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	f := func(want float64, values ...float64) {
		t.Helper()
		before := slices.Clone(values)
		if got := median(values); got != want {
			t.Errorf("%v: %g, want %g", values, got, want)
		}
		if !slices.Equal(values, before) {
			t.Errorf("%v became %v", before, values)
		}
	}
	f(0)
	f(3, 3)
	f(2, 9, 1, 2)
	f(2.5, 4, 1, 2, 3)
}

func TestParseUsage(t *testing.T) {
	var u usage
	if err := u.parseStat([]byte("42 (a) (b c) S 1 42 42 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 9 0 100 200 300\n")); err != nil || u.cpu != 1.75 {
		t.Errorf("stat: %g s, %v", u.cpu, err)
	}
	if err := u.parseStatus([]byte("Name:\tcarbon\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n")); err != nil || u.rss != 1<<20 {
		t.Errorf("status: %d, %v", u.rss, err)
	}
	if err := u.parseIO([]byte("rchar: 1\nwchar: 2\nread_bytes: 3\nwrite_bytes: 4096\ncancelled_write_bytes: 5\n")); err != nil || u.writeBytes != 4096 {
		t.Errorf("io: %d, %v", u.writeBytes, err)
	}
	if n, err := numberAfter([]byte("# TYPE x counter\nx_total 5\nx 2.0166e+06\n"), "x "); err != nil || n != 2_016_600 {
		t.Errorf("a large figure: %g, %v", n, err)
	}
	for _, bad := range []string{"", "42 (a) S 1", "42 (a) S 1 2 3 4 5 6 7 8 9 10 x 12"} {
		if err := u.parseStat([]byte(bad)); err == nil {
			t.Errorf("stat %q: no error", bad)
		}
	}
	if err := u.parseStatus([]byte("Name:\tcarbon\nVmRSS:\n")); err == nil {
		t.Error("status without a number: no error")
	}
}

func TestReadUsage(t *testing.T) {
	if _, err := os.Stat("/proc/self/io"); err != nil {
		t.Skip("no /proc here")
	}
	u, err := readUsage(os.Getpid())
	if err != nil || u.rss < 1<<20 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestMarks(t *testing.T) {
	f := func(r row, met bool) {
		t.Helper()
		if r.met() != met {
			t.Errorf("%+v, mark %v, here %v: met %v", r, r.Mark, r.Scaled, r.met())
		}
	}
	f(newRow("ingest 1k series", "", []float64{0.2}, ""), true)
	f(newRow("ingest 1k series", "", []float64{0.21}, ""), false)
	f(newRow("ingest 1k series", "", []float64{0.21}, "").scaledBy(1.1), true)
	f(newRow("ingest 1k series", "", []float64{0.23}, "").scaledBy(1.1), false)
	f(newRow("ingest 1k series", "", []float64{0.2}, "").scaledBy(0.5), true) // met as it is
	f(newRow("ingest 1k series", "", []float64{0.21}, "").scaledBy(0), false) // nothing to scale by
	f(newRow("no such row", "", []float64{1e9}, ""), true)
	f(newRow("lost by kill -9", "", []float64{0}, ""), true)
	f(newRow("lost by kill -9", "", []float64{1}, ""), false)
	rows := []row{newRow("index, ready", "", []float64{2}, ""), newRow("index, memory", "", []float64{100}, ""), skippedRow("ingest pickle", "why")}
	if got := missed(rows); !slices.Equal(got, []string{"index, ready"}) {
		t.Errorf("missed: %v", got)
	}
}

// Every mark belongs to a row that a part measures.
func TestRowsOfParts(t *testing.T) {
	var rows []string
	for _, p := range parts {
		rows = append(rows, p.rows...)
	}
	for _, m := range marks {
		if !slices.Contains(rows, m.row) {
			t.Errorf("no part measures %q", m.row)
		}
	}
	if d := slices.Sorted(slices.Values(rows)); len(slices.Compact(slices.Clone(d))) != len(d) {
		t.Error("a row is measured by two parts")
	}
}

func TestTable(t *testing.T) {
	rows := []row{
		newRow("index, ready", "s", []float64{0.5, 0.7, 0.6}, "how").beside("other", []float64{3}, "slowly").beside("absent", nil, ""),
		skippedRow("ingest pickle", "why"),
		newRow("index, memory", "MB", []float64{200}, ""),
	}
	var out strings.Builder
	if err := writeTable(&out, rows); err != nil {
		t.Fatal(err)
	}
	blanks := regexp.MustCompile(` +`)
	want := `row ours unit runs mark here met peers (times ours)
index, ready 0.6 s 3 1 1 yes other 3 (5.0x) slowly
ingest pickle - skipped: why
index, memory 200 MB 1 150 150 MISSED

index, ready: how
`
	if got := strings.ReplaceAll(blanks.ReplaceAllString(out.String(), " "), " \n", "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.00123456: "0.00123", 1.5: "1.5", 99.94: "99.9", 100.6: "101", 1234567: "1234567"} {
		if got := short(v); got != want {
			t.Errorf("%g: %s, want %s", v, got, want)
		}
	}
}

func TestFileCalls(t *testing.T) {
	n, err := fileCalls([]byte(`% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 50.00    0.001000           5       200           pwrite64
 30.00    0.000600           3       100        10 openat
 15.00    0.000300           1       999           futex
  5.00    0.000100           1       100           close
------ ----------- ----------- --------- --------- ----------------
100.00    0.002000           1      1399        10 total
`))
	if err != nil || n != 400 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := fileCalls([]byte("strace: not permitted\n")); err == nil {
		t.Error("nothing counted: no error")
	}
}

// Hurry keeps the ratio of all times to the interval.
func TestHurry(t *testing.T) {
	s := site{interval: time.Minute, writeDelay: writeDelay, hurry: 30}
	if got, want := strings.Join(s.settings(), " "), "cache.WRITE_DELAY=1m0s cache.CARBON_METRIC_INTERVAL=2s wal.FLUSH_INTERVAL=333.333µs wal.SYNC_INTERVAL=33.333333ms"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := s.retentions(), "2s:2880s,10s:20160s"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if s.hurry = 1; s.retentions() != "60s:86400s,300s:604800s" {
		t.Errorf("in life: %s", s.retentions())
	}
}
