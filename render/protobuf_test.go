package render

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"testing"

	"carbon/codec/protobuf"
	"carbon/metric"
	"carbon/render/function"
)

func TestWriteProtobuf(t *testing.T) {
	f := func(want string, write func(io.Writer) error) {
		t.Helper()
		var b bytes.Buffer
		if err := write(&b); err != nil || fmt.Sprintf("%x", b.Bytes()) != want {
			t.Errorf("%x, %v; want %s", b.Bytes(), err, want)
		}
	}
	s := function.Series{
		Series: metric.Series{Name: "a", Start: 120, Step: 60, Values: []float64{1, math.NaN()}},
		Path:   "*", XFilesFactor: 0.5,
	}
	none := function.Series{Series: metric.Series{Name: "b", Start: 1 << 40, Step: 1}, Consolidation: "max"}
	const one, nan, zero = "000000000000f03f", "010000000000f87f", "0000000000000000"

	f("", func(w io.Writer) error { return WriteProtobuf2(w, nil) })
	f("0a20"+"0a0161"+"1078"+"18f001"+"203c"+"2a10"+one+zero+"32020001"+
		"0a11"+"0a0162"+"10ffffffff07"+"18ffffffff07"+"2001",
		func(w io.Writer) error { return WriteProtobuf2(w, []function.Series{s, none}) })
	f("0a32"+"0a0161"+"12012a"+"1a0761766572616765"+"2078"+"28f001"+"303c"+"3d0000003f"+"4a10"+one+nan+"5878"+"60f001",
		func(w io.Writer) error { return WriteProtobuf3(w, s, Fetched{From: 120, Until: 240}) })
	f("0a1b"+"0a0162"+"120178"+"1a036d6178"+"20808080808020"+"28808080808020"+"3001",
		func(w io.Writer) error { return WriteProtobuf3(w, none, Fetched{PathExpression: "x"}) })
	f("0a29"+"0a0161"+"12012a"+"1a0373756d"+"2078"+"28f001"+"303c"+"3d0000803e"+"4a10"+one+nan,
		func(w io.Writer) error {
			return WriteProtobuf3(w, s, Fetched{Layout: &metric.Layout{Aggregation: "sum", XFilesFactor: 0.25}})
		})
}

// TestWriteProtobufLong checks the lengths of messages whose values are written in several
// blocks.
func TestWriteProtobufLong(t *testing.T) {
	for _, n := range []int{1023, 1024, 1025, 5000} {
		s := function.Series{Series: metric.Series{Name: "a", Values: make([]float64, n)}}
		for version, write := range []func(io.Writer) error{
			func(w io.Writer) error { return WriteProtobuf2(w, []function.Series{s, s}) },
			func(w io.Writer) error { return WriteProtobuf3(w, s, Fetched{}) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			checkSizes(t, fmt.Sprintf("version %d, %d values", 2+version, n), b.Bytes())
		}
	}
}

func checkSizes(t *testing.T, what string, message []byte) {
	t.Helper()
	for len(message) > 0 {
		f, rest, err := protobuf.Next(message)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		item, err := f.Bytes()
		for len(item) > 0 && err == nil {
			_, item, err = protobuf.Next(item)
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		message = rest
	}
}
