package protobuf

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
	f := New(Options{Refuse: func(reason string, _ []byte) { got.bad = append(got.bad, reason) }})
	got.err = f.Read(receivetest.Stream(r), func(points []metric.Datapoint) error {
		for _, p := range points {
			p.Name = strings.Clone(p.Name)
			got.points = append(got.points, p)
		}
		return nil
	})
	return got
}

func framed(message string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(message)))) + message
}

func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		t.Run(v.ID, func(t *testing.T) { v.Check(t, read(bytes.NewReader(v.Data)).points) })
	}
}

func TestFrames(t *testing.T) {
	const good = "\n\x10\n\x01g\x12\x0b\x08\x05\x11\x00\x00\x00\x00\x00\x00\xf0?"
	f := func(message, want string) {
		t.Helper()
		got := read(strings.NewReader(framed(message) + framed(good)))
		if s := fmt.Sprint(got.points, got.bad, got.err); s != want {
			t.Errorf("%q:\n got %s\nwant %s", message, s, want)
		}
	}
	f("", "[{g {5 1}}] [] <nil>")
	f(good, "[{g {5 1}} {g {5 1}}] [] <nil>")
	// Points before the name, unknown fields, a value of 0, an empty point.
	f("\n\x0b\x12\x02\x08\x07\x12\x00\n\x01x\x18\x01", "[{x {7 0}} {g {5 1}}] [timestamp out of range] <nil>")
	f(good+"\n", "[{g {5 1}}] [malformed message] <nil>")
	f("\x08\x01", "[{g {5 1}}] [malformed message] <nil>")
	f("\n\x02\x12\x05", "[{g {5 1}}] [malformed message] <nil>")
	f("\n\x04\x12\x02\x10\x05", "[{g {5 1}}] [malformed message] <nil>")
}

func FuzzRead(f *testing.F) {
	for _, v := range receivetest.Load(f) {
		f.Add(v.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range read(bytes.NewReader(data)).points {
			if p.Value != p.Value || p.Time <= 0 || p.Time >= 1<<32 {
				t.Errorf("%v", p)
			}
		}
	})
}
