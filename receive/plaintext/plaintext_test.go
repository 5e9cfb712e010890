package plaintext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"carbon/metric"
	"carbon/receive/number"
	"carbon/receive/receivetest"
)

const now = receivetest.Now

// result is what a stream has come to.
type result struct {
	points []metric.Datapoint
	bad    []string // reasons
	err    error
}

// read reads all of r and copies what is pushed.
func read(r io.Reader, o Options) result {
	var res result
	o.Now = func() int64 { return now }
	o.Refuse = func(reason string, line []byte) { res.bad = append(res.bad, reason) }
	res.err = New(o).Read(receivetest.Stream(r), func(points []metric.Datapoint) error {
		for _, p := range points {
			p.Name = strings.Clone(p.Name)
			res.points = append(res.points, p)
		}
		return nil
	})
	return res
}

func (r result) String() string {
	var b strings.Builder
	for _, p := range r.points {
		fmt.Fprintf(&b, "%q %v %d; ", p.Name, p.Value, p.Time)
	}
	for _, reason := range r.bad {
		fmt.Fprintf(&b, "bad: %s; ", reason)
	}
	if r.err != nil {
		fmt.Fprintf(&b, "error: %v; ", r.err)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestGoodLines(t *testing.T) {
	f := func(input, want string) {
		t.Helper()
		if got := read(strings.NewReader(input), Options{}).String(); got != want {
			t.Errorf("%q:\n got %s\nwant %s", input, got, want)
		}
	}
	f("", "")
	f("a.b 1 1700000000\n", `"a.b" 1 1700000000`)
	f("a.b 1 1700000000\r\n", `"a.b" 1 1700000000`)
	f("a.b 1 1700000000", `"a.b" 1 1700000000`)
	f("a 1 1700000000\nb 2 1700000001", `"a" 1 1700000000; "b" 2 1700000001`)
	f("  a.b\t 1  1700000000 \t\n", `"a.b" 1 1700000000`)
	f("\n \r\n\t\n\na 1 1700000000\n\n", `"a" 1 1700000000`)
	f("ünï.cödé 1 1700000000\n", `"ünï.cödé" 1 1700000000`)
	f("a\u00a01\u2003 1700000000\n", `"a" 1 1700000000`)
	f("a\x1c1\x1f1700000000\n", `"a" 1 1700000000`)
	f("..a/b\x00{} 1 1700000000\n", `"..a/b\x00{}" 1 1700000000`)

	// Values.
	f("a +5 1700000000\n", `"a" 5 1700000000`)
	f("a -5.25 1700000000\n", `"a" -5.25 1700000000`)
	f("a .5 1700000000\n", `"a" 0.5 1700000000`)
	f("a 5. 1700000000\n", `"a" 5 1700000000`)
	f("a 1e3 1700000000\n", `"a" 1000 1700000000`)
	f("a 1.5E-3 1700000000\n", `"a" 0.0015 1700000000`)
	f("a -0 1700000000\n", `"a" -0 1700000000`)
	f("a 15.333333333333334 1700000000\n", `"a" 15.333333333333334 1700000000`)
	f("a 0.30000000000000004 1700000000\n", `"a" 0.30000000000000004 1700000000`)
	f("a 123456789012345678901234567890 1700000000\n", `"a" 1.2345678901234568e+29 1700000000`)
	f("a 1e999 1700000000\n", `"a" +Inf 1700000000`)
	f("a 1e-999 1700000000\n", `"a" 0 1700000000`)
	f("a inf 1700000000\n", `"a" +Inf 1700000000`)
	f("a -InFiNiTy 1700000000\n", `"a" -Inf 1700000000`)

	// Timestamps.
	f("a 1 1700000000.9\n", `"a" 1 1700000000`)
	f("a 1 1.7e9\n", `"a" 1 1700000000`)
	f("a 1 +1700000000\n", `"a" 1 1700000000`)
	f("a 1 1\n", `"a" 1 1`)
	f("a 1 4294967295\n", `"a" 1 4294967295`)
	f("a 1 00001700000000\n", `"a" 1 1700000000`)
	f("a 1 -1\n", `"a" 1 1700000500`)
	f("a 1 -1.5\n", `"a" 1 1700000500`)
	f("a 1 -1e0\n", `"a" 1 1700000500`)
}

func TestBadLines(t *testing.T) {
	// Each is refused by itself: the lines before and after it are read.
	f := func(line, reason string) {
		t.Helper()
		got := read(strings.NewReader("x 1 1700000000\n"+line+"\ny 2 1700000000\n"), Options{}).String()
		want := `"x" 1 1700000000; "y" 2 1700000000; bad: ` + reason
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", line, got, want)
		}
	}
	f("a", BadFields)
	f("a 1", BadFields)
	f("a 1 1700000000 extra", BadFields)
	f(`m{b="2", a="1"} 1 1700000000`, BadFields)
	f("a\u00a0b 1 1700000000", BadFields)
	f("\xff\xfe.b 1 1700000000", BadUTF8)
	f("a 1 1700000000 \xff", BadUTF8)
	for _, v := range []string{
		"x", "0x10", "1,5", "5L", "None", "True", "1_000", "٣", ".", "+", "-", "e", "1e", "1e+", ".e1", "--1",
		"1.2.3", "infinit", "in", "nanx", "0x1p-2", "1-2", "++1",
	} {
		f("a "+v+" 1700000000", BadValue)
		f("a 1 "+v, number.NoTime)
	}
	f("a 1 nan", number.NoTime)
	f("a 1 inf", number.NoTime)
	f("a 1 -Infinity", number.NoTime)
	f("a 1 1e999", number.NoTime)
	f("a 1 0", number.OutOfRange)
	f("a 1 0.5", number.OutOfRange)
	f("a 1 -2", number.OutOfRange)
	f("a 1 -0.5", number.OutOfRange)
	f("a 1 4294967296", number.OutOfRange)
	f("a 1 99999999999", number.OutOfRange)
	f("a 1 100000000000", number.Milliseconds)
	f("a 1 1700000000000", number.Milliseconds)
	f("a 1 4294967295999", number.Milliseconds)
	f("a 1 4294967296000", number.OutOfRange)
	f("a 1 1e18", number.OutOfRange)
	f("a 1 1000000000000000000", number.OutOfRange)
	f("a 1 99999999999999999999999999", number.OutOfRange)
	f("a nan 1700000000", NaN)
	f("a -NaN 1700000000", NaN)
	f("a nan 0", NaN)
	f("a nan x", number.NoTime)
}

func TestNaNIsCountedAndNotLogged(t *testing.T) {
	f := New(Options{Refuse: func(reason string, line []byte) {
		if reason != NaN || line != nil {
			t.Errorf("Refuse(%q, %q)", reason, line)
		}
	}})
	if err := f.Read(receivetest.Stream(strings.NewReader("a nan 1700000000\nb  nan 1700000000\n")), nil); err != nil {
		t.Error(err)
	}
}

func TestLineLimit(t *testing.T) {
	f := func(input string, maxLine int, want string) {
		t.Helper()
		for _, r := range []io.Reader{strings.NewReader(input), &chunks{[]byte(input), 99}} {
			if got := read(r, Options{MaxLine: maxLine}).String(); got != want {
				t.Errorf("%.40q… (%d bytes): got %s, want %s", input, len(input), got, want)
			}
		}
	}
	line := func(length int) string {
		const rest = " 1 1700000000"
		return strings.Repeat("a", length-len(rest)) + rest
	}
	long := func(length int) string { return fmt.Sprintf("%q 1 1700000000", line(length)[:length-13]) }
	const tooLong = "bad: line too long"

	f(line(16384)+"\n", 0, long(16384))
	f(line(16384), 0, long(16384))
	f(line(16385)+"\n", 0, tooLong)
	f(line(16385), 0, tooLong)
	f("x 1 1700000000\n"+line(16385)+"\ny 1 1700000000\n", 0, `"x" 1 1700000000; "y" 1 1700000000; `+tooLong)
	f("x 1 1700000000\n\n"+strings.Repeat("\xff", 16385)+"\n", 0, `"x" 1 1700000000; `+tooLong)
	f("x 1 1700000000\n"+strings.Repeat("a", 10<<20), 0, `"x" 1 1700000000; `+tooLong)
	f(line(100)+"\n"+line(101)+"\n", 100, long(100)+"; "+tooLong)
	f(line(100000)+"\n", 100000, long(100000))
}

func TestReadReturnsErrors(t *testing.T) {
	broken := errors.New("broken")
	got := read(io.MultiReader(strings.NewReader("a 1 1700000000\nb 2 17"), iotest.ErrReader(broken)), Options{})
	// The unfinished line may be half a number.
	if want := `"a" 1 1700000000; error: broken`; got.String() != want {
		t.Errorf("got %s, want %s", got, want)
	}
	err := New(Options{}).Read(receivetest.Stream(strings.NewReader("a 1 1700000000\n")), func([]metric.Datapoint) error { return broken })
	if err != broken {
		t.Errorf("error of push: got %v", err)
	}
	if got := read(iotest.DataErrReader(strings.NewReader("a 1 1700000000")), Options{}).String(); got != `"a" 1 1700000000` {
		t.Errorf("data with io.EOF: got %s", got)
	}
	if got := read(stuck{}, Options{}); got.err != io.ErrNoProgress {
		t.Errorf("a reader that gives nothing: got %s", got)
	}
}

// stuck is a reader that returns neither bytes nor an error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReadWaitsBeforeEachRead(t *testing.T) {
	var names []string
	w := &waiter{chunks: []string{"a 1 17000", "00000\n", "b 2 1700000000\n"}}
	err := New(Options{}).Read(w, func(points []metric.Datapoint) error {
		for _, p := range points {
			names = append(names, strings.Clone(p.Name))
		}
		return nil
	})
	got := fmt.Sprint(names, err)
	if want := `[a b] no more`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type waiter struct {
	chunks []string
	ready  bool
}

func (*waiter) Close() error { return nil }

func (w *waiter) Wait() error {
	if len(w.chunks) == 0 {
		return errors.New("no more")
	}
	w.ready = true
	return nil
}

func (w *waiter) Read(p []byte) (int, error) {
	if !w.ready {
		return 0, errors.New("read without waiting")
	}
	n := copy(p, w.chunks[0])
	w.chunks, w.ready = w.chunks[1:], false
	return n, nil
}

func TestBatchesAreBounded(t *testing.T) {
	input := strings.Repeat("a 1 1700000000\n", 10*batchSize)
	total := 0
	err := New(Options{}).Read(receivetest.Stream(strings.NewReader(input)), func(points []metric.Datapoint) error {
		if len(points) == 0 || len(points) > batchSize {
			t.Errorf("a batch of %d", len(points))
		}
		total += len(points)
		return nil
	})
	if err != nil || total != 10*batchSize {
		t.Errorf("read %d, %v", total, err)
	}
}

func TestNoAllocationPerLine(t *testing.T) {
	f := New(Options{Now: func() int64 { return now }})
	input := []byte(strings.Repeat("servers.web01.cpu.0.user 15.333333333333334 1700000000\n"+
		"servers.web01.cpu.0.idle 42.5 -1\nservers.web01.bad\nservers.wéb01.load  1e-3 1.7e9\r\n", 1000))
	r := bytes.NewReader(input)
	points := 0
	push := func(p []metric.Datapoint) error { points += len(p); return nil }
	allocs := testing.AllocsPerRun(10, func() {
		r.Reset(input)
		if err := f.Read(receivetest.Stream(r), push); err != nil {
			t.Fatal(err)
		}
	})
	if points != 11*3000 {
		t.Fatalf("read %d datapoints", points)
	}
	// A few for the stream; a pool may lose a buffer to the garbage collector.
	if allocs > 20 {
		t.Errorf("%v allocations for 4,000 lines", allocs)
	}
}

func BenchmarkRead(b *testing.B) {
	f := func(name, line string) {
		b.Run(name, func(b *testing.B) {
			var input bytes.Buffer
			const lines = 10000
			for i := range lines {
				fmt.Fprintf(&input, line, i)
			}
			format := New(Options{})
			points := 0
			push := func(p []metric.Datapoint) error { points += len(p); return nil }
			r := bytes.NewReader(nil)
			b.ReportAllocs()
			b.SetBytes(int64(input.Len()))
			for b.Loop() {
				r.Reset(input.Bytes())
				if err := format.Read(receivetest.Stream(r), push); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
		})
	}
	f("short", "servers.web%04d.cpu.user 42.5 1700000000\n")
	f("long", "stats.counters.frontend.host%04d.requests.latency.p99 15.333333333333334 1700000000\n")
	f("odd", "  servers.wéb%04d.cpu.user\t1e3  1.7e9 \r\n")
}

// FuzzRead checks that chunks of any size give the same result, and that both ways to
// read a line agree.
func FuzzRead(f *testing.F) {
	for _, v := range receivetest.Load(f) {
		f.Add(v.Data, uint8(7))
	}
	f.Add([]byte("a 1 1700000000\nb 2 17"), uint8(1))
	f.Add([]byte("a 123456789012345678 4294967295\r\n a 1e5 -1\x00"), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) {
		whole := read(bytes.NewReader(data), Options{MaxLine: 300})
		cut := read(&chunks{data, int(chunk) + 1}, Options{MaxLine: 300})
		if whole.String() != cut.String() {
			t.Errorf("whole: %s\ncut into %d bytes: %s", whole, int(chunk)+1, cut)
		}

		var slow result
		format := New(Options{Now: func() int64 { return now }})
		for line := range bytes.SplitSeq(data, []byte("\n")) {
			if len(line) > 300 {
				slow.bad = append(slow.bad, TooLong)
				continue
			}
			switch d, reason := format.slowLine(line); reason {
			case "":
				slow.points = append(slow.points, d)
			case blank:
			default:
				slow.bad = append(slow.bad, reason)
			}
		}
		if whole.String() != slow.String() {
			t.Errorf("quick: %s\n slow: %s", whole, slow)
		}
		for _, d := range whole.points {
			if d.Name == "" || d.Value != d.Value || d.Time <= 0 || d.Time > number.MaxTime {
				t.Errorf("datapoint %v", d)
			}
		}
	})
}

// chunks reads a few bytes at a time.
type chunks struct {
	data []byte
	size int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.data[:min(c.size, len(c.data))])
	c.data = c.data[n:]
	return n, nil
}
