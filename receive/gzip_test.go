package receive_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"

	"carbon/metric"
	"carbon/receive"
	"carbon/receive/plaintext"
	"carbon/receive/receivetest"
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
			err := receive.Gunzip(plaintext.New(plaintext.Options{}).Read)(receivetest.Stream(r), func(p []metric.Datapoint) error {
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

func TestGunzipReadsWhatTheClientFlushed(t *testing.T) {
	in, out := io.Pipe()
	got := make(chan int, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- receive.Gunzip(plaintext.New(plaintext.Options{}).Read)(receivetest.Stream(in), func(p []metric.Datapoint) error {
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

// TestCompressedStreamsAreLimited opens as many compressed streams as are allowed. One
// more is refused, until another has ended; a plain one is read.
func TestCompressedStreamsAreLimited(t *testing.T) {
	format := receive.Gunzip(func(r receive.Stream, _ func([]metric.Datapoint) error) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	io.WriteString(w, "a 1 1\n")
	w.Close()
	more := func() error { return format(receivetest.Stream(bytes.NewReader(compressed.Bytes())), nil) }
	ended := make(chan error, receive.MaxCompressed)
	ends := make([]*io.PipeWriter, receive.MaxCompressed)
	for i := range ends {
		var r *io.PipeReader
		r, ends[i] = io.Pipe()
		go func() { ended <- format(receivetest.Stream(r), nil) }()
		ends[i].Write([]byte("\x1f\x8b"))
		ends[i].Write([]byte("\x08")) // read by what inflates
	}
	if err := more(); !errors.Is(err, receive.ErrCompressed) {
		t.Errorf("one more: %v", err)
	}
	if err := format(receivetest.Stream(strings.NewReader("a 1 1\n")), nil); err != nil {
		t.Errorf("a plain one: %v", err)
	}
	ends[7].Close()
	if err := <-ended; err == nil {
		t.Error("the end of a stream that had hardly begun is no error")
	}
	if err := more(); err != nil {
		t.Errorf("when another has ended: %v", err)
	}
	for _, end := range ends {
		end.Close()
	}
}
