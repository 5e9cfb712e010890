package frame

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"carbon/receive/receivetest"
)

func frame(content string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(content)))) + content
}

// read returns the frames of a stream.
func read(o Options, r io.Reader) (frames []string, err error) {
	err = New(o).Read(receivetest.Stream(r), func(frame []byte) error {
		frames = append(frames, string(frame))
		return nil
	})
	return frames, err
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("long ", 50_000)
	stream := frame("a") + frame("") + frame(long) + frame("b") + frame(strings.Repeat("x", bufferSize/2)) + frame("c")
	for name, r := range map[string]io.Reader{
		"whole":         strings.NewReader(stream),
		"halves":        iotest.HalfReader(strings.NewReader(stream)),
		"one by one":    iotest.OneByteReader(strings.NewReader(stream)),
		"data with end": iotest.DataErrReader(strings.NewReader(stream)),
		"unfinished":    strings.NewReader(stream + frame("d")[:4]),
	} {
		got, err := read(Options{}, r)
		if err != nil || len(got) != 6 || got[0] != "a" || got[1] != "" || got[2] != long || got[3] != "b" || got[5] != "c" {
			t.Errorf("%s: %d frames, %v", name, len(got), err)
		}
	}
}

func TestErrors(t *testing.T) {
	got, err := read(Options{MaxLength: 5}, strings.NewReader(frame("12345")+frame("123456")+frame("1")))
	if !errors.Is(err, ErrTooLong) || len(got) != 1 {
		t.Errorf("too long: %q, %v", got, err)
	}
	if _, err := read(Options{}, strings.NewReader("\xff\xff\xff\xff")); !errors.Is(err, ErrTooLong) {
		t.Errorf("far too long: %v", err)
	}
	broken := errors.New("broken")
	if _, err := read(Options{}, io.MultiReader(strings.NewReader("\x00"), iotest.ErrReader(broken))); err != broken {
		t.Errorf("reader: %v", err)
	}
	err = New(Options{}).Read(receivetest.Stream(strings.NewReader(frame("a"))), func([]byte) error { return broken })
	if err != broken {
		t.Errorf("take: %v", err)
	}
}

func TestUnfinishedFramesTakeMemory(t *testing.T) {
	f := New(Options{})
	end := errors.New("end")
	read := func(stream string) int64 {
		t.Helper()
		taken := int64(-1)
		r := io.MultiReader(strings.NewReader(stream), readerFunc(func([]byte) (int, error) {
			taken = f.unfinished.Taken()
			return 0, end
		}))
		if err := f.Read(receivetest.Stream(r), func([]byte) error { return nil }); err != end {
			t.Errorf("%v", err)
		}
		if left := f.unfinished.Taken(); left != 0 {
			t.Errorf("%d bytes are claimed after the end", left)
		}
		return taken
	}
	if n := read(frame("a") + frame("b")); n != 0 {
		t.Errorf("whole frames claim %d bytes", n)
	}
	if n := read("\x00\x10\x00\x00"); n > 100 {
		t.Errorf("an announced frame claims %d bytes", n)
	}
	if n := read(frame(strings.Repeat("x", 1<<20))[:1<<19]); n < 1<<19 || n > 1<<20 {
		t.Errorf("half a frame claims %d bytes", n)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestStalledStreamsLoseTheirMemory has many clients send half a frame and then nothing.
// When there is no memory left, those that have waited longest are closed, and complete
// frames are still read.
func TestStalledStreamsLoseTheirMemory(t *testing.T) {
	f := New(Options{})
	half := frame(strings.Repeat("x", 1<<20))[:1<<20]
	ended := make(chan error, 1000)
	stalled := 0
	for unfinishedLimit-f.unfinished.Taken() >= 1<<20 {
		mine, theirs := net.Pipe()
		defer theirs.Close()
		go func() { ended <- f.Read(receivetest.Stream(mine), nil) }()
		if _, err := theirs.Write([]byte(half)); err != nil {
			t.Fatal(err)
		}
		stalled++
	}
	if stalled < 100 {
		t.Fatalf("room for %d frames only", stalled)
	}
	select {
	case err := <-ended:
		t.Fatalf("a frame was given up while there was room: %v", err)
	default:
	}
	n := 0
	for range 3 {
		if err := f.Read(receivetest.Stream(strings.NewReader(frame(strings.Repeat("y", 1<<20)))), func([]byte) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if n != 3 {
		t.Errorf("%d frames", n)
	}
	if err := <-ended; !errors.Is(err, ErrMemory) {
		t.Errorf("the stalled one ended by %v", err)
	}
	if more := len(ended); more > 2 {
		t.Errorf("%d more than needed were closed", more)
	}
}
