package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/receive/receivetest"
)

// result is what a stream has come to.
type result struct {
	points []metric.Datapoint
	bad    []string
	err    error
}

func read(r io.Reader) (got result) {
	f := New(Options{
		Now:    func() int64 { return receivetest.Now },
		Refuse: func(reason string, _ []byte) { got.bad = append(got.bad, reason) },
	})
	got.err = f.Read(receivetest.Stream(r), func(points []metric.Datapoint) error {
		for _, p := range points {
			p.Name = strings.Clone(p.Name)
			got.points = append(got.points, p)
		}
		return nil
	})
	return got
}

func (r result) String() string {
	var b strings.Builder
	for _, p := range r.points {
		fmt.Fprintf(&b, "%q %v %d; ", p.Name, p.Value, p.Time)
	}
	fmt.Fprintf(&b, "bad %q", r.bad)
	if r.err != nil {
		fmt.Fprintf(&b, ", %v", r.err)
	}
	return b.String()
}

func framed(pickle string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(pickle)))) + pickle
}

func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		t.Run(v.ID, func(t *testing.T) {
			v.Check(t, read(bytes.NewReader(v.Data)).points)
		})
	}
}

func TestFrames(t *testing.T) {
	const alone = `"good" 1 1700000000; bad []`
	f := func(pickle, want string) {
		t.Helper()
		const good = "(lp0\n(S'good'\n(I1700000000\nI1\ntta."
		got := read(strings.NewReader(framed(pickle) + framed(good))).String()
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", pickle, got, want)
		}
	}
	bad := func(pickle string, reasons ...string) {
		t.Helper()
		f(pickle, fmt.Sprintf(`"good" 1 1700000000; bad %q`, reasons))
	}
	// Shapes.
	f("(](S'a'\n](I5\nI6\neet.", `"a" 6 5; `+alone)
	f("((S'a'\n(I5\nI6\nttt.", `"a" 6 5; `+alone)
	f("](](S'a'\n](I5\nI6\neee.", `"a" 6 5; `+alone)
	f("]((S'a b'\n(S' 5 '\nS'6.5e0'\ntte.", `"a b" 6.5 5; `+alone)
	f("]((S'a'\n(I-1\nI6\ntte.", `"a" 6 1700000500; `+alone)
	f("]((S'a'\n(F-1.5\nI01\ntte.", `"a" 1 1700000500; `+alone)
	f("]((S'a'\n(L1700000000L\nF-inf\ntte.", `"a" -Inf 1700000000; `+alone)
	bad("](N(S'a'\nI5\nte.", BadShape, BadShape)
	bad("(((S'a'\n(I5\nI6\ntttt.", BadShape)
	f("](K\x01(S'a'\n(I5\nI6\ntte.", `"a" 6 5; "good" 1 1700000000; bad ["not (name, (time, value))"]`)
	bad("]((S'a'\n(I5\nI6\nI7\ntte.", BadShape)
	bad("](((S'a'\nt(I5\nI6\ntte.", BadShape)
	bad("]((S'a'\n(NI6\ntte.", "invalid timestamp")
	bad("]((S'a'\n(I5\nNtte.", BadValue)
	bad("]((S'a'\n(I5\nS'x'\ntte.", BadValue)
	bad("]((S'a'\n(I5\nFnan\ntte.", NaN)
	bad("]((S'a'\n(Fnan\nI6\ntte.", "invalid timestamp")
	bad("]((S'a'\n(I1700000000000\nI6\ntte.", "timestamp in milliseconds")
	bad("]((S'a'\n(I5\nI"+strings.Repeat("9", 400)+"\ntte.", BadValue)
	bad("I5\n.", NoList)
	bad("S'abc'\n.", NoList)
	bad("", Malformed)
	bad("]", Malformed)
	bad("(S'a'\nt", Malformed)
	// A list that contains itself.
	bad("]p0\ng0\na.", BadShape)
	// Pickles that would run code.
	bad("cos\nsystem\n(S'true'\ntR.", Unsafe)
	bad("]((S'a'\n(I5\nI6\nttecos\nsystem\n.", Unsafe)
}

func TestChunksOfAnySize(t *testing.T) {
	var stream strings.Builder
	for i := range 50 {
		stream.WriteString(framed(fmt.Sprintf("]((S'm%d'\n(I1700000000\nI%d\ntte.", i, i)))
	}
	long := "](" + strings.Repeat("(S'long'\n(I1700000000\nI5\ntt", 3_000) + "e."
	stream.WriteString(framed(long) + framed("]((S'last'\n(I1700000000\nI5\ntte."))
	want := read(strings.NewReader(stream.String())).String()
	if n := strings.Count(want, ";"); n != 3_051 {
		t.Fatalf("%d datapoints", n)
	}
	for _, size := range []int{1, 3, 4, 1000, 70_000} {
		if got := read(&chunks{[]byte(stream.String()), size}).String(); got != want {
			t.Errorf("cut into %d bytes: %d instead of %d", size, len(got), len(want))
		}
	}
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

func TestTooLongFrameEndsTheStream(t *testing.T) {
	good := framed("]((S'a'\n(I5\nI6\ntte.")
	got := read(strings.NewReader(good + "\x00\x10\x00\x01" + good)).String()
	if want := `"a" 6 5; bad ["frame too long"], frame too long: 1048577 bytes`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// A frame of carbon's limit is read, and an unfinished one is not an error.
	if got := read(strings.NewReader("\x00\x10\x00\x00" + good)); got.err != nil || got.points != nil {
		t.Errorf("got %s", got)
	}
}

func TestFewAllocations(t *testing.T) {
	stream := binaryFrames(500, 20)
	f := New(Options{})
	r := bytes.NewReader(stream)
	points := 0
	push := func(p []metric.Datapoint) error { points += len(p); return nil }
	allocs := testing.AllocsPerRun(10, func() {
		r.Reset(stream)
		if err := f.Read(receivetest.Stream(r), push); err != nil {
			t.Fatal(err)
		}
	})
	if points != 11*500*20 {
		t.Fatalf("read %d datapoints", points)
	}
	if allocs > 1000 { // some for each frame, more where the race detector empties pools; none for a datapoint
		t.Errorf("%v allocations for 20 frames", allocs)
	}
}

// binaryFrames are frames as carbon-relay's Python writes them, in protocol 2.
func binaryFrames(points, frames int) []byte {
	var stream []byte
	for range frames {
		b := []byte("\x80\x02]q\x00(")
		memo := 1
		put := func() {
			if memo < 256 {
				b = append(b, 'q', byte(memo))
			} else {
				b = binary.LittleEndian.AppendUint32(append(b, 'r'), uint32(memo))
			}
			memo++
		}
		for i := range points {
			name := fmt.Sprintf("servers.web%04d.cpu.user", i)
			b = append(binary.LittleEndian.AppendUint32(append(b, 'X'), uint32(len(name))), name...)
			put()
			b = binary.LittleEndian.AppendUint32(append(b, 'J'), 1700000000)
			b = append(b, "G\x40\x45\x40\x00\x00\x00\x00\x00\x86"...)
			put()
			b = append(b, 0x86)
			put()
		}
		b = append(b, "e."...)
		stream = append(stream, framed(string(b))...)
	}
	return stream
}

func BenchmarkRead(b *testing.B) {
	stream := binaryFrames(500, 20)
	f := New(Options{})
	push := func(p []metric.Datapoint) error { return nil }
	r := bytes.NewReader(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		r.Reset(stream)
		if err := f.Read(receivetest.Stream(r), push); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/point")
}

// FuzzRead checks that chunks of any size give the same result.
func FuzzRead(f *testing.F) {
	for _, v := range receivetest.Load(f) {
		f.Add(v.Data, uint8(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) {
		whole := read(bytes.NewReader(data)).String()
		if cut := read(&chunks{data, int(chunk) + 1}).String(); whole != cut {
			t.Errorf("whole: %s\ncut into %d bytes: %s", whole, int(chunk)+1, cut)
		}
	})
}
