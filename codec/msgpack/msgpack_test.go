package msgpack

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	f := func(write func(w *Writer), want string) {
		t.Helper()
		var b bytes.Buffer
		w := NewWriter(&b)
		write(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := hex.EncodeToString(b.Bytes())
		if len(want) < 40 && got != want || !strings.HasPrefix(got, want) {
			t.Errorf("got %.60s, want %s", got, want)
		}
	}
	number := func(n int64) func(*Writer) { return func(w *Writer) { w.Int(n) } }
	text := func(n int) func(*Writer) { return func(w *Writer) { w.String(strings.Repeat("x", n)) } }
	f(number(0), "00")
	f(number(127), "7f")
	f(number(128), "ce00000080")
	f(number(-1), "ff")
	f(number(-32), "e0")
	f(number(-33), "d3ffffffffffffffdf")
	f(number(math.MaxUint32), "ceffffffff")
	f(number(math.MaxInt64), "d37fffffffffffffff")
	f(text(0), "a0")
	f(text(2), "a27878")
	f(text(32), "d920"+strings.Repeat("78", 32))
	f(text(256), "da0100"+strings.Repeat("78", 256))
	f(text(65536), "db00010000"+strings.Repeat("78", 65536))
	f(func(w *Writer) { w.List(1); w.Bool(true); w.EndList() }, "91c3")
	f(func(w *Writer) { w.List(16) }, "dc0010")
	f(func(w *Writer) { w.Map(1); w.String("a"); w.Null(); w.EndMap() }, "81a161c0")
	f(func(w *Writer) { w.Map(65536) }, "df00010000")
	f(func(w *Writer) { w.Float(1.5) }, "cb3ff8000000000000")
	f(func(w *Writer) { w.Bool(false) }, "c2")
}
