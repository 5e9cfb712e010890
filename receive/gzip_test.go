package receive

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"

	"carbon/metric"
	"carbon/receive/plaintext"
)

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGunzip(t *testing.T) {
	f := func(what, stream string, points int, fails bool) {
		t.Helper()
		for _, r := range []io.Reader{strings.NewReader(stream), iotest.OneByteReader(strings.NewReader(stream)), iotest.DataErrReader(strings.NewReader(stream))} {
			got := 0
			err := Gunzip(plaintext.New(plaintext.Options{}).Read)(r, func(p []metric.Datapoint) error {
				got += len(p)
				return nil
			})
			if got != points || (err != nil) != fails {
				t.Errorf("%s: %d datapoints and error %v, want %d", what, got, err, points)
			}
		}
	}
	lines := strings.Repeat("a.b 1 1700000000\n", 5000)
	f("nothing", "", 0, false)
	f("plain", lines, 5000, false)
	f("compressed", zip(t, lines), 5000, false)
	f("two members", zip(t, lines)+zip(t, lines), 10000, false)
	f("the beginning of a magic number", "\x1f", 0, false)
	f("no gzip after all", "\x1f\x8b 1 1700000000\n"+lines, 0, true)
	f("a damaged beginning", "\x1f\x8b\x08damage"+zip(t, lines), 0, true)
}

func TestGunzipTakesWhatIsFlushed(t *testing.T) {
	in, out := io.Pipe()
	got := make(chan int, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- Gunzip(plaintext.New(plaintext.Options{}).Read)(in, func(p []metric.Datapoint) error {
			got <- len(p)
			return nil
		})
	}()
	w := gzip.NewWriter(out)
	for range 3 {
		io.WriteString(w, "a 1 1700000000\n")
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if n := <-got; n != 1 {
			t.Errorf("%d datapoints", n)
		}
	}
	w.Close()
	out.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
