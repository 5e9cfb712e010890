package framed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func frame(content string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(content)))) + content
}

// read returns the frames of a stream.
func read(o Options, r io.Reader) (frames []string, err error) {
	err = New(o).Read(r, func(frame []byte) error {
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
	err = New(Options{}).Read(strings.NewReader(frame("a")), func([]byte) error { return broken })
	if err != broken {
		t.Errorf("take: %v", err)
	}
}

// TestUnfinishedFramesAreBounded fills the memory that unfinished frames may take.
func TestUnfinishedFramesAreBounded(t *testing.T) {
	f := New(Options{})
	f.unfinished.Store(unfinishedLimit)
	whole := frame(strings.Repeat("x", 1<<20))
	if err := f.Read(strings.NewReader(whole), nil); !errors.Is(err, ErrMemory) {
		t.Errorf("got %v", err)
	}
	// Frames that are read at once need none of it.
	n := 0
	if err := f.Read(strings.NewReader(frame("a")+frame("b")), func([]byte) error { n++; return nil }); err != nil || n != 2 {
		t.Errorf("%d small frames, %v", n, err)
	}
	f.unfinished.Store(0)
	if err := f.Read(strings.NewReader(whole), func([]byte) error { n++; return nil }); err != nil || n != 3 {
		t.Errorf("%d frames, %v", n, err)
	}
	if left := f.unfinished.Load(); left != 0 {
		t.Errorf("%d bytes are still counted", left)
	}
	// What is announced takes nothing.
	if err := f.Read(bytes.NewReader([]byte("\x00\x10\x00\x00")), nil); err != nil || f.unfinished.Load() != 0 {
		t.Errorf("%v, %d bytes are counted", err, f.unfinished.Load())
	}
}
