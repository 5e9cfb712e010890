package mmstats

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive"
	"carbon/receive/receivetest"
)

// store keeps what is pushed, and what is refused.
type store struct {
	points []metric.Datapoint
	bad    map[string]int64 // by reason
	log    string
}

func (s *store) push(_ context.Context, points []metric.Datapoint) error {
	s.points = append(s.points, points...)
	return nil
}

func (s *store) series() map[string]float64 {
	series := make(map[string]float64)
	for _, p := range s.points {
		series[p.Name] = p.Value
	}
	return series
}

// poll reads the files of dir once.
func poll(t testing.TB, dir string, o Options) *store {
	t.Helper()
	s := &store{}
	o.Glob, o.Push = filepath.Join(dir, "*.mmstats"), s.push
	if o.Prefix == "" {
		o.Prefix = "mmstats."
	}
	var log strings.Builder
	o.Refused = receive.NewRefused(slog.New(slog.NewTextHandler(&log, nil)))
	o.Now = func() time.Time { return time.Unix(receivetest.Now, 0) }
	if err := New(o).Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.bad, s.log = o.Refused.Counts(), log.String()
	return s
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		t.Run(v.ID, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "x.mmstats"), v.Data)
			points := poll(t, dir, Options{KeepStale: true}).points
			if len(v.Optional) == 1 && v.Optional[0] == "*" {
				return
			}
			v.Check(t, points)
		})
	}
}

// file returns a file of fields, each with label, type, write buffer and values as bytes.
func file(fields ...string) []byte {
	data := []byte{1}
	for _, f := range fields {
		parts := strings.SplitN(f, "|", 3)
		for _, text := range parts[:2] {
			data = append(data, byte(len(text)), byte(len(text)>>8))
			data = append(data, text...)
		}
		data = append(data, parts[2]...)
	}
	return append(data, make([]byte, 4096-len(data)%4096)...)
}

// q returns a field with an unsigned integer.
func q(label string, v uint64) string {
	return fmt.Sprintf("%s|Q|\xff%s", label, string([]byte{byte(v), byte(v >> 8), 0, 0, 0, 0, 0, 0}))
}

const (
	half        = "\x00\x00\x00\x00\x00\x00\xe0\x3f" // 0.5
	oneAndAHalf = "\x00\x00\x00\x00\x00\x00\xf8\x3f"
	notANumber  = "\x00\x00\x00\x00\x00\x00\xf8\x7f"
)

func want(t *testing.T, got, want map[string]float64) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFilesAreAggregated(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.1.mmstats"), file(q("n", 3), "f|d|\xff"+half, "b|?|\xff\x01", "s|3s|\xffabc", "nan|d|\xff"+notANumber))
	write(t, filepath.Join(dir, "b.2.mmstats"), file(q("n", 5), "f|d|\xff"+oneAndAHalf, "b|?|\xff\x01"))
	write(t, filepath.Join(dir, "other"), file(q("n", 100)))
	f := func(o Options, expected map[string]float64) {
		t.Helper()
		s := poll(t, dir, o)
		want(t, s.series(), expected)
		if len(s.bad) != 1 || s.bad[NoValue] != 1 {
			t.Errorf("bad: %v", s.bad)
		}
	}
	f(Options{}, map[string]float64{"mmstats.n": 8, "mmstats.f": 1, "mmstats.b": 2})
	f(Options{Aggregate: Sum}, map[string]float64{"mmstats.n": 8, "mmstats.f": 2, "mmstats.b": 2})
	f(Options{Aggregate: Average}, map[string]float64{"mmstats.n": 4, "mmstats.f": 1, "mmstats.b": 1})
	f(Options{Aggregate: Min}, map[string]float64{"mmstats.n": 3, "mmstats.f": 0.5, "mmstats.b": 1})
	f(Options{Aggregate: Max}, map[string]float64{"mmstats.n": 5, "mmstats.f": 1.5, "mmstats.b": 1})
	f(Options{PerFile: true, Prefix: "p."}, map[string]float64{
		"p.a_1.n": 3, "p.a_1.f": 0.5, "p.a_1.b": 1, "p.b_2.n": 5, "p.b_2.f": 1.5, "p.b_2.b": 1,
	})
	f(Options{Skip: []*regexp.Regexp{regexp.MustCompile("^[fb]$")}}, map[string]float64{"mmstats.n": 8})
}

func TestFilesOfEndedProcessesAreIgnored(t *testing.T) {
	dir := t.TempDir()
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	skip := Options{Skip: []*regexp.Regexp{regexp.MustCompile(DefaultSkip)}}
	number := func(pid int) string {
		return "web.sys.pid|I|\xff" + string([]byte{byte(pid), byte(pid >> 8), byte(pid >> 16), byte(pid >> 24)})
	}
	write(t, filepath.Join(dir, "dead.mmstats"), file(q("web.n", 3), number(dead.Process.Pid)))
	write(t, filepath.Join(dir, "own.mmstats"), file(q("web.n", 5), number(os.Getpid())))
	write(t, filepath.Join(dir, "none.mmstats"), file(q("web.n", 7)))
	want(t, poll(t, dir, skip).series(), map[string]float64{"mmstats.web.n": 12})
	skip.KeepStale = true
	want(t, poll(t, dir, skip).series(), map[string]float64{"mmstats.web.n": 15})
}

func TestBadFilesAreRefusedByThemselves(t *testing.T) {
	dir := t.TempDir()
	bad := map[string][]byte{
		"version2": {2, 0, 0}, "label": {1, 0xff, 0xff, 'a'}, "type": file("a|99999999s|\xff"), "unknown": file("a|z|\xff"),
		"count": file("a|2Q|\xff"), "buffer": file("a|Q|\x02"), "cut": []byte("\x01\x01\x00a\x01\x00Q\xff12"),
		"cutbuffer": []byte("\x01\x01\x00a\x01\x00Q"),
	}
	for name, data := range bad {
		write(t, filepath.Join(dir, name+".mmstats"), data)
	}
	write(t, filepath.Join(dir, "empty.mmstats"), nil)
	write(t, filepath.Join(dir, "zero.mmstats"), make([]byte, 4096))
	write(t, filepath.Join(dir, "whole.mmstats"), file(q("n", 5)))
	write(t, filepath.Join(dir, "half.mmstats"), append(file(q("n", 1))[:16], "\x01\x00a\x01\x00z\x00\x00"...))
	large := filepath.Join(dir, "large.mmstats")
	write(t, large, nil)
	if err := os.Truncate(large, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.mmstats"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.mmstats"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := poll(t, dir, Options{})
	want(t, s.series(), map[string]float64{"mmstats.n": 6})
	if expected := map[string]int64{Version: 1, Damaged: int64(len(bad)), TooLarge: 1, NotAFile: 2}; !maps.Equal(s.bad, expected) {
		t.Errorf("bad: %v, want %v", s.bad, expected)
	}
}

// TestPythonProcessWrites polls the file of a process that writes as fast as it can.
// Each value it writes is eight times the same byte; a torn one is not.
func TestPythonProcessWrites(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "python3", "-c", `
import mmap, os, struct, sys
path = sys.argv[1]
field = lambda label, kind, rest: struct.pack("<H%dsH%ds" % (len(label), len(kind)), len(label), label, len(kind), kind) + rest
data = b"\x01" + field(b"web.sys.pid", b"I", b"\xff" + struct.pack("I", os.getpid()))
at = []
for i in range(50):
    data += field(b"web.n%d" % i, b"Q", b"\x00" + bytes(16))
    at.append(len(data) - 17)
f = open(path, "w+b")
f.truncate((len(data) + 4095) // 4096 * 4096)
m = mmap.mmap(f.fileno(), 0)
m[:len(data)] = data
print("ready", flush=True)
n = 0
while True:
    n = n % 127 + 1
    for a in at:
        b = m[a]
        m[a + 1 + 8 * b:a + 9 + 8 * b] = bytes([n]) * 8
        m[a] = b ^ 1
`, filepath.Join(dir, "web-1-1.mmstats"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if n, err := out.Read(make([]byte, 16)); n == 0 {
		t.Fatal(err)
	}
	skip := []*regexp.Regexp{regexp.MustCompile(DefaultSkip)}
	const ones = 0x0101010101010101
	seen := make(map[uint64]bool)
	for range 200 {
		series := poll(t, dir, Options{Skip: skip}).series()
		if len(series) != 50 {
			t.Fatalf("%d series", len(series))
		}
		for name, v := range series {
			n := (uint64(v) + ones/2) / ones // a float64 holds 53 bits of it
			if float64(n*ones) != v {
				t.Fatalf("%s is torn: %x", name, uint64(v))
			}
			seen[n] = true
		}
	}
	if len(seen) < 3 {
		t.Errorf("only %d values seen", len(seen))
	}
	cmd.Process.Kill()
	cmd.Wait()
	s := poll(t, dir, Options{Skip: skip})
	if len(s.points) != 0 || len(s.bad) != 1 || s.bad[Dead] != 1 || s.log != "" {
		t.Errorf("of a dead process: %v, %v", s.series(), s.bad)
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	var vectors []receivetest.Vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		f.Add(v.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, _ := parse(data)
		for _, field := range fields {
			if field.at >= len(data) || len(field.label) > len(data) || field.size > len(data) {
				t.Errorf("%+v of %d bytes", field, len(data))
			}
		}
		repair(strings.NewReader(""), fields, data, data[:len(data)/2])
		repair(strings.NewReader(string(data)), fields, data, make([]byte, len(data)))
	})
}
